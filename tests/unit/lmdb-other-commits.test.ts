/** Commits of others between a transaction's snapshot and its own commit. */
import { ManagedRuntime } from "effect"
import fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { KeyValueStore, type RangeOptions, type Transaction } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { freshFolder } from "../support/folders.ts"

const b = (text: string): Uint8Array => Buffer.from(text, "latin1")

const opened = (folder: string) => {
  const runtime = ManagedRuntime.make(lmdbStore({ folder }))
  onTestFinished(() => runtime.dispose())
  return <A>(body: (tx: Transaction) => Promise<A>) => runtime.runPromise(KeyValueStore.use((store) => store.write(body)))
}

type Write = readonly ["set", string, string] | readonly ["clear", string] | readonly ["clearRange", string, string]
type Read = readonly ["get", string] | readonly ["range", string, string, RangeOptions]

const key = fc.constantFrom(..."abcdefgh")
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.tuple(fc.constant("set" as const), key, fc.constantFrom("1", "2")),
  fc.tuple(fc.constant("clear" as const), key),
  fc.tuple(fc.constant("clearRange" as const), key, key),
)
const read: fc.Arbitrary<Read> = fc.oneof(
  fc.tuple(fc.constant("get" as const), key),
  fc.tuple(
    fc.constant("range" as const),
    key,
    key,
    fc.record({ limit: fc.constantFrom(1, 2, 100), reverse: fc.boolean() }, { requiredKeys: [] }),
  ),
)

const put = (tx: Transaction, [kind, ...at]: Write): void => {
  if (kind === "set") tx.set(b(at[0]), b(at[1] ?? ""))
  else if (kind === "clear") tx.clear(b(at[0]))
  else tx.clearRange(b(at[0]), b(at[1] ?? ""))
}

const answer = async (tx: Transaction, asked: Read): Promise<string> => {
  if (asked[0] === "get") return String(await tx.get(b(asked[1])))
  return String(await tx.range(b(asked[1]), b(asked[2]), asked[3]))
}

const rows = (tx: Transaction) => tx.range(b("a"), b("z"))

/** Writes as asked, and what it read, so that a wrong read shows. */
const act = async (tx: Transaction, steps: readonly (Read | Write)[]): Promise<readonly string[]> => {
  const answers: string[] = []
  for (const step of steps) {
    if (step[0] === "get" || step[0] === "range") answers.push(await answer(tx, step))
    else put(tx, step)
  }
  tx.set(b("read"), b(answers.join("|")))
  return answers
}

/** One transaction, into which another's commit falls. */
const crossed = async (first: readonly Write[], steps: readonly (Read | Write)[], theirs: readonly Write[]) => {
  const folder = freshFolder()
  const [one, other] = [opened(folder), opened(folder)]
  await one(async (tx) => first.forEach((step) => put(tx, step)))
  let runs = 0
  let before: readonly string[] = []
  const after = await one(async (tx) => {
    const answers = await act(tx, steps)
    if (runs++ === 0) {
      before = answers
      await other(async (tx) => (theirs.forEach((step) => put(tx, step)), tx.set(b("~"), b("theirs"))))
    }
    return answers
  })
  return { runs, before, after, stored: await one(rows) }
}

/** The same, one after the other. */
const inTurn = async (first: readonly Write[], steps: readonly (Read | Write)[], theirs: readonly Write[]) => {
  const one = opened(freshFolder())
  await one(async (tx) => [...first, ...theirs].forEach((step) => put(tx, step)))
  const answers = await one((tx) => act(tx, steps))
  return { answers, stored: await one(rows) }
}

const some = { maxLength: 6 }

describe("Law 6: a transaction into which another's commit falls", () => {
  test("comes out as if it had come after it", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(write, some),
        fc.array(fc.oneof(read, write), some),
        fc.array(write, some),
        async (first, steps, theirs) => {
          const [together, alone] = [await crossed(first, steps, theirs), await inTurn(first, steps, theirs)]
          expect([together.after, together.stored]).toEqual([alone.answers, alone.stored])
        },
      ),
      { numRuns: 150 },
    ))

  test("is run again where what it read has changed, and only there", () =>
    fc.assert(
      fc.asyncProperty(fc.array(write, some), fc.array(read, some), fc.array(write, some), async (first, reads, theirs) => {
        const { runs, before, after } = await crossed(first, reads, theirs)
        expect(runs).toBe(String(before) === String(after) ? 1 : 2)
      }),
      { numRuns: 150 },
    ))

  test("is run again where it has read too much to remember", async () => {
    const folder = freshFolder()
    const [one, other] = [opened(folder), opened(folder)]
    const large = Buffer.alloc(1024 * 1024, 1)
    await one(async (tx) => Array.from({ length: 40 }, (_, i) => tx.set(b(`a${i}`), large)))
    let runs = 0
    await one(async (tx) => {
      await tx.range(b("a"), b("b"))
      if (runs++ === 0) await other(async (theirs) => theirs.set(b("elsewhere"), b("")))
      tx.set(b("x"), b(""))
    })
    expect(runs).toBe(2)
  })
})
