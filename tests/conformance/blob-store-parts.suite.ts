import { createHash } from "node:crypto"
import { Effect } from "effect"
import { describe, expect, test } from "vitest"
import { BlobNotFound, type PartPlan, type PartUpload, type UploadedPart } from "../../domain/ports/blob-store.ts"
import type { BlobStoreUnderTest, Store } from "./blob-store.suite.ts"

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => run(Effect.flip(effect))
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

const partBytes = 5 * 2 ** 20
/** Three parts, the last smaller; no two stretches alike. */
const whole = Buffer.from(Uint32Array.from({ length: 2.6 * 2 ** 20 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer)
const plan: PartPlan = { contentType: "application/x-model", bytes: whole.length, partBytes, hasChecksums: true }
const key = "run/dir/model a.bin"
const contentOf = (number: number): Uint8Array => whole.subarray((number - 1) * partBytes, number * partBytes)

interface Sending {
  /** Empty: none. */
  readonly sha?: string
  readonly expiresInSeconds?: number
  readonly change?: (url: string) => string
}

const stored = async (store: Store, of = key): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await run(store.get(of))).body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The promises of {@link PartUploads}; part of the suite of the blob store. */
export const blobPartsSuite = (
  opened: () => Promise<Store>,
  { upload, knowsUploads }: Pick<BlobStoreUnderTest, "upload" | "knowsUploads">,
): void => {
  const noUpload = { reason: knowsUploads ? "upload" : expect.stringMatching(/^(upload|parts)$/) }
  const sent = async (
    store: Store,
    to: PartUpload,
    number: number,
    body = contentOf(number),
    { sha = sha256(body), expiresInSeconds = 60, change }: Sending = {},
  ): Promise<UploadedPart | null> => {
    const terms = { number, expiresInSeconds, ...(sha === "" ? {} : { sha256: sha }) }
    const { url, headers } = await run(store.parts.sign(to, terms))
    const changed = change?.(url) ?? url
    if (change !== undefined && changed === url) throw new Error("the address has no such part to change")
    const etag = await upload(store, { url: changed, headers: { ...headers }, body })
    return etag === null ? null : { number, etag }
  }
  const begun = async (store: Store, more: Partial<PartPlan> = {}): Promise<PartUpload> => ({
    key,
    id: await run(store.parts.begin(key, { ...plan, ...more })),
  })
  const all = async (store: Store, to: PartUpload, sha?: string): Promise<readonly UploadedPart[]> => {
    const parts: UploadedPart[] = []
    // In any order.
    for (const number of [3, 1, 2])
      parts.push((await sent(store, to, number, contentOf(number), sha === undefined ? {} : { sha }))!)
    return parts.toSorted((one, other) => one.number - other.number)
  }
  const complete = (store: Store, to: PartUpload, parts: readonly UploadedPart[], most = whole.length) =>
    store.parts.complete(to, parts, most)
  const isAbsent = async (store: Store): Promise<void> => void expect(await failure(store.info(key))).toBeInstanceOf(BlobNotFound)

  describe("uploads in parts", () => {
    test.each([
      ["with checksums", true],
      ["without", false],
    ])("make the object once all parts are there, %s", async (_, hasChecksums) => {
      const store = await opened()
      const to = await begun(store, { hasChecksums })
      const parts = await all(store, to, hasChecksums ? undefined : "")
      await isAbsent(store)
      expect(await run(store.list("run/", 10))).toEqual([])
      expect(await run(complete(store, to, parts))).toMatchObject({ key, size: whole.length, contentType: plan.contentType })
      expect(sha256(await stored(store))).toBe(sha256(whole))
      expect(await run(store.parts.unfinished(""))).toEqual([])
    })

    test("completed again answer the same, and leave what came after", async () => {
      const store = await opened()
      const to = await begun(store)
      const parts = await all(store, to)
      const first = await run(complete(store, to, parts))
      expect(await run(complete(store, to, parts))).toEqual(first)
      await run(store.put(key, Buffer.from("later"), { contentType: "text/plain" }))
      expect(await failure(complete(store, to, parts))).toMatchObject(noUpload)
      expect(Buffer.from(await stored(store)).toString()).toBe("later")
    })

    test("a part that is sent again, also with another content, counts as it came last", async () => {
      const store = await opened()
      const to = await begun(store)
      const other = (await sent(store, to, 2, Buffer.alloc(partBytes, 7)))!
      const parts = await all(store, to)
      expect(await failure(complete(store, to, parts.with(1, other)))).toMatchObject({ reason: "parts" })
      expect((await sent(store, to, 1))!.etag).toBe(parts[0]!.etag)
      await run(complete(store, to, parts))
      expect(sha256(await stored(store))).toBe(sha256(whole))
    })

    test("are refused with parts that lack, stand in another order or have another etag, and go on", async () => {
      const store = await opened()
      const to = await begun(store)
      const [one, two, three] = (await all(store, to)) as [UploadedPart, UploadedPart, UploadedPart]
      const wrong = [[], [one, two], [one, three, two], [one, one, two], [one, two, { number: 4, etag: three.etag }]]
      for (const parts of [...wrong, [one, two, { number: 3, etag: one.etag }]])
        expect(await failure(complete(store, to, parts))).toMatchObject({ reason: "parts" })
      await isAbsent(store)
      await run(complete(store, to, [one, two, three]))
    })

    test("are refused where they have more bytes than allowed", async () => {
      const store = await opened()
      const to = await begun(store)
      const parts = await all(store, to)
      expect(await failure(complete(store, to, parts, whole.length - 1))).toMatchObject({ reason: "parts" })
      await isAbsent(store)
    })

    test.each([
      ["larger than planned", { body: Buffer.alloc(partBytes + 1) }],
      ["smaller than planned", { body: Buffer.alloc(partBytes - 1) }],
      ["of another content than the checksum's", { options: { sha: sha256(Buffer.from("other")) } }],
      ["at an address whose time is over", { options: { expiresInSeconds: -10 } }],
      ["at the address of another part", { options: { change: (url: string) => url.replace(/(part(?:Number)?=)1/i, "$12") } }],
      ["with a changed signature", { options: { change: (url: string) => url.replace(/(signature=)[0-9a-f]{6}/i, "$1000000") } }],
    ] as readonly (readonly [string, { readonly body?: Uint8Array; readonly options?: object }])[])(
      "no part is taken that is %s",
      async (_, { body = contentOf(1), options = {} }) => {
        const store = await opened()
        const to = await begun(store)
        expect(await sent(store, to, 1, body, options)).toBeNull()
        const one = { number: 1, etag: sha256(body) }
        expect(await failure(complete(store, to, [one, one, one]))).toMatchObject({ reason: "parts" })
      },
    )

    test("an id holds for its key alone, and none that was made up holds", async () => {
      const store = await opened()
      const { id } = await begun(store)
      const parts = await all(store, { key, id })
      for (const to of [
        { key: "run/other", id },
        ...["", "x", "..", "a".repeat(32), `${id.slice(0, -8)}00000000`].map((id) => ({ key, id })),
      ]) {
        if (knowsUploads) expect(await sent(store, to, 1).catch(() => null)).toBeNull()
        expect(await failure(complete(store, to, parts))).toMatchObject(noUpload)
        await run(store.parts.abort(to))
      }
      await run(complete(store, { key, id }, parts))
    })

    test("given up leave nothing, and can neither go on nor be completed", async () => {
      const store = await opened()
      const to = await begun(store)
      const parts = await all(store, to)
      await run(store.parts.abort(to))
      await run(store.parts.abort(to))
      if (knowsUploads) expect(await sent(store, to, 1).catch(() => null)).toBeNull()
      expect(await failure(complete(store, to, parts))).toMatchObject(noUpload)
      expect(await run(store.parts.unfinished(""))).toEqual([])
      await isAbsent(store)
    })

    test("that are unfinished are listed by prefix with their time, and can be given up as listed", async () => {
      const store = await opened()
      const before = Date.now() / 1_000
      await begun(store)
      await run(store.parts.begin("other/a", plan))
      expect((await run(store.parts.unfinished(""))).map((one) => one.key).toSorted()).toEqual(["other/a", key])
      const listed = await run(store.parts.unfinished("run/"))
      expect(listed.map((one) => one.key)).toEqual([key])
      expect(Math.abs(listed[0]!.begun - before)).toBeLessThan(60)
      await run(store.parts.abort(listed[0]!))
      expect((await run(store.parts.unfinished(""))).map((one) => one.key)).toEqual(["other/a"])
    })

    test("no address is signed for a part that is not planned, or without the checksum that is", async () => {
      const store = await opened()
      const to = await begun(store)
      const sum = { sha256: sha256(contentOf(1)) }
      for (const terms of [{ number: 0, ...sum }, { number: 4, ...sum }, { number: 1 }])
        expect(await failure(store.parts.sign(to, { ...terms, expiresInSeconds: 60 }))).toMatchObject({ reason: "parts" })
      const bare = await begun(store, { hasChecksums: false })
      expect(await failure(store.parts.sign(bare, { number: 1, ...sum, expiresInSeconds: 60 }))).toMatchObject({
        reason: "parts",
      })
    })

    test("for an empty key are refused", async () => {
      expect(await failure((await opened()).parts.begin("", plan))).toMatchObject({ reason: "key" })
    })
  })
}
