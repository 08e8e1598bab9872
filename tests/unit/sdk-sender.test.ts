/** How a connection is kept up, and what becomes of frames that the gateway does not take. */
import { describe, expect, it } from "vitest"
import { encodeFrame } from "../../domain/frame.ts"
import { awayOf } from "../../sdk/away.ts"
import { outboxOf } from "../../sdk/outbox.ts"
import { senderOf } from "../../sdk/sender.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import { Network } from "../support/sdk-network.ts"

const writer = "0123456789abcdef0123456789abcde0"

const opened = () => {
  const network = new Network()
  const problems: string[] = []
  const problem = (text: string): void => void problems.push(text)
  const spool = memorySpool(writer, "run", "http://gateway", 2 ** 20)
  const outbox = outboxOf(spool, { keepBytes: 2 ** 20, onReady: () => sender.pump(), problem })
  const { platform } = network
  const onAnswer = (): void => {}
  const options = { platform, url: "http://gateway", runId: "run", bufferBytes: 2 ** 20, onAnswer, problem }
  const sender = senderOf({ ...options, lanes: [outbox] })
  const seal = (text: string): void => {
    const seq = outbox.next()
    outbox.append({ seq, bytes: encodeFrame({ writer, seq, sections: [{ kind: "messages", json: text }] }) })
    sender.pump()
  }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }
  return { network, problems, spool, outbox, sender, seal, settle }
}

describe("a sender", () => {
  it("gives up a frame over which the gateway closed three times, names it, and sends the rest", async () => {
    const { network, problems, outbox, seal, settle } = opened()
    for (const text of ["[0]", "[1]", "[2]"]) seal(text)
    for (let closed = 0; closed < 3; closed++) {
      expect(problems).toEqual([])
      network.happen("open")
      network.happen("answer")
      await settle()
      network.close(1002, "section 1 is no section")
      network.happen("pass time")
    }
    expect(problems).toEqual(["the server refused what was logged: section 1 is no section"])
    for (let round = 0; !outbox.isDone() && round < 20; round++) {
      for (const what of ["open", "answer", "serve"] as const) network.happen(what)
      await settle()
    }
    expect(network.folded.map(({ text }) => text)).toEqual(["[1]", "[2]"])
  })

  it("gives up a frame for which the gateway closed at once, not those before it that it had no time to answer", async () => {
    const { network, problems, outbox, seal, settle } = opened()
    for (const text of ["[0]", "[1]", "too large", "[3]"]) seal(text)
    for (let round = 0; !outbox.isDone() && round < 100; round++) {
      for (const what of ["open", "answer"] as const) network.happen(what)
      await settle()
      if (network.sent().includes("too large")) network.close(1009, "too large")
      else network.happen("serve")
      for (const what of ["answer", "pass time"] as const) network.happen(what)
      await settle()
    }
    expect(problems).toEqual(["the server refused what was logged: too large"])
    expect(network.folded.map(({ text }) => text)).toEqual(["[0]", "[1]", "[3]"])
  })

  it("gives nothing up for being cut off, however often", async () => {
    const { network, problems, outbox, seal, settle } = opened()
    seal("[0]")
    for (let cuts = 0; cuts < 20; cuts++) {
      for (const what of ["open", "answer", "cut", "pass time"] as const) network.happen(what)
      await settle()
    }
    expect(outbox.waiting()).toBe(1)
    expect(problems).toEqual([])
  })

  it("names what of a frame was refused, and counts it as answered", () => {
    const { network, problems, spool, outbox, seal } = opened()
    seal("[0]")
    network.happen("open")
    network.happen("answer")
    network.say(JSON.stringify({ status: "error", error: "name is reserved", writer, seq: 0 }))
    expect(problems).toEqual(["the server refused what was logged: name is reserved"])
    expect(outbox.isDone()).toBe(true)
    expect(spool.bytes).toBe(0)
  })

  it("knows the last position of each partition that was answered, whatever is answered again", () => {
    const { network, sender, seal } = opened()
    expect(sender.position()).toBe("")
    for (const text of ["[0]", "[1]", "[2]"]) seal(text)
    network.happen("open")
    network.happen("answer")
    for (const [seq, position] of ["data-ingestion/3/9", undefined, "data-ingestion/3/10,control-events/0/2"].entries())
      network.say(JSON.stringify({ status: "ok", error: null, writer, seq, position }))
    expect(sender.position()).toBe("data-ingestion/3/10,control-events/0/2")
    seal("[3]")
    network.say(JSON.stringify({ status: "ok", error: null, writer, seq: 3, position: "data-ingestion/3/8" }))
    expect(sender.position()).toBe("data-ingestion/3/10,control-events/0/2")
  })

  it.each(["no JSON", "null", '{"status":"ok"}', JSON.stringify({ status: "ok", writer, seq: 7 })])(
    "connects again where the answer is %s",
    async (text) => {
      const { network, sender, outbox, seal, settle } = opened()
      seal("[0]")
      network.happen("open")
      network.happen("answer")
      network.say(text)
      expect(sender.isConnected()).toBe(false)
      for (const what of ["pass time", "open", "answer"] as const) network.happen(what)
      await settle()
      for (const what of ["serve", "answer"] as const) network.happen(what)
      expect(outbox.isDone()).toBe(true)
    },
  )

  it("waits longer from try to try, but never longer than seven and a half seconds", () => {
    const { network } = opened()
    const waits: number[] = []
    for (let tries = 0; tries < 30; tries++) {
      const before = network.now
      network.happen("refuse")
      network.happen("pass time")
      waits.push(network.now - before)
    }
    expect(waits[0]).toBeLessThanOrEqual(75)
    expect(Math.min(...waits.slice(10))).toBeGreaterThanOrEqual(2_500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(7_500)
  })

  it("leaves a server that does not say which protocol it speaks", () => {
    const { network, sender } = opened()
    network.happen("pass time")
    expect(network.now).toBe(10_000)
    expect(sender.isConnected()).toBe(false)
  })

  it("sends nothing once it is closed", async () => {
    const { network, sender, seal, settle } = opened()
    network.happen("open")
    network.happen("answer")
    sender.close()
    seal("[0]")
    for (const what of ["pass time", "open", "answer", "serve"] as const) network.happen(what)
    await settle()
    expect(network.folded).toEqual([])
  })
})

describe("who tells that the server is away", () => {
  it("does so once for each time, after five seconds, and says when it is back", () => {
    const network = new Network()
    const said: string[] = []
    const away = awayOf(
      network.platform,
      (reason) => said.push(`away: ${reason}`),
      () => said.push("back"),
    )
    away.change(false, "refused")
    away.change(false, "refused again")
    network.happen("pass time")
    expect(network.now).toBe(5_000)
    away.change(false, "still")
    network.happen("pass time")
    away.change(true, "")
    away.change(false, "a moment")
    away.change(true, "")
    network.happen("pass time")
    expect(said).toEqual(["away: refused again", "back"])
  })
})
