import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeFrame } from "../../domain/frame-decode.ts"
import { encodeFrame, type Frame } from "../../domain/frame.ts"
import { createRun, metric, openSocket, terminalLine } from "../support/client-frames.ts"
import { messagesOf, openFrameSocket, pointsIn, pointsOf } from "../support/frame-socket.ts"
import { restOf } from "../support/rest.ts"
import { endAll, type ServerProcess, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-protocol-"))
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(folder, { MATYAN_LIMIT_FRAME_BYTES: "100000" })
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const [a, b] = ["a".repeat(32), "b".repeat(32)] as const
const ok = (writer: string, seq: number) => ({
  status: "ok",
  error: null,
  writer,
  seq,
  position: expect.stringMatching(/^(data-ingestion|control-events)\/\d+\/\d+/),
})
const soon = (run: string, name: string, steps: readonly number[], values: readonly number[]): Promise<unknown> =>
  until(`${name} of ${run}`, () => pointsIn(server.backendUrl, run, name), (seen) => isDeepStrictEqual(seen, [steps, values])) // prettier-ignore
const frame = (writer: string, seq: number, ...sections: Frame["sections"]): Frame => ({ writer, seq, sections })

describe("a socket of matyan.v1", () => {
  it("is had by asking for it, and says what it takes", async () => {
    const socket = await openFrameSocket(server.frontierUrl, "asked")
    expect(socket.protocol).toBe("matyan.v1")
    expect(socket.greeting).toEqual({ protocol: "matyan.v1", frame_bytes: 100_000, frames_in_flight: 64 })
    socket.close()
  })

  it("counts a frame once that is sent again, on the same socket and on others", async () => {
    const frames = [
      frame(a, 0, messagesOf(createRun()), pointsOf("loss", [1, 2])),
      frame(a, 1, pointsOf("loss", [3]), messagesOf({ type: "add_tag", tag_name: "t" }), pointsOf("loss", [4])),
      frame(a, 2, pointsOf("loss", [5])),
    ]
    const first = await openFrameSocket(server.frontierUrl, "again")
    const answers = await Promise.all([...frames, ...frames].map(first.send))
    expect(answers).toEqual([0, 1, 2, 0, 1, 2].map((seq) => ok(a, seq)))
    const second = await openFrameSocket(server.frontierUrl, "again")
    await Promise.all([...frames.slice(1), frame(a, 3, pointsOf("loss", [6]))].map(second.send))
    await soon("again", "loss", [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6])
    for (const socket of [first, second]) socket.close()
  })

  it("takes several writers, whose points without steps and lines without steps count on from whatever came last", async () => {
    const socket = await openFrameSocket(server.frontierUrl, "both")
    const stock = await openSocket(server.frontierUrl, "both")
    const line = (text: string) => messagesOf({ type: "log_terminal_line", line: text, step: null })
    await socket.send(frame(a, 0, messagesOf(createRun()), pointsOf("loss", [0, 1]), line("none")))
    await stock.send([metric("loss", 7, 2), terminalLine("seven", 7)])
    await socket.send(frame(b, 0, pointsOf("loss", [3]), line("eight"), line("nine")))
    await socket.send(frame(a, 1, pointsOf("loss", [4]), line("ten")))
    await socket.send(frame(b, 1, pointsOf("loss", [5], [20])))
    await soon("both", "loss", [0, 1, 7, 8, 9, 20], [0, 1, 2, 3, 4, 5])
    const lines = await restOf(server.backendUrl).tree("/runs/both/logs?record_range=0:100")
    expect(lines).toEqual({ 0: "none", 7: "seven", 8: "eight", 9: "nine", 10: "ten" })
    socket.close()
    stock.close()
  })

  it("refuses what is wrong in a frame for good, names it, and keeps the rest", async () => {
    const socket = await openFrameSocket(server.frontierUrl, "wrong")
    const bad = frame(a, 0, messagesOf({ type: "nope" }, createRun()), pointsOf("", [1]), pointsOf("loss", [1]))
    for (let sends = 0; sends < 2; sends++) {
      const { status, error, seq } = await socket.send(bad)
      expect([status, seq]).toEqual(["error", 0])
      expect(error).toMatch(/^section 0: item 0: Input tag 'nope' [^\n]*\nsection 1: points of {2}: name is empty$/)
    }
    // What states nothing has no place in the log.
    expect(await socket.send(frame(a, 1))).toEqual({ status: "ok", error: null, writer: a, seq: 1 })
    await soon("wrong", "loss", [0], [1])
    socket.close()
  })

  it.each([
    ["text", '{"type":"create_run"}', 1003, "frames of this protocol are binary"],
    ["of another version", new Uint8Array([2]), 1002, "frames of version 2 are not read here, only of version 1"],
    [
      "cut short",
      encodeFrame(frame(b, 0, pointsOf("loss", [1]))).subarray(0, -1),
      1002,
      /^1 points do not fit|numbers do not fit/,
    ],
  ])(
    "closes for a frame that is %s, after what came before is answered, and takes nothing after it",
    async (_, sent, code, reason) => {
      const socket = await openFrameSocket(server.frontierUrl, `closes-${code}`)
      const before = socket.send(frame(a, 0, messagesOf(createRun()), pointsOf("loss", [1])))
      const unread = socket.send(sent).catch(String)
      const after = socket.send(frame(a, 1, pointsOf("loss", [2]))).catch(String)
      expect(await before).toEqual(ok(a, 0))
      const closed = await socket.closed
      expect(closed.code).toBe(code)
      expect(closed.reason).toMatch(reason)
      expect([await unread, await after]).toEqual([expect.stringMatching("ended"), expect.stringMatching("ended")])
      await soon(`closes-${code}`, "loss", [0], [1])
    },
  )

  it("closes at once for a frame that is too large", async () => {
    const socket = await openFrameSocket(server.frontierUrl, "large")
    await expect(socket.send(new Uint8Array(100_001))).rejects.toThrow("the socket ended with 1009")
  })

  it("leaves who asks for another protocol, or none, to the stock one", async () => {
    for (const offered of [[], ["other"]]) {
      const socket = new WebSocket(`${server.frontierUrl.replace("http", "ws")}/api/v1/ws/runs/stock`, offered)
      const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)))
      await new Promise((resolve) => socket.addEventListener("open", resolve))
      expect(socket.protocol).toBe(offered[0] ?? "")
      socket.send(JSON.stringify(createRun()))
      expect(await heard).toBe('{"status":"ok","error":null}')
      const closed = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)))
      socket.send(encodeFrame(frame(a, 0)).slice())
      expect(await closed).toBe(1000)
    }
  })
})

it("the frame in docs/protocol.md is what it is said to be", () => {
  const text = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8")
  const example = /\n```\n(01 [^`]+)```/.exec(text)?.[1] ?? ""
  const hex = example.split("\n").map((line) => line.slice(0, 51).replaceAll(" ", "")).join("") // prettier-ignore
  const bytes = Buffer.from(hex, "hex")
  const times = [0, 250_000, 250_001].map((after) => 1_767_225_600_000_000 + after)
  const loss = { ...pointsOf("loss", [0.5, 0.25, Number.NaN]), context: '{"subset":"train"}', epochs: [1, 1, 1], times }
  const said = frame("8f14e45fceea167a5a36dedd4bea2542", 300, messagesOf({ type: "add_tag", tag_name: "a" }), loss)
  expect(bytes.toString("hex")).toBe(hex)
  expect(encodeFrame(said)).toEqual(new Uint8Array(bytes))
  expect(decodeFrame(bytes)).toMatchObject({ writer: said.writer, seq: 300 })
})
