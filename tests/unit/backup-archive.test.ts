/** Archives that were made to do harm, or were damaged: refused with the place, and nothing is written by them. */
import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { type Caps, defaultCaps, openArchive, wholeFile } from "../../infra/backup/archive.ts"
import { packFolder } from "../../infra/backup/tar-write.ts"
import { freshFolder } from "../support/folders.ts"

interface Entry {
  readonly path: string
  readonly content?: string
  readonly type?: string
  readonly link?: string
}

/** An entry of a tar as others may write it: nothing is checked. */
const entryOf = ({ path, content = "", type = "0", link = "" }: Entry): Buffer => {
  const header = Buffer.alloc(512)
  header.write(path, 0)
  header.write("0000644\0", 100)
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124)
  header.write(type, 156)
  header.write(link, 157)
  header.write("ustar\x0000", 257, "latin1")
  header.fill(" ", 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  )
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512)])
}

const tarOf = (entries: readonly Entry[]): Buffer => Buffer.concat([...entries.map(entryOf), Buffer.alloc(1024)])

const manifest = { path: "b/manifest.json", content: "{}" }

const written = (bytes: Buffer): string => {
  const path = join(freshFolder(), "backup.tar.gz")
  writeFileSync(path, bytes)
  return path
}

const open = (path: string, caps: Partial<Caps> = {}) => openArchive(path, freshFolder, { ...defaultCaps, ...caps })

const pax = (key: string, value: string): Entry => {
  const rest = ` ${key}=${value}\n`
  const length = rest.length + String(rest.length + 2).length
  return { path: "pax", type: "x", content: `${length}${rest}` }
}

describe.each(["plain", "compressed"])("a %s tar", (how) => {
  const archive = (entries: readonly Entry[]): string => written(how === "plain" ? tarOf(entries) : gzipSync(tarOf(entries)))

  it.each<readonly [string, readonly Entry[], RegExp]>([
    ["a path that leads out", [manifest, { path: "b/../../evil" }], /"b\/\.\.\/\.\.\/evil".*\.\./],
    ["an absolute path", [manifest, { path: "/etc/cron.d/evil" }], /no relative path/],
    ["a path out by an extended header", [manifest, pax("path", "../evil"), { path: "b/good" }], /"\.\.\/evil"/],
    [
      "a path out by a long name of GNU",
      [manifest, { path: "x", type: "L", content: "../evil\0" }, { path: "b/good" }],
      /"\.\.\/evil"/,
    ],
    ["a symbolic link", [manifest, { path: "b/entities.jsonl", type: "2", link: "/etc/passwd" }], /entities\.jsonl\) is a link/],
    ["a hard link", [manifest, { path: "b/entities.jsonl", type: "1", link: "b/manifest.json" }], /is a link/],
    ["a device", [manifest, { path: "b/null", type: "3" }], /no plain file/],
    ["a control character", [manifest, { path: "b/a\nb" }], /control character/],
    ["a file twice", [manifest, { path: "b/x" }, { path: "b/x" }], /twice/],
    ["a file beside the folder", [manifest, { path: "c/x" }], /lies outside of b\//],
    ["no manifest", [{ path: "b/x" }], /no manifest\.json/],
  ])("with %s is refused", async (_what, entries, why) => {
    await expect(open(archive(entries))).rejects.toThrow(why)
  })

  it("is read by its extended headers, and without its folder", async () => {
    const long = `b/runs/${"x".repeat(120)}/run.json`
    const opened = await open(
      archive([{ path: "b/", type: "5" }, manifest, pax("path", long), { path: "short", content: "{1}" }]),
    )
    expect([...opened.files]).toEqual([
      ["manifest.json", 2],
      [long.slice(2), 3],
    ])
    expect((await wholeFile(opened, long.slice(2))).toString()).toBe("{1}")
    await opened.close()
  })
})

it.each([
  ["entries", { entries: 3 }, /more than 3 files/],
  ["a file", { entryBytes: 1_000 }, /larger than a file may be/],
  ["all together", { totalBytes: 40_000 }, /larger than a backup may be|inflates beyond/],
] as const)("there are caps on %s", async (_what, caps, why) => {
  const files = Array.from({ length: 5 }, (_, i) => ({ path: `b/${i}`, content: "x".repeat(10_000) }))
  await expect(open(written(tarOf([manifest, ...files])), caps)).rejects.toThrow(why)
})

it("a bomb is refused before it is inflated whole", async () => {
  const bomb = gzipSync(Buffer.concat([entryOf(manifest), Buffer.alloc(20 * 2 ** 20)]))
  expect(bomb.length).toBeLessThan(30_000)
  await expect(open(written(bomb), { freeBytes: 2 ** 20 })).rejects.toThrow(/inflates beyond \d+ bytes/)
})

it.each([
  ["cut within an entry", (tar: Buffer) => tar.subarray(0, 1_024 + 100), /cut off/],
  ["cut behind an entry", (tar: Buffer) => tar.subarray(0, 1_024), /cut off/],
  [
    "a header with a flipped bit",
    (tar: Buffer) => Buffer.concat([tar.subarray(0, 3), Buffer.of(tar[3]! ^ 4), tar.subarray(4)]),
    /damaged header/,
  ],
] as const)("%s is found", async (_what, damage, why) => {
  await expect(open(written(Buffer.from(damage(tarOf([manifest, { path: "b/x", content: "y".repeat(900) }])))))).rejects.toThrow(
    why,
  )
})

it("a folder with a link is refused; one with a second name for a file is read", async () => {
  const folder = freshFolder()
  writeFileSync(join(folder, "manifest.json"), "{}")
  linkSync(join(folder, "manifest.json"), join(folder, "other"))
  expect([...(await open(folder)).files.keys()].sort()).toEqual(["manifest.json", "other"])
  symlinkSync("/etc/passwd", join(folder, "link"))
  await expect(open(folder)).rejects.toThrow(/link is a link/)
})

it("nothing of an archive is left where its tar was inflated", async () => {
  const scratch = freshFolder()
  const opened = await openArchive(written(gzipSync(tarOf([manifest, { path: "b/x", content: "1" }]))), () => scratch)
  expect(readdirSync(scratch)).toEqual([])
  expect((await wholeFile(opened, "x")).toString()).toBe("1")
  await opened.close()
})

it("what is packed here is read here, whatever its names and sizes", async () => {
  const [folder, out] = [freshFolder(), freshFolder()]
  const deep = join("runs", "é".repeat(60), "blobs", "n".repeat(99))
  mkdirSync(join(folder, deep), { recursive: true })
  const contents = new Map([
    ["manifest.json", "{}"],
    [join(deep, "a b"), "x".repeat(513)],
    [join(deep, "empty"), ""],
    ["exact", "y".repeat(512)],
  ])
  for (const [path, content] of contents) writeFileSync(join(folder, path), content)
  await packFolder(folder, "matyan-backup-x", join(out, "a.tar.gz"), 1)
  const opened = await open(join(out, "a.tar.gz"))
  for (const [path, content] of contents) expect((await wholeFile(opened, path)).toString()).toBe(content)
  expect(opened.files.size).toBe(contents.size)
  await opened.close()
})
