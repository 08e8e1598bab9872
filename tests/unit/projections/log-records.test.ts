/** Log records are told from their repeats by hashes, whatever these happen to be. */
import { createHash } from "node:crypto"
import { describe, expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

/** A record whose hash begins like the header of a value in parts: one in 65,536 does. */
const unlucky = (): Uint8Array => {
  for (let i = 0; ; i++) {
    const record = encodeValue(`record ${i}`)
    const hash = createHash("sha256").update(record).digest()
    if (hash[0] === 0xc1 && hash[1] === 0x00) return record
  }
}

const logged = (records: readonly Uint8Array[], offset: number) =>
  recorded("data-ingestion", 0, [stamped({ type: "LogRecordsLogged", data: { runId: "run", records } }, 1)], offset)

describe("log records", () => {
  it("are kept after one whose hash looks like a header (a run's records stopped to fold at 12,000)", async () => {
    const store = await bed()
    onTestFinished(store.close)
    const partition = { topic: "data-ingestion", partition: 0 } as const
    expect(await store.fold(partition, logged([unlucky()], 0))).toMatchObject({ unfolded: [] })
    expect(await store.fold(partition, logged([encodeValue("next")], 1))).toMatchObject({ unfolded: [] })
    const last = await store.read((rows) => rows.get("runs", ["run", "traces", 0, "__log_records", "last_step"]))
    expect(last).toBe(1)
  })

  it("that are no values are refused before anything of them is kept", async () => {
    const store = await bed()
    onTestFinished(store.close)
    const partition = { topic: "data-ingestion", partition: 0 } as const
    await expect(store.fold(partition, logged([encodeValue("good"), Uint8Array.of(0xc1, 0)], 0))).rejects.toThrow(/tag 0xc1/)
  })
})
