import { createHash } from "node:crypto"
import { Effect, type Layer, ManagedRuntime } from "effect"
import fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { BlobNotFound, BlobStore, type ByteRange } from "../../domain/ports/blob-store.ts"
import { blobPartsSuite } from "./blob-store-parts.suite.ts"

export type Store = BlobStore["Service"]

/** An upload as a client makes it by a signed address. */
export interface ClientUpload {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface BlobStoreUnderTest {
  /** A layer of a store without objects. */
  readonly fresh: () => Layer.Layer<BlobStore, unknown>
  /**
   * Which keys it holds: any, or such as files can have, with parts of at most 200 bytes, none of them empty, and no object
   * where others' keys have a folder. S3 itself holds any; servers that keep objects as files do not.
   */
  readonly keys: "any" | "like files"
  /** Whether an upload by a signed address is held to `maxBytes`. S3 cannot sign a bound of the size. */
  readonly boundsSignedUploads: boolean
  /** Whether it tells an upload in parts that is not there from one that has none yet, and takes no parts of it. */
  readonly knowsUploads: boolean
  /** Uploads as a client does; answers the ETag of the answer, or null where it was not taken. */
  readonly upload: (store: Store, upload: ClientUpload) => Promise<string | null>
  /** Downloads as a client does; null when that is refused. */
  readonly download: (store: Store, url: string) => Promise<Uint8Array | null>
}

const bytes = (text: string): Uint8Array => Buffer.from(text)
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")
const type = { contentType: "text/plain" }

/** Each would meet another where keys were normalised, decoded or told apart without case. */
const keysLikeFiles = [
  "a/b/c",
  "a/B",
  "A",
  "a ",
  "é",
  "e\u0301",
  "日本/語.png",
  "%2e%2e",
  "a?b#c&d=e",
  "a\\b",
  "a+b",
  "a b",
  "line\nbreak",
  "<&>\"'",
  "CON",
  "k-a.json",
  `${"x".repeat(200)}/${"y".repeat(200)}/${"z".repeat(200)}`,
]
const keysUnlikeFiles = ["a", "a/b", "a//b", "/a", "a/", `${"x".repeat(500)}/${"y".repeat(400)}`]

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => run(Effect.flip(effect))

const contentOf = async (store: Store, key: string, range?: ByteRange): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await run(store.get(key, range))).body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function* streamed(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(bytes(chunk))
}

