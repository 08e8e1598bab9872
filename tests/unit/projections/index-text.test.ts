/** A text of NULs takes twice its bytes in a key; parameters of such names and values still fold, and keys stay short. */
import { expect, it } from "vitest"
import { encodeValue } from "../../../domain/msgpack.ts"
import { keyBytes } from "../../../domain/limits.ts"
import { indexText, longestIndexText } from "../../../projections/run-index.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const nuls = "\0".repeat(500)

it("folds a parameter whose name and value are NULs, and keeps it out of keys that no engine takes", async () => {
  const store = await bed()
  const runId = "r".repeat(256)
  const data = {
    runId,
    paths: [
      ["hparams", "n".repeat(512)],
      ["hparams", nuls],
    ],
    values: [encodeValue(nuls), encodeValue(1)],
  }
  await store.fold(
    { topic: "data-ingestion", partition: 0 },
    recorded("data-ingestion", 0, [stamped({ type: "AttributesSet", data }, 1)]),
  )
  const rows = await store.dump()
  expect(rows.filter(({ space }) => space === "indexes").length).toBeGreaterThan(0)
  expect(Math.max(...rows.map(({ key }) => key.length))).toBeLessThanOrEqual(1_900)
  await store.close()
})

it("cuts a text where its key would be too long, never within a character", () => {
  for (const text of [
    nuls,
    `a${"é".repeat(300)}`,
    "\0é".repeat(200),
    "x".repeat(512),
    "😀".repeat(129),
    `${"\0".repeat(255)}😀`,
  ]) {
    const cut = indexText(text)
    expect(text.startsWith(cut)).toBe(true)
    expect(keyBytes(cut)).toBeLessThanOrEqual(longestIndexText)
    if (cut !== text) expect(keyBytes(cut)).toBeGreaterThan(longestIndexText - 4)
  }
})
