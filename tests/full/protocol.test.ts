/** The protocol matyan.v1 over the end of a server. */
import { isDeepStrictEqual } from "node:util"
import { afterEach, expect, it } from "vitest"
import type { Frame } from "../../domain/frame.ts"
import { createRun } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { messagesOf, openFrameSocket, pointsIn, pointsOf } from "../support/frame-socket.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const writer = "a".repeat(32)
const ok = (seq: number) => ({
  status: "ok",
  error: null,
  writer,
  seq,
  position: expect.stringMatching(/^(data-ingestion|control-events)\/\d+\/\d+/),
})
const frame = (seq: number, ...sections: Frame["sections"]): Frame => ({ writer, seq, sections })
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
const expectSoon = ({ backendUrl }: Server, count: number): Promise<unknown> =>
  until("all points", () => pointsIn(backendUrl, "run", "loss"), (seen) => isDeepStrictEqual(seen, [numbers(count), numbers(count)])) // prettier-ignore

it("a frame that is sent again after a crash of the server counts once", async () => {
  let server = await startServer(freshFolder())
  const frames = [
    frame(0, messagesOf(createRun()), pointsOf("loss", [0, 1])),
    frame(1, pointsOf("loss", [2]), messagesOf({ type: "add_tag", tag_name: "t" }), pointsOf("loss", [3])),
    frame(2, pointsOf("loss", [4])),
  ]
  const first = await openFrameSocket(server.frontierUrl, "run")
  await Promise.all(frames.map(first.send))
  await server.kill()
  await first.closed
  server = await server.restart()
  const second = await openFrameSocket(server.frontierUrl, "run")
  await Promise.all([...frames, frame(3, pointsOf("loss", [5]))].map(second.send))
  await expectSoon(server, 6)
})

it("frames are answered when the server is told to stop, or counted once when they are sent again", async () => {
  let server = await startServer(freshFolder())
  const socket = await openFrameSocket(server.frontierUrl, "run")
  const frames = numbers(50).map((seq) => frame(seq, pointsOf("loss", [seq])))
  const answers = frames.map((sent) => socket.send(sent).catch(() => null))
  await answers[0]
  await server.stop()
  expect((await socket.closed).code).toBe(1001)
  const answered = (await Promise.all(answers)).filter((answer) => answer !== null)
  expect(answered).toEqual(answered.map((_, seq) => ok(seq)))
  server = await server.restart()
  const again = await openFrameSocket(server.frontierUrl, "run")
  expect(await Promise.all(frames.map(again.send))).toEqual(frames.map(({ seq }) => ok(seq)))
  await expectSoon(server, 50)
})
