/** Records that no projection can hold, put into the log by somebody else. */
import { encodeValue } from "../../domain/msgpack.ts"
import { catalog } from "../../events/index.ts"
import { beginning } from "./process.ts"
import type { Cluster } from "./cluster.ts"

/** Writes one: broken bytes, an unknown schema, or an event that contradicts those before it. */
export const poison = ({ records, codec, world }: Cluster, runId: string, form: number): void => {
  const partition = records.partitionOf({ topic: "data-ingestion", key: runId })
  if (form === 0) records.write(partition, runId, Buffer.from("0000000001ff", "hex"))
  else if (form === 1) records.write(partition, runId, Buffer.from("00000f423f", "hex"))
  else {
    const id = `poison at ${world.now}`
    const at = (beginning + world.now) / 1_000
    const meta = { id, at, serverTime: at, project: "00000000", actor: "x", cause: null, writer: id, seq: 0, part: 0 }
    const sequence = { runId, name: "loss", contextId: 0, context: encodeValue(new Map()) }
    const fact = catalog.ObjectLogged({ ...sequence, dtype: "text", step: 0, epoch: null, value: encodeValue(new Map()) })
    records.write(partition, runId, codec.encode({ ...fact, meta }).bytes)
  }
  records.announce()
}