/** The promises of {@link BlobStore}, for any adapter. */
export const blobStoreSuite = (
  name: string,
  { fresh, keys, boundsSignedUploads, knowsUploads, upload, download }: BlobStoreUnderTest,
): void => {
  const opened = (layer = fresh()): Promise<Store> => {
    const runtime = ManagedRuntime.make(layer)
    onTestFinished(() => runtime.dispose())
    return runtime.runPromise(BlobStore)
  }
  const keysOf = async (store: Store, prefix = ""): Promise<readonly string[]> =>
    (await run(store.list(prefix, 1_000))).map((info) => info.key)

  describe(`BlobStore: ${name}`, () => {
    describe("putting and getting", () => {
      test("an object comes back with its size, type and time", async () => {
        const store = await opened()
        const before = Date.now() / 1_000
        const put = await run(store.put("run/a.txt", bytes("content"), type))
        const info = await run(store.info("run/a.txt"))
        expect(info).toMatchObject({ key: "run/a.txt", size: 7, contentType: "text/plain" })
        expect(Math.abs(info.modified - before)).toBeLessThan(60)
        expect(put).toMatchObject({ key: "run/a.txt", size: 7 })
        expect(await contentOf(store, "run/a.txt")).toBe("content")
      })

      test("a stream is stored whole, an empty object too", async () => {
        const store = await opened()
        await run(store.put("s", streamed("ab", "", "cd"), type))
        await run(store.put("empty", new Uint8Array(0), type))
        expect([await contentOf(store, "s"), await contentOf(store, "empty")]).toEqual(["abcd", ""])
        expect((await run(store.info("empty"))).size).toBe(0)
      })

      test("ranges give their part, cut to what there is, with the whole size", async () => {
        const store = await opened()
        await run(store.put("k", bytes("0123456789"), type))
        const ranges: readonly (readonly [ByteRange, string])[] = [
          [{ start: 0, end: 4 }, "0123"],
          [{ start: 4 }, "456789"],
          [{ start: 8, end: 100 }, "89"],
          [{ start: 9, end: 10 }, "9"],
        ]
        for (const [range, part] of ranges) expect(await contentOf(store, "k", range)).toBe(part)
        expect((await run(store.get("k", { start: 2, end: 3 }))).size).toBe(10)
      })

      test("a later object replaces the earlier of its key", async () => {
        const store = await opened()
        await run(store.put("k", bytes("first"), type))
        await run(store.put("k", bytes("second"), { contentType: "image/png" }))
        expect(await contentOf(store, "k")).toBe("second")
        expect(await run(store.info("k"))).toMatchObject({ size: 6, contentType: "image/png" })
        expect(await keysOf(store)).toEqual(["k"])
      })

      test("what is not there is not found", async () => {
        const store = await opened()
        expect(await failure(store.get("absent"))).toBeInstanceOf(BlobNotFound)
        expect(await failure(store.info("absent"))).toBeInstanceOf(BlobNotFound)
      })

      test("objects are there after a reopening", async () => {
        const layer = fresh()
        await run((await opened(layer)).put("run/k", bytes("kept"), type))
        expect(await contentOf(await opened(layer), "run/k")).toBe("kept")
      })

      test("objects can be stored now", async () => {
        await run((await opened()).check)
      })
    })

    describe("keys", () => {
      test.each([
        ["any key", keysLikeFiles],
        ...(keys === "any" ? [["any key, also beside those under it,", [...keysLikeFiles, ...keysUnlikeFiles]] as const] : []),
      ] as const)("%s stands for itself alone", async (_, given) => {
        const store = await opened()
        for (const key of given) await run(store.put(key, bytes(`content of ${key}`), type))
        for (const key of given) expect(await contentOf(store, key)).toBe(`content of ${key}`)
        expect(await keysOf(store)).toEqual([...given].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))))
      })

      test("random keys do not meet", async () => {
        const store = await opened()
        const part = fc.string({ unit: fc.constantFrom("a", "A", "-", "_", "%", "é", "2"), minLength: 1, maxLength: 3 })
        // Keys like files' all have the same number of parts, so that none is a folder of another.
        const parts = keys === "any" ? fc.array(part, { maxLength: 3 }) : fc.tuple(part, part)
        const edge = keys === "any" ? fc.constantFrom("", "/", "//") : fc.constant("")
        const key = fc
          .tuple(edge, parts, edge)
          .map(([before, names, behind]) => before + names.join("/") + behind)
          .filter((each) => each !== "")
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(key, { minLength: 2, maxLength: 5 }), async (keys) => {
            for (const each of keys) await run(store.put(each, bytes(each), type))
            for (const each of keys) expect(await contentOf(store, each)).toBe(each)
          }),
          { numRuns: 10 },
        )
      })
    })

    describe("refusing", () => {
      test.each([
        ["too-large", { ...type, maxBytes: 6 }],
        ["checksum", { ...type, sha256: sha256(bytes("other")) }],
      ] as const)("an object that is %s is refused and leaves what was there", async (reason, terms) => {
        const store = await opened()
        await run(store.put("kept", bytes("before"), type))
        for (const body of [() => bytes("content"), () => streamed("con", "tent")])
          for (const key of ["kept", "new"]) expect(await failure(store.put(key, body(), terms))).toMatchObject({ reason })
        expect(await keysOf(store)).toEqual(["kept"])
        expect(await contentOf(store, "kept")).toBe("before")
      })

      test("a body that breaks off stores nothing", async () => {
        const store = await opened()
        const broken = (async function* () {
          yield bytes("half")
          throw new Error("connection lost")
        })()
        await failure(store.put("k", broken, type))
        expect(await keysOf(store)).toEqual([])
      })

      test("exactly the allowed size and the right checksum are taken", async () => {
        const store = await opened()
        await run(store.put("k", bytes("content"), { ...type, maxBytes: 7, sha256: sha256(bytes("content")) }))
        expect(await contentOf(store, "k")).toBe("content")
      })

      test("an empty key is refused", async () => {
        expect(await failure((await opened()).put("", bytes("x"), type))).toMatchObject({ reason: "key" })
      })
    })

    describe("listing and removing", () => {
      test("a prefix lists its keys in order, page by page", async () => {
        const store = await opened()
        // A file-backed store may walk its folders in an order that is not that of keys.
        const alike = keys === "any" ? ["a"] : ["a-"]
        for (const key of ["b/1", "a/2", "a/10", "a/1", "ab/1", ...alike]) await run(store.put(key, bytes(key), type))
        expect(await keysOf(store)).toEqual([...alike, "a/1", "a/10", "a/2", "ab/1", "b/1"])
        expect(await keysOf(store, "a/")).toEqual(["a/1", "a/10", "a/2"])
        expect(await keysOf(store, "a")).toEqual([...alike, "a/1", "a/10", "a/2", "ab/1"])
        expect(await keysOf(store, "c/")).toEqual([])
        const pages: string[][] = []
        for (let after: string | undefined; ;) {
          const page = (await run(store.list("a", 2, after))).map((info) => info.key)
          if (page.length === 0) break
          pages.push(page)
          after = page.at(-1)
        }
        expect(pages).toEqual([[...alike, "a/1"], ["a/10", "a/2"], ["ab/1"]])
        const before = Date.now() / 1_000
        const [listed] = await run(store.list("a/2", 1))
        expect(listed).toMatchObject({ key: "a/2", size: 3 })
        expect(Math.abs(listed!.modified - before)).toBeLessThan(60)
      })

      test("removing takes those that are there, and only them", async () => {
        const store = await opened()
        for (const key of ["a/1", "a/2", "b/1"]) await run(store.put(key, bytes("x"), type))
        await run(store.remove(["a/1", "a/2", "absent"]))
        expect(await keysOf(store)).toEqual(["b/1"])
        expect(await failure(store.get("a/1"))).toBeInstanceOf(BlobNotFound)
        expect(await run(store.remove([]))).toBe(0)
      })
    })

    describe("signed addresses", () => {
      const content = bytes("signed content")
      const signed = async (
        store: Store,
        terms: { readonly maxBytes?: number; readonly sha256?: string; readonly expiresInSeconds?: number } = {},
      ) => {
        const { url, headers } = await run(store.signUpload("run/dir/a b.txt", { ...type, expiresInSeconds: 60, ...terms }))
        return { url, headers: { ...headers, "content-type": "text/plain" }, body: content }
      }

      test("an upload by one stores the object with its type", async () => {
        const store = await opened()
        expect(await upload(store, await signed(store, { maxBytes: content.length, sha256: sha256(content) }))).not.toBeNull()
        expect(await contentOf(store, "run/dir/a b.txt")).toBe("signed content")
        expect(await run(store.info("run/dir/a b.txt"))).toMatchObject({ contentType: "text/plain" })
      })

      test.each([
        ["another type", async (store: Store) => ({ ...(await signed(store)), headers: { "content-type": "text/html" } })],
        ["another content than the checksum's", (store: Store) => signed(store, { sha256: sha256(bytes("other")) })],
        ["a changed signature", async (store: Store) => changed(await signed(store), /(signature=)[0-9a-f]{6}/i, "$1000000")],
        ["a longer time", async (store: Store) => changed(await signed(store), /(expires=)(\d)/i, "$19$2")],
        ["a time that is over", (store: Store) => signed(store, { expiresInSeconds: -10 })],
      ])("an upload with %s is refused and stores nothing", async (_, make) => {
        const store = await opened()
        expect(await upload(store, await make(store))).toBeNull()
        expect(await keysOf(store)).toEqual([])
      })

      test.runIf(boundsSignedUploads)("an upload of more than was signed for is refused and stores nothing", async () => {
        const store = await opened()
        expect(await upload(store, await signed(store, { maxBytes: content.length - 1 }))).toBeNull()
        expect(await keysOf(store)).toEqual([])
      })

      test("a download by one gives the content, until it is changed or over", async () => {
        const store = await opened()
        await run(store.put("run/dir/é.txt", content, type))
        const url = await run(store.signDownload("run/dir/é.txt", 60))
        expect(Buffer.from((await download(store, url))!).toString()).toBe("signed content")
        expect(await download(store, url.replace(/(signature=)[0-9a-f]{6}/i, "$1000000"))).toBeNull()
        expect(await download(store, await run(store.signDownload("run/dir/é.txt", -10)))).toBeNull()
      })

      test("an address for one method is none for the other", async () => {
        const store = await opened()
        await run(store.put("k", content, type))
        const { url } = await signed(store)
        expect(await download(store, url)).toBeNull()
        const readable = await run(store.signDownload("k", 60))
        expect(await upload(store, { url: readable, headers: { "content-type": "text/plain" }, body: bytes("other") })).toBeNull()
        expect(await contentOf(store, "k")).toBe("signed content")
      })
    })

    blobPartsSuite(opened, { upload, knowsUploads })

    test("the address that people write names the key", async () => {
      expect((await opened()).uriOf("run/a.txt")).toMatch(/^[a-z0-9]+:\/\/.*run\/a\.txt$/)
    })
  })
}

const changed = (upload: ClientUpload, from: RegExp, to: string): ClientUpload => {
  const url = upload.url.replace(from, to)
  if (url === upload.url) throw new Error("the address has no such part to change")
  return { ...upload, url }
}
