/** What is sealed is folded once and in its order, whatever becomes of connections and processes. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeFrame } from "../../domain/frame.ts"
import { type Outbox, outboxOf } from "../../sdk/outbox.ts"
import type { Spool } from "../../sdk/platform.ts"
import { type Sender, senderOf } from "../../sdk/sender.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import { type Happening, Network } from "../support/sdk-network.ts"

type Deed = Happening | "seal" | "die"

const aDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Deed>("open", "serve", "answer", "pass time") },
  { weight: 4, arbitrary: fc.constant<Deed>("seal") },
  { weight: 2, arbitrary: fc.constantFrom<Deed>("cut", "refuse") },
  { weight: 1, arbitrary: fc.constant<Deed>("die") },
)

/** What of the process's memory a crash loses: all but the spools. */
class Client {
  readonly spools: readonly Spool[]
  readonly #own: Outbox
  readonly #all: readonly Outbox[]
  readonly #sender: Sender

  constructor(network: Network, earlier: readonly Spool[], keepBytes: number) {
    const problem = (text: string): void => {
      throw new Error(text)
    }
    const onReady = (): void => this.#sender.pump()
    const spool = memorySpool(String(earlier.length).padStart(31, "a") + "0", "run", "http://gateway", 2 ** 26)
    this.spools = [...earlier, spool]
    this.#all = this.spools.map((spool) => outboxOf(spool, { keepBytes, onReady, problem }))
    this.#own = this.#all.at(-1)!
    const { platform } = network
    const url = "http://gateway"
    const onAnswer = (): void => {}
    this.#sender = senderOf({ lanes: this.#all, platform, url, runId: "run", bufferBytes: 2 ** 20, onAnswer, problem })
  }

  get isDone(): boolean {
    return this.#all.every((outbox) => outbox.isDone())
  }

  seal(text: string): void {
    const { writer } = this.#own
    const seq = this.#own.next()
    this.#own.append({ seq, bytes: encodeFrame({ writer, seq, sections: [{ kind: "messages", json: text }] }) })
    this.#sender.pump()
  }

  die(): void {
    this.#sender.close()
  }
}

/** Until what waits for nothing but a promise has come. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve()
}

describe("sending", () => {
  it("Law 2: folds every sealed frame once and in order over connections and processes that end anywhere", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(aDeed, { maxLength: 3 }), { maxLength: 100, size: "max" }),
        fc.constantFrom(0, 100, 2 ** 20),
        async (turns, keepBytes) => {
          const network = new Network()
          let client = new Client(network, [], keepBytes)
          let sealed = 0
          for (const turn of turns) {
            for (const deed of turn)
              if (deed === "seal") client.seal(`[${sealed++}]`)
              else if (deed === "die") {
                client.die()
                client = new Client(network, client.spools, keepBytes)
              } else network.happen(deed)
            await settled()
          }
          for (let rounds = 0; !client.isDone; rounds++) {
            expect(rounds).toBeLessThan(2_000)
            for (const what of ["open", "serve", "answer", "pass time"] as const) network.happen(what)
            await settled()
          }
          client.die()
          expect(network.folded.map(({ text }) => text)).toEqual(Array.from({ length: sealed }, (_, i) => `[${i}]`))
          expect(client.spools.reduce((bytes, spool) => bytes + spool.bytes, 0)).toBe(0)
        },
      ),
      { numRuns: 500 },
    ))
})
