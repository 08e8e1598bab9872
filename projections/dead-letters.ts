/** What could not be folded, by position, beside the projections and outside of them (decision 12). */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { isMap, type Value } from "../domain/value.ts"
import type { Topic } from "../events/define.ts"
import { keyOf, type Position } from "../events/index.ts"
import type { Unfolded } from "./fold.ts"
import { pack, under, unpack } from "./keys.ts"
import { controlPath } from "./subspaces.ts"

/** One event of the log that no projection holds. */
export interface DeadLetter {
  readonly position: Position
  readonly type: string
  readonly key: string
  readonly reason: string
}

/** Most bytes of an undecodable record that are kept with it; the log has all of them. */
const keptBytes = 64_000

export const bury = async (tx: Transaction, letters: readonly Unfolded[]): Promise<void> => {
  const control = await tx.createDirectory(controlPath)
  for (const { record, reason } of letters) {
    const { topic, partition, offset } = record.position
    const entry = new Map<string, Value>([
      ["type", record.type],
      ["key", record.type === "Undecodable" ? record.key : keyOf(record)],
      ["reason", reason],
      ["bytes", record.type === "Undecodable" ? record.bytes.slice(0, keptBytes) : null],
    ])
    tx.set(pack(["dead_letters", topic, partition, offset], control), encodeValue(entry))
  }
}

/** All dead letters, by position. */
export const deadLetters = async (tx: Reader): Promise<readonly DeadLetter[]> => {
  const control = await tx.directory(controlPath)
  if (control === undefined) return []
  const prefix = pack(["dead_letters"], control)
  return (await tx.range(...under(prefix))).map(([key, value]) => {
    const [topic, partition, offset] = unpack(key, prefix.length) as unknown as readonly [Topic, number, number]
    const entry = decodeValue(value)
    const text = (field: string) => String((isMap(entry) && entry.get(field)) ?? "")
    return { position: { topic, partition, offset }, type: text("type"), key: text("key"), reason: text("reason") }
  })
}
