/** Pictures, sounds, figures, distributions and artifacts: logged by the SDK, read back by REST. */
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { pngOf } from "../../sdk/media/png.ts"
import { init } from "../../sdk/node.ts"
import type { InitOptions } from "../../sdk/options.ts"
import type { Run } from "../../sdk/run.ts"
import { freshFolder } from "../support/folders.ts"
import { at, doubles, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-media-"))
let server: Server
let rest: Rest
beforeAll(async () => {
  server = await startServer(folder)
  rest = restOf(server.backendUrl)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const begin = (options: InitOptions = {}): Promise<Run> =>
  init({ url: server.frontierUrl, spool: { place: freshFolder() }, quiet: true, ...options })

/** Ends a run, and answers its problems when all that was logged is read. */
const problemsOf = async (run: Run): Promise<readonly string[]> => {
  const { state, problems } = await run.finish()
  expect(state).toBe("finished")
  await until("the run's end", () => rest.ask("GET", `/runs/${run.id}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  return problems
}

const finished = async (run: Run): Promise<void> => expect(await problemsOf(run)).toEqual([])

interface Trace {
  readonly name: string
  readonly context: Json
  readonly iters: readonly number[]
  readonly values: readonly Json[]
}

/** The sequences of one kind that a run has, by name and context. */
const traces = async (run: Run, kind: string): Promise<readonly Trace[]> => {
  const query = `record_density=0&index_density=0&q=${encodeURIComponent(`run.hash == "${run.id}"`)}`
  const found = at(await rest.tree(`/runs/search/${kind}/?${query}`), run.id, "traces") as unknown as readonly Trace[]
  return found.toSorted((a, b) =>
    `${a.name} ${JSON.stringify(a.context)}`.localeCompare(`${b.name} ${JSON.stringify(b.context)}`),
  )
}

/** The bytes behind each item of a sequence of pictures or sounds, in order. */
const bytesOf = async (kind: "images" | "audios", trace: Trace): Promise<readonly Buffer[]> => {
  const uris = trace.values.map((items) => String(at(items, 0, "blob_uri")))
  const blobs = await rest.tree(`/runs/${kind}/get-batch/`, uris)
  return uris.map((uri) => Buffer.from(at(blobs, uri) as Uint8Array))
}

const download = async (run: Run, path: string): Promise<{ readonly type: string | null; readonly bytes: Buffer }> => {
  const address = `${server.backendUrl}/api/v1/rest/runs/${run.id}/artifacts/download/?path=${encodeURIComponent(path)}`
  const response = await fetch(address)
  expect(response.status, path).toBe(200)
  return { type: response.headers.get("content-type"), bytes: Buffer.from(await response.arrayBuffer()) }
}

const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>')

describe("objects of the SDK", () => {
  it("are texts, figures, distributions and custom ones, as readers show them", async () => {
    const run = await begin()
    run.text("says", "hello", { step: 3, epoch: 1, context: { subset: "val" } })
    run.text("says", "cut \ud83d", { step: 5, context: { subset: "val" } })
    run.text("counted", "one")
    run.text("counted", "two")
    run.figure("plot", { data: [{ type: "scatter", y: [1, Number.NaN, 2.5] }], layout: { title: "t" } }, { step: 0 })
    run.figure("a plot", { toJSON: () => ({ data: [], frames: [1] }) })
    run.distribution("weights", Float32Array.of(-1, 0, 0.25, 1), { bins: 4, step: 7 })
    run.distribution("made", { counts: [1, 2.5], range: [0, 10] })
    run.custom("own", { any: ["shape"], deep: { nan: Number.NaN } })
    await finished(run)

    const [counted, says] = await traces(run, "texts")
    expect(says).toMatchObject({ name: "says", context: { subset: "val" }, iters: [3, 5] })
    expect(says?.values.map((items) => at(items, 0, "data"))).toEqual(["hello", "cut \ufffd"])
    expect(counted).toMatchObject({ iters: [0, 1], values: [[{ data: "one" }], [{ data: "two" }]] })
    const figures = await traces(run, "figures")
    expect(figures.map(({ values }) => JSON.parse(String(at(values[0], "data"))) as unknown)).toEqual([
      { data: [], layout: {}, frames: [1] },
      { data: [{ type: "scatter", y: [1, null, 2.5] }], layout: { title: "t" } },
    ])
    const [made, weights] = await traces(run, "distributions")
    expect(weights).toMatchObject({ name: "weights", iters: [7], values: [{ bin_count: 4, range: [-1, 1] }] })
    expect(doubles(at(weights?.values[0], "data"))).toEqual([1, 0, 2, 1])
    expect(at(made?.values[0], "range")).toEqual([0, 10])
    expect(doubles(at(made?.values[0], "data"))).toEqual([1, 2.5])
  })

  it("are pictures of all that can be drawn or read, in the order in which they were logged", async () => {
    const run = await begin()
    const file = join(freshFolder(), "shown.svg")
    writeFileSync(file, svg)
    const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 128) }
    const blob = new Blob([svg])
    const png = Buffer.from(await pngOf(pixels))
    run.image("all", { convertToBlob: () => new Promise((resolve) => setImmediate(() => resolve(blob))) }, { caption: "first" })
    run.image("all", svg, { caption: "second" })
    run.image("all", pixels)
    run.image("all", blob)
    run.image("all", { toBlob: (callback) => callback(blob) })
    run.image("all", { toBuffer: () => svg })
    run.image("all", file)
    const within = new Uint8Array([0, ...svg, 0])
    run.image("all", within.subarray(1, svg.length + 1))
    run.image("all", svg.buffer.slice(svg.byteOffset, svg.byteOffset + svg.length))
    // What the caller does afterwards changes nothing.
    within.fill(0)
    pixels.data.fill(0)
    await finished(run)

    const [all] = await traces(run, "images")
    expect(all).toMatchObject({ name: "all", iters: [0, 1, 2, 3, 4, 5, 6, 7, 8] })
    expect(at(all?.values[0], 0)).toMatchObject({ caption: "first", format: "svg+xml", width: 4, height: 3 })
    expect(at(all?.values[1], 0)).toMatchObject({ caption: "second", format: "svg+xml" })
    expect(at(all?.values[2], 0)).toMatchObject({ caption: "", format: "PNG", width: 2, height: 1 })
    const bytes = await bytesOf("images", all!)
    for (const [i, each] of bytes.entries()) if (i !== 2) expect(each.toString(), `image ${i}`).toBe(svg.toString())
    expect(bytes[2]).toEqual(png)
  })

  it("never share their bytes, whatever their names, contexts and steps are", async () => {
    const run = await begin()
    const contexts = [{ subset: "train" }, { subset: "val" }]
    const names = ["a/b", "a_b", "..", "//", "é\u0007", "x".repeat(512)]
    for (const context of contexts) for (const name of names) run.image(name, svgOf(name, context), { step: 1, context })
    await finished(run)

    const found = await traces(run, "images")
    expect(found).toHaveLength(names.length * contexts.length)
    for (const trace of found)
      expect((await bytesOf("images", trace)).map(String)).toEqual([svgOf(trace.name, trace.context).toString()])
  })

  it("are sounds: files as they are, and samples as WAV", async () => {
    const run = await begin()
    const flac = Buffer.from("fLaC and so on")
    const file = join(freshFolder(), "heard.opus")
    writeFileSync(file, "no known head")
    run.audio("mono", Float32Array.of(0, 1, -1), { rate: 8_000, caption: "tone" })
    const buffer = { numberOfChannels: 2, sampleRate: 44_100, getChannelData: (channel: number) => Float32Array.of(channel) }
    run.audio("stereo", buffer)
    run.audio("flac", flac)
    run.audio("file", file)
    await finished(run)

    const found = await traces(run, "audios")
    expect(found.map(({ name }) => name)).toEqual(["file", "flac", "mono", "stereo"])
    expect(found.map(({ values }) => at(values[0], 0, "format"))).toEqual(["opus", "flac", "wav", "wav"])
    expect(at(found[2]?.values[0], 0, "caption")).toBe("tone")
    const [opus, asFlac, mono, stereo] = (await Promise.all(found.map((trace) => bytesOf("audios", trace)))).flat()
    expect(String(opus)).toBe("no known head")
    expect(asFlac).toEqual(flac)
    expect([mono?.readUInt32LE(24), mono?.length, mono?.readInt16LE(46)]).toEqual([8_000, 50, 32_767])
    expect([stereo?.readUInt16LE(22), stereo?.readUInt32LE(24), stereo?.readInt16LE(46)]).toEqual([2, 44_100, 32_767])
  })

  it("are problems of the run where they make no sense, and nothing is thrown", async () => {
    const run = await begin()
    const wrong = (value: unknown): never => value as never
    for (const value of [undefined, null, 7, "none.png", {}, [], Symbol("s"), () => 1, Object.create(null)]) {
      run.image("shown", wrong(value))
      run.audio("heard", wrong(value))
      run.figure("plot", wrong(value))
      run.distribution("weights", wrong(value))
      expect(await run.artifact(wrong(value), { path: "a.bin" })).toMatchObject({ state: "refused" })
    }
    run.custom("own", wrong("text"))
    run.image("shown", Buffer.from("no picture"))
    run.image("drawn", { toBlob: (callback) => callback(null) })
    run.distribution("weights", [])
    run.distribution("weights", { counts: [1, -1], range: [0, 1] })
    run.text("says", "still here")
    const problems = await problemsOf(run)
    expect(problems.length).toBeGreaterThan(10)
    const said = problems.join("\n")
    expect(said).toContain("image shown is not logged: it is no PNG, JPEG, GIF, WebP, BMP or SVG, and no format is given")
    expect(said).toContain("image drawn is not logged: the canvas could not be drawn")
    expect(said).toContain("distribution weights is not logged: it has no finite value")
    expect(said).toMatch(/image shown is not logged: there is no file .*none\.png/)
    expect(await traces(run, "texts")).toMatchObject([{ name: "says", values: [[{ data: "still here" }]] }])
  })
})

const svgOf = (name: string, context: unknown): Buffer => Buffer.from(`<svg><!-- ${JSON.stringify([name, context])} --></svg>`)

describe("artifacts of the SDK", () => {
  const content = (seed: number, bytes: number): Buffer<ArrayBuffer> =>
    Buffer.alloc(bytes, createHash("sha512").update(String(seed)).digest())

  it("are files, bytes, blobs, streams and texts", async () => {
    const run = await begin()
    const file = join(freshFolder(), "best model.json")
    writeFileSync(file, '{"best":true}')
    const chunks = async function* () {
      for (let i = 0; i < 3; i++) yield content(i, 100_000)
    }
    const changed = content(9, 10)
    const results = await Promise.all([
      run.artifact(file),
      run.artifact(file, { path: "models/é.bin", contentType: "application/x-model" }),
      run.artifact(changed, { path: "bytes.bin" }),
      run.artifact(new Blob([content(4, 50)]), { path: "blob.bin" }),
      run.artifact(new Blob([content(5, 200_000)]).stream(), { path: "stream.bin" }),
      run.artifact(chunks(), { path: "chunks.bin" }),
      run.artifact({ text: "grüße" }, { path: "notes/text.md" }),
      run.artifact(new Uint8Array(), { path: "empty" }),
      Promise.resolve(changed.fill(0)),
    ])
    expect(results.slice(0, -1)).toEqual(
      [
        ["best model.json", 13],
        ["models/é.bin", 13],
        ["bytes.bin", 10],
        ["blob.bin", 50],
        ["stream.bin", 200_000],
        ["chunks.bin", 300_000],
        ["notes/text.md", 7],
        ["empty", 0],
      ].map(([path, bytes]) => ({ path, bytes, files: 1, state: "uploaded" })),
    )
    await finished(run)
    const expected: Readonly<Record<string, readonly [type: string, bytes: Buffer]>> = {
      "best model.json": ["application/json", Buffer.from('{"best":true}')],
      "models/é.bin": ["application/x-model", Buffer.from('{"best":true}')],
      "bytes.bin": ["application/octet-stream", content(9, 10)],
      "blob.bin": ["application/octet-stream", content(4, 50)],
      "stream.bin": ["application/octet-stream", content(5, 200_000)],
      "chunks.bin": ["application/octet-stream", Buffer.concat([0, 1, 2].map((i) => content(i, 100_000)))],
      "notes/text.md": ["text/markdown", Buffer.from("grüße")],
      empty: ["application/octet-stream", Buffer.alloc(0)],
    }
    const listed = at(await rest.get(`/runs/${run.id}/info/`), "artifacts") as readonly Json[]
    expect(listed.map((each) => at(each, "path")).toSorted()).toEqual(Object.keys(expected).toSorted())
    for (const [path, [type, bytes]] of Object.entries(expected)) {
      const found = await download(run, path)
      expect(found.type, path).toContain(type)
      expect(found.bytes.equals(bytes), path).toBe(true)
    }
  })

  it("are folders with all that is below, and progress over all of it", async () => {
    const run = await begin()
    const root = join(freshFolder(), "report")
    mkdirSync(join(root, "deep/er"), { recursive: true })
    const files = { "a.txt": 10, "deep/b.csv": 20, "deep/er/c d.json": 0, ".hidden": 5 }
    for (const [path, bytes] of Object.entries(files)) writeFileSync(join(root, path), content(1, bytes))
    writeFileSync(join(root, "bad\nname"), "x")
    const told: (readonly [number, number])[] = []
    const result = await run.artifact(root, { onProgress: (uploaded, size) => told.push([uploaded, size]) })
    expect(result).toEqual({ path: "report", files: 5, bytes: 36, state: "refused" })
    expect(told.every(([uploaded, size], i) => size === 36 && uploaded >= (told[i - 1]?.[0] ?? 0))).toBe(true)
    expect(told.at(-1)).toEqual([35, 36])
    await run.artifact(root, { path: "" })
    const problems = await problemsOf(run)
    expect(problems).toContainEqual(expect.stringContaining("its path has control characters"))
    const listed = at(await rest.get(`/runs/${run.id}/info/`), "artifacts") as readonly Json[]
    const paths = listed.map((each) => String(at(each, "path")))
    expect(paths.toSorted()).toEqual(
      Object.keys(files)
        .flatMap((path) => [path, `report/${path}`])
        .toSorted(),
    )
    for (const [path, bytes] of Object.entries(files))
      expect((await download(run, `report/${path}`)).bytes.equals(content(1, bytes)), path).toBe(true)
  })

  it.each([
    ["../up", "an empty part, or one that is . or .."],
    ["a//b", "an empty part"],
    ["/absolute", "an empty part"],
    ["seq/shown/1.png", "begins with seq"],
    ["x".repeat(1025), "more than 1,024 bytes"],
    ["a\u0000b", "control characters"],
  ])("are refused at a path that the server would not keep (case %#)", async (path, problem) => {
    const run = await begin({ mode: "dry" })
    expect(await run.artifact(Buffer.from("x"), { path })).toMatchObject({ state: "refused" })
    expect((await run.finish()).problems).toContainEqual(expect.stringContaining(problem))
  })

  it("are refused by name where their source fails", async () => {
    const run = await begin()
    const failing = async function* () {
      yield Buffer.from("some")
      throw new Error("the disk of the source broke")
    }
    expect(await run.artifact(failing(), { path: "half.bin" })).toMatchObject({ state: "refused" })
    expect(await run.artifact(Buffer.from("nameless"))).toMatchObject({ state: "refused" })
    expect(await run.artifact(join(freshFolder()))).toMatchObject({ state: "refused" })
    const problems = await problemsOf(run)
    expect(problems.join("\n")).toContain("artifact half.bin is not logged: the disk of the source broke")
    expect(problems.join("\n")).toContain("what is no file needs a path")
    expect(problems.join("\n")).toContain("the folder is empty")
    expect(at(await rest.get(`/runs/${run.id}/info/`), "artifacts")).toEqual([])
  })

  it("are refused by name where the file was changed before it was uploaded; a copied one is as it was", async () => {
    const place = freshFolder()
    const files = freshFolder()
    const path = (name: string): string => join(files, name)
    for (const name of ["changed", "gone", "copied", "same"]) writeFileSync(path(name), "first")
    const offline = await begin({ mode: "offline", spool: { place } })
    const waiting = [
      offline.artifact(path("changed"), { copy: false }),
      offline.artifact(path("gone"), { copy: false }),
      offline.artifact(path("copied")),
      offline.artifact(path("same"), { copy: false }),
    ]
    expect((await Promise.all(waiting)).map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting", "waiting"])
    expect((await offline.finish()).state).toBe("left-in-spool")
    writeFileSync(path("changed"), "other")
    utimesSync(path("changed"), 1, 1)
    writeFileSync(path("copied"), "other")
    rmSync(path("gone"))
    const run = await begin({ resume: offline.id, spool: { place } })
    const problems = await problemsOf(run)
    expect(problems.toSorted()).toEqual([
      `changed was not uploaded: ${path("changed")} was changed or removed after it was logged`,
      `gone was not uploaded: ${path("gone")} was changed or removed after it was logged`,
    ])
    expect((await download(run, "copied")).bytes.toString()).toBe("first")
    expect((await download(run, "same")).bytes.toString()).toBe("first")
  })
})
