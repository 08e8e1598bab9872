import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EventReader } from "../../sdk/read/event-stream.ts"

const read = (...texts: readonly string[]) => {
  const reader = new EventReader()
  return { events: texts.flatMap((text) => reader.read(text)), retry: reader.retryMillis }
}

describe("server-sent events", () => {
  test("are read as the server writes them, with what only brings an id, and without comments", () => {
    const text = ': hello\nretry: 1000\nid: a\n\nevent: run\nid: b\ndata: {"id":"r"}\n\n: still here\nid: c\n\n: nothing\n\n'
    expect(read(text)).toEqual({
      events: [
        { event: "message", data: null, id: "a" },
        { event: "run", data: '{"id":"r"}', id: "b" },
        { event: "message", data: null, id: "c" },
      ],
      retry: 1_000,
    })
  })

  test("may have several lines of data, no blank, any line ends, and fields that nobody knows", () => {
    expect(read("data:one\r\ndata: two\rdata\nother: x\nid:7\r\n\r\n").events).toEqual([
      { event: "message", data: "one\ntwo\n", id: "7" },
    ])
    expect(read("data: x\n\ndata: y\n\n").events.map(({ data }) => data)).toEqual(["x", "y"])
    expect(read("id: bad\0one\nretry: soon\ndata: x\n\n")).toMatchObject({ events: [{ id: "" }], retry: null })
  })

  test("are not told before they are complete", () => expect(read("event: run\ndata: x\n").events).toEqual([]))

  test("are the same whatever the chunks", () => {
    const text = "retry: 5\r\nid: a\r\n\r\nevent: run\r\nid: b\r\ndata: é\r\ndata: 2\r\n\r\n: c\r\nid: d\r\n\r\n"
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (ends) => {
        const cuts = [0, ...ends, text.length].sort((a, b) => a - b)
        const chunks = cuts.slice(1).map((end, i) => text.slice(cuts[i], end))
        expect(read(...chunks)).toEqual(read(text))
      }),
    )
  })
})
