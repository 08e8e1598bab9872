import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { expect, test } from "vitest"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { freshFolder } from "../support/folders.ts"

const baseUrl = (): string => "http://127.0.0.1:1/"
const opened = (folder: string) => Effect.runPromise(Effect.provide(BlobStore, fileBlobs({ folder, baseUrl })))
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  )
const terms = { contentType: "text/plain" }
const body = Buffer.from("x")

test("no key leaves the folder, whatever it says", async () => {
  const outer = freshFolder()
  const folder = join(outer, "blobs")
  const store = await opened(folder)
  const keys = ["..", "../x", "../../x", "/etc/x", "a/../../x", ".", "./x", "\0", "a\0b", "C:\\x", "..\\x", "x".repeat(4_000)]
  for (const key of keys) await Effect.runPromise(store.put(key, body, terms))
  for (const key of keys) expect((await Effect.runPromise(store.info(key))).key).toBe(key)
  expect(filesIn(outer).every((file) => file.startsWith(join(folder, "/")))).toBe(true)
  expect((await Effect.runPromise(store.list("", 100))).length).toBe(keys.length)
  expect(await Effect.runPromise(store.remove(keys))).toBe(keys.length)
})

test.each(["x".repeat(5_000), "lone \ud800"])("a key that is too long or no Unicode is refused", async (key) => {
  const store = await opened(freshFolder())
  expect(await Effect.runPromise(Effect.flip(store.put(key, body, terms)))).toMatchObject({ reason: "key" })
  expect(await Effect.runPromise(Effect.flip(store.signUpload(key, { ...terms, expiresInSeconds: 1 })))).toMatchObject({
    reason: "key",
  })
})

test("a refused, a broken-off and a replaced upload leave no file behind", async () => {
  const folder = freshFolder()
  const store = await opened(folder)
  const before = filesIn(folder)
  await Effect.runPromise(Effect.flip(store.put("k", body, { ...terms, maxBytes: 0 })))
  const broken = (async function* () {
    yield body
    throw new Error("gone")
  })()
  await Effect.runPromise(Effect.flip(store.put("k", broken, terms)))
  expect(filesIn(folder)).toEqual(before)
  await Effect.runPromise(store.put("k", body, terms))
  const once = filesIn(folder).length
  await Promise.all(Array.from({ length: 10 }, (_, i) => Effect.runPromise(store.put("k", Buffer.from(`${i}`), terms))))
  expect(filesIn(folder).length).toBe(once)
  await Effect.runPromise(store.remove(["k"]))
  expect(filesIn(folder)).toEqual(before)
})

test("the secret is drawn once, kept, and readable by its owner alone", async () => {
  const folder = freshFolder()
  const stores = await Promise.all([opened(folder), opened(folder)])
  const url = await Effect.runPromise(stores[0]!.signDownload("k", 60))
  const again = await opened(folder)
  for (const store of [...stores, again]) await Effect.runPromise(store.local!.verify("GET", url.slice(baseUrl().length - 1)))
  const secret = join(folder, "signing-secret")
  expect(statSync(secret).mode & 0o777).toBe(0o600)
  expect(readFileSync(secret, "utf8")).toMatch(/^[0-9a-f]{64}$/)
  const stranger = await opened(freshFolder())
  const failure = await Effect.runPromise(Effect.flip(stranger.local!.verify("GET", url.slice(baseUrl().length - 1))))
  expect(failure.reason).toBe("signature")
})

test.each(["", "/", "?", "/api/v1/blobs/", "/api/v1/blobs/?signature=", "/api/v1/blobs/aaaa", "?signature=x/api/v1/blobs/"])(
  "the target %j is refused, not a fault",
  async (target) => {
    const store = await opened(freshFolder())
    expect(await Effect.runPromise(Effect.flip(store.local!.verify("GET", target)))).toMatchObject({ reason: "signature" })
  },
)

test("an address grants exactly its terms", async () => {
  const store = await opened(freshFolder())
  const { url } = await Effect.runPromise(
    store.signUpload("run/a", { contentType: "image/png", maxBytes: 5, sha256: "ab", expiresInSeconds: 60 }),
  )
  const target = url.slice(baseUrl().length - 1)
  const { key, terms } = await Effect.runPromise(store.local!.verify("PUT", target))
  expect({ key, ...terms }).toMatchObject({ key: "run/a", contentType: "image/png", maxBytes: 5, sha256: "ab" })
  for (const [from, to] of [
    ["max=5", "max=6"],
    ["type=image", "type=text"],
    ["sha256=ab", "sha256=ac"],
    ["sha256=ab&", ""],
    ["blobs/", "blobs/x"],
  ] as const) {
    const changed = target.replace(from, to)
    expect(changed).not.toBe(target)
    expect(await Effect.runPromise(Effect.flip(store.local!.verify("PUT", changed)))).toMatchObject({ reason: "signature" })
  }
})

test("an upload in parts whose end was cut off after its object was there is completed as it was, and leaves nothing", async () => {
  const folder = freshFolder()
  const store = await opened(folder)
  const before = filesIn(folder)
  const plan = { contentType: "text/plain", bytes: body.length, partBytes: 5 * 2 ** 20, hasChecksums: false }
  const upload = { key: "run/a", id: await Effect.runPromise(store.parts.begin("run/a", plan)) }
  const { url } = await Effect.runPromise(store.parts.sign(upload, { number: 1, expiresInSeconds: 60 }))
  const granted = await Effect.runPromise(store.local!.verify("PUT", url.slice(baseUrl().length - 1)))
  const parts = [{ number: 1, etag: await Effect.runPromise(store.local!.take(granted, body)) }]
  cpSync(join(folder, "parts"), join(folder, "kept"), { recursive: true })
  const first = await Effect.runPromise(store.parts.complete(upload, parts, 1_000))
  rmSync(join(folder, "parts"), { recursive: true })
  renameSync(join(folder, "kept"), join(folder, "parts"))
  const again = await opened(folder)
  expect(await Effect.runPromise(again.parts.unfinished("run/"))).toHaveLength(1)
  expect(await Effect.runPromise(again.parts.complete(upload, parts, 1_000))).toEqual(first)
  await Effect.runPromise(again.remove(["run/a"]))
  expect(filesIn(folder)).toEqual(before)
})

test("what a crash left of an upload that is none any more goes once it is a day old", async () => {
  const folder = freshFolder()
  const store = await opened(folder)
  const plan = { contentType: "text/plain", bytes: 1, partBytes: 5 * 2 ** 20, hasChecksums: false }
  await Effect.runPromise(store.parts.begin("run/a", plan))
  const described = filesIn(folder).find((file) => file.endsWith("upload.json"))!
  rmSync(described)
  const left = dirname(described)
  expect(await Effect.runPromise(store.parts.unfinished(""))).toEqual([])
  expect(existsSync(left)).toBe(true)
  utimesSync(left, 0, 0)
  await Effect.runPromise(store.parts.unfinished(""))
  expect(existsSync(left)).toBe(false)
})
