import { Effect, Exit, Fiber, ManagedRuntime, type Layer } from "effect"
import fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { KeyValueStore, type Row, type StoreFault, type Transaction } from "../../domain/ports/key-value-store.ts"

type StoreLayer = Layer.Layer<KeyValueStore, unknown>

/** How the suite gets at a backend: each `open` of one `fresh()` is another connection to the same, at first empty, store. */
export interface StoreUnderTest {
  readonly fresh: () => StoreLayer
}

const b = (text: string): Uint8Array => Buffer.from(text, "latin1")
const t = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("latin1")
const texts = (rows: readonly Row[]): readonly (readonly [string, string])[] => rows.map(([k, v]) => [t(k)!, t(v)!])
const le64 = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** A connection that the test ends. */
const connect = (layer: StoreLayer) => {
  const runtime = ManagedRuntime.make(layer)
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (store: KeyValueStore["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    runtime.runPromise(Effect.flatMap(KeyValueStore, of))
  return {
    run,
    write: <A>(body: (tx: Transaction) => Promise<A>): Promise<A> => run((store) => store.write(body)),
    read: <A>(body: Parameters<KeyValueStore["Service"]["read"]>[0]): Promise<A> =>
      run((store) => store.read(body) as Effect.Effect<A, StoreFault>),
    all: (): Promise<readonly (readonly [string, string])[]> =>
      run((store) => store.read(async (tx) => texts(await tx.range(b(""), b("\xfe"))))),
    fork: <A, E>(of: (store: KeyValueStore["Service"]) => Effect.Effect<A, E>) =>
      runtime.runFork(Effect.flatMap(KeyValueStore, of)),
    close: () => runtime.dispose(),
  }
}

/** The promises of {@link KeyValueStore}, for any adapter. */
export const keyValueStoreSuite = (name: string, { fresh }: StoreUnderTest): void => {
  describe(`KeyValueStore: ${name}`, () => {
    describe("keys and values", () => {
      test("a value comes back as it was set, whatever its bytes and length", async () => {
        const store = connect(fresh())
        const values = [new Uint8Array(0), new Uint8Array([0, 255, 0, 254]), new Uint8Array(90_000).fill(7)]
        await store.write(async (tx) => values.forEach((value, i) => tx.set(b(`k${i}`), value)))
        const got = await store.run((s) => s.read((tx) => Promise.all(values.map((_, i) => tx.get(b(`k${i}`))))))
        expect(got.map((v) => v && Buffer.from(v).equals(values[got.indexOf(v)]!))).toEqual([true, true, true])
        expect(await store.run((s) => s.read((tx) => tx.get(b("absent"))))).toBeUndefined()
      })

      test("what get and range answer stays as it is when more is read", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => ["a", "b", "c"].forEach((k) => tx.set(b(k), b(k.repeat(50)))))
        const [first, rows] = await store.run((s) =>
          s.read(async (tx) => {
            const first = await tx.get(b("a"))
            const rows = await tx.range(b("a"), b("c"))
            await tx.get(b("c"))
            await tx.range(b("a"), b("z"))
            return [first, rows] as const
          }),
        )
        expect(t(first)).toBe("a".repeat(50))
        expect(texts(rows)).toEqual([
          ["a", "a".repeat(50)],
          ["b", "b".repeat(50)],
        ])
      })

      test("a buffer that is reused after set does not change what was set", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          const [key, value] = [b("key"), b("value")]
          tx.set(key, value)
          key.fill(0x7a)
          value.fill(0x7a)
        })
        expect(await store.all()).toEqual([["key", "value"]])
      })

      test("keys are ordered by their bytes, unsigned", async () => {
        const store = connect(fresh())
        const keys = ["\xfd", "b", "a\x80", "a", "a\0", "\0", "\x7f", "a\xff", "\x80"]
        await store.write(async (tx) => keys.forEach((key) => tx.set(b(key), b(""))))
        expect((await store.all()).map(([key]) => key)).toEqual(["\0", "a", "a\0", "a\x80", "a\xff", "b", "\x7f", "\x80", "\xfd"])
      })

      test("keys of 1,900 bytes are taken, and a key that is too long is refused before anything is written", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => tx.set(b("k".repeat(1_900)), b("v")))
        await expect(
          store.write(async (tx) => {
            tx.set(b("before"), b("v"))
            tx.set(b("k".repeat(20_000)), b("v"))
          }),
        ).rejects.toThrow()
        expect((await store.all()).map(([key]) => key.length)).toEqual([1_900])
      })
    })

    describe("reading what the transaction wrote", () => {
      test("get sees sets, clears, additions and range clears, the last one deciding", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => ["a1", "a2", "b1"].forEach((k) => tx.set(b(k), b("old"))))
        const seen = await store.write(async (tx) => {
          tx.set(b("a3"), b("new"))
          tx.clearRange(b("a"), b("b"))
          tx.set(b("a2"), b("again"))
          tx.clear(b("b1"))
          return Promise.all(["a1", "a2", "a3", "b1"].map(async (k) => t(await tx.get(b(k)))))
        })
        expect(seen).toEqual([undefined, "again", undefined, undefined])
        expect(await store.all()).toEqual([["a2", "again"]])
      })

      test("Law 6: a prefix cleared after sets under it keeps none of them", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          tx.set(b("run/1"), b("x"))
          tx.set(b("run/2"), b("x"))
          tx.set(b("run0"), b("kept"))
          tx.clearRange(b("run/"), b("run0"))
        })
        expect(await store.all()).toEqual([["run0", "kept"]])
      })

      test("ranges over staged and stored keys equal a sorted map, both ways, with limits, while staging and after", async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.array(command, { maxLength: 12 }), { maxLength: 4 }), async (transactions) => {
            const store = connect(fresh())
            let model = new Map<string, string>()
            for (const commands of transactions) {
              const before = model
              // The body may run again, and then from where the first run began.
              model = await store.write(async (tx) => {
                const after = new Map(before)
                for (const each of commands) await each(tx, after)
                return after
              })
              expect(await store.all()).toEqual(sorted(model))
            }
            await store.close()
          }),
          { numRuns: 60 },
        )
      })

      test("chunks give the rows of range, both ways and with limits, over staged and stored keys", async () => {
        const store = connect(fresh())
        const key = (i: number): Uint8Array => b(String(i).padStart(6, "0"))
        await store.write(async (tx) => {
          for (let i = 0; i < 5_000; i += 2) tx.set(key(i), b("stored"))
        })
        await store.write(async (tx) => {
          for (let i = 1; i < 5_000; i += 2) tx.set(key(i), Buffer.alloc(i % 1_000 === 1 ? 100_000 : 10, 1))
          for (const options of [{}, { reverse: true }, { limit: 1_234 }, { limit: 3_001, reverse: true }]) {
            const chunked: Row[] = []
            for await (const chunk of tx.chunks(b("0"), b("1"), options)) chunked.push(...chunk)
            const whole = await tx.range(b("0"), b("1"), options)
            expect(chunked.length).toBe(whole.length)
            expect(chunked.every(([k, v], i) => t(k) === t(whole[i]![0]) && v.length === whole[i]![1].length)).toBe(true)
          }
        })
      })

      test("a chunk holds a part of what is much", async () => {
        const store = connect(fresh())
        for (let at = 0; at < 10; at++)
          await store.write(async (tx) => {
            for (let i = 0; i < 10; i++) tx.set(b(`${at}${i}`), new Uint8Array(80_000))
          })
        const sizes = await store.run((s) =>
          s.read(async (tx) => {
            const sizes: number[] = []
            for await (const chunk of tx.chunks(b("0"), b("z"))) sizes.push(chunk.length)
            return sizes
          }),
        )
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100)
        expect(Math.max(...sizes)).toBeLessThan(50)
      })
    })

    describe("adding", () => {
      test("adds to a little-endian integer, from 0, wrapping, over set and cleared keys", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          tx.add(b("from 0"), 5n)
          tx.set(b("set"), le64(10n))
          tx.set(b("most"), le64(2n ** 63n - 1n))
          tx.set(b("cleared"), le64(10n))
        })
        const seen = await store.write(async (tx) => {
          tx.add(b("from 0"), -7n)
          tx.add(b("set"), 1n)
          tx.add(b("set"), 1n)
          tx.add(b("most"), 1n)
          tx.clear(b("cleared"))
          tx.add(b("cleared"), 3n)
          return texts(await tx.range(b("a"), b("z")))
        })
        expect(seen).toEqual([
          ["cleared", t(le64(3n))],
          ["from 0", t(le64(-2n))],
          ["most", t(le64(-(2n ** 63n)))],
          ["set", t(le64(12n))],
        ])
        expect(await store.all()).toEqual(seen)
      })

      test("adding 0 makes the row that is missing, and leaves one that is there", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          tx.add(b("new"), 0n)
          tx.set(b("old"), le64(7n))
        })
        await store.write(async (tx) => ["new", "newer", "old"].forEach((key) => tx.add(b(key), 0n)))
        expect(await store.all()).toEqual([
          ["new", t(le64(0n))],
          ["newer", t(le64(0n))],
          ["old", t(le64(7n))],
        ])
      })

      test("additions do not conflict, though both bodies have read the store before either commits", async () => {
        const layer = fresh()
        const [one, other] = [connect(layer), connect(layer)]
        let bodies = 0
        await one.write(async (tx) => {
          bodies += 1
          await tx.get(b("read"))
          tx.add(b("count"), 1n)
          if (bodies === 1) await other.write(async (beside) => beside.add(b("count"), 1n))
        })
        expect({ bodies, rows: await one.all() }).toEqual({ bodies: 1, rows: [["count", t(le64(2n))]] })
      })

      test("additions of many connections all land", async () => {
        const layer = fresh()
        const stores = [connect(layer), connect(layer), connect(layer)]
        await Promise.all(
          stores.flatMap((store) => Array.from({ length: 20 }, () => store.write(async (tx) => tx.add(b("count"), 1n)))),
        )
        expect(await stores[0]!.all()).toEqual([["count", t(le64(60n))]])
      })
    })

    describe("transactions", () => {
      test("Law 6: a body that throws leaves nothing behind, and its error comes out unchanged", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => tx.set(b("kept"), b("1")))
        const thrown = new Error("stop here")
        const failure = store.write(async (tx) => {
          tx.set(b("new"), b("1"))
          tx.clear(b("kept"))
          tx.add(b("count"), 1n)
          await tx.createDirectory(["new"])
          throw thrown
        })
        await expect(failure).rejects.toBe(thrown)
        expect(await store.all()).toEqual([["kept", "1"]])
        expect(await store.run((s) => s.read((tx) => tx.directories([])))).toEqual([])
      })

      test("a body that throws does not hold up the next one", async () => {
        const store = connect(fresh())
        const outcomes = await Promise.allSettled([
          store.write(() => Promise.reject(new Error("no"))),
          store.write(async (tx) => tx.set(b("next"), b("1"))),
        ])
        expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "fulfilled"])
        expect(await store.all()).toEqual([["next", "1"]])
      })

      test.each([1, 2])("concurrent read-modify-writes all land, over %i connections", async (connections) => {
        const layer = fresh()
        const stores = Array.from({ length: connections }, () => connect(layer))
        const increment = async (tx: Transaction): Promise<void> => {
          const count = Number(t(await tx.get(b("count"))) ?? 0)
          await Promise.resolve()
          tx.set(b("count"), b(String(count + 1)))
        }
        await Promise.all(Array.from({ length: 40 }, (_, i) => stores[i % connections]!.write(increment)))
        expect(await stores[0]!.all()).toEqual([["count", "40"]])
      })

      test("a body whose reads another connection overtook runs again and sees them", async () => {
        const layer = fresh()
        const [one, other] = [connect(layer), connect(layer)]
        await one.write(async (tx) => tx.set(b("a"), b("1")))
        const seen: (string | undefined)[] = []
        await one.write(async (tx) => {
          seen.push(t(await tx.get(b("a"))))
          if (seen.length === 1) await other.write(async (theirs) => theirs.set(b("a"), b("2")))
          tx.set(b("copy"), b(seen.at(-1)!))
        })
        // How often it runs is the store's affair.
        expect([...new Set(seen)]).toEqual(["1", "2"])
        expect(await one.all()).toEqual([
          ["a", "2"],
          ["copy", "2"],
        ])
      })

      test("a range that another connection inserted into is a conflict too", async () => {
        const layer = fresh()
        const [one, other] = [connect(layer), connect(layer)]
        let runs = 0
        await one.write(async (tx) => {
          const count = (await tx.range(b("row"), b("rox"))).length
          if (runs++ === 0) await other.write(async (theirs) => theirs.set(b("row1"), b("x")))
          tx.set(b("count"), b(String(count)))
        })
        expect(await one.all()).toEqual([
          ["count", "1"],
          ["row1", "x"],
        ])
      })

      test("all reads of a body see one state, whatever is committed meanwhile", async () => {
        const layer = fresh()
        const [one, other] = [connect(layer), connect(layer)]
        const put = (value: string) => async (tx: Transaction) => ["a", "b"].forEach((key) => tx.set(b(key), b(value)))
        await one.write(put("1"))
        const seen = await one.run((s) =>
          s.read(async (tx) => {
            const a = t(await tx.get(b("a")))
            await one.write(put("2"))
            await other.write(put("3"))
            const chunks: Row[] = []
            for await (const chunk of tx.chunks(b("a"), b("c"))) chunks.push(...chunk)
            return [a, t(await tx.get(b("b"))), texts(chunks)]
          }),
        )
        expect(seen).toEqual([
          "1",
          "1",
          [
            ["a", "1"],
            ["b", "1"],
          ],
        ])
        expect((await one.all()).map(([, value]) => value)).toEqual(["3", "3"])
      })

      test("what one connection committed, the other reads at once", async () => {
        const layer = fresh()
        const [one, other] = [connect(layer), connect(layer)]
        for (let i = 0; i < 20; i++) {
          await other.all()
          await one.write(async (tx) => tx.set(b("i"), b(String(i))))
          expect(await other.all()).toEqual([["i", String(i)]])
        }
      })

      test("reading on after the body has ended is refused", async () => {
        const store = connect(fresh())
        const escaped = await store.write(async (tx) => ({ tx }))
        await expect(escaped.tx.get(b("a"))).rejects.toThrow()
        expect(() => escaped.tx.set(b("a"), b("1"))).toThrow()
      })

      test("committed rows are there after a reopening", async () => {
        const layer = fresh()
        const store = connect(layer)
        await store.write(async (tx) => {
          tx.set(b("k"), b("v"))
          tx.set(await tx.createDirectory(["runs"]), b("in the directory"))
        })
        await store.close()
        const again = connect(layer)
        expect(t(await again.run((s) => s.read((tx) => tx.get(b("k")))))).toBe("v")
        expect(await again.run((s) => s.read((tx) => tx.directories([])))).toEqual(["runs"])
      })

      test("closing lets a running transaction finish", async () => {
        const layer = fresh()
        const store = connect(layer)
        const started = Promise.withResolvers<void>()
        const goOn = Promise.withResolvers<void>()
        const writing = store.write(async (tx) => {
          tx.set(b("a"), b("1"))
          started.resolve()
          await goOn.promise
          return t(await tx.get(b("a")))
        })
        await started.promise
        const closed = store.close()
        goOn.resolve()
        // Disposal may interrupt the waiting fiber, but never a half-made commit.
        const outcome = await Promise.allSettled([writing, closed])
        const rows = await connect(layer).all()
        expect(rows).toEqual(outcome[0].status === "fulfilled" || rows.length > 0 ? [["a", "1"]] : [])
      })
    })

    describe("directories", () => {
      test("prefixes differ, none begins another, and opening again gives the same", async () => {
        const store = connect(fresh())
        const paths = [["a"], ["a", "b"], ["b"], ["a", "b", "c"], ["ab"], ["", "x"], ["nul\0", "é"], ...many(300)]
        const prefixes = await store.write(async (tx) => {
          const prefixes: string[] = []
          for (const path of paths) prefixes.push(t(await tx.createDirectory(path))!)
          return prefixes
        })
        expect(new Set(prefixes).size).toBe(paths.length)
        const ordered = [...prefixes].sort()
        expect(ordered.some((prefix, i) => i > 0 && prefix.startsWith(ordered[i - 1]!))).toBe(false)
        expect(prefixes.every((prefix) => prefix.length > 0 && prefix < "\xfe")).toBe(true)
        const again = await store.run((s) => s.read(async (tx) => Promise.all(paths.map(async (p) => t(await tx.directory(p))))))
        expect(again).toEqual(prefixes)
      })

      test("those above are created too, and directories lists the names right under a path", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          for (const path of [["b", "x", "deep"], ["a"], ["b", "y\0z"], ["b", ""], ["c"]]) await tx.createDirectory(path)
        })
        const listed = await store.run((s) =>
          s.read(async (tx) => [await tx.directories([]), await tx.directories(["b"]), await tx.directories(["absent"])]),
        )
        expect(listed).toEqual([["a", "b", "c"], ["", "x", "y\0z"], []])
        expect(await store.run((s) => s.read((tx) => tx.directory(["b", "x"])))).toBeDefined()
        expect(await store.run((s) => s.read((tx) => tx.directory(["x"])))).toBeUndefined()
      })

      test("moving takes a directory with all under it, at once with the other writes, and keeps its keys", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          tx.set(Buffer.concat([await tx.createDirectory(["old"]), b("k")]), b("top"))
          tx.set(Buffer.concat([await tx.createDirectory(["old", "in"]), b("k")]), b("deep"))
          await tx.createDirectory(["older"])
        })
        await store.write(async (tx) => {
          await tx.moveDirectory(["old"], ["new"])
          expect(await tx.directories([])).toEqual(["new", "older"])
        })
        const seen = await store.run((s) =>
          s.read(async (tx) => [
            t(await tx.get(Buffer.concat([(await tx.directory(["new"]))!, b("k")]))),
            t(await tx.get(Buffer.concat([(await tx.directory(["new", "in"]))!, b("k")]))),
            await tx.directory(["old"]),
            await tx.directory(["old", "in"]),
          ]),
        )
        expect(seen).toEqual(["top", "deep", undefined, undefined])
      })

      test("moving fails where the old is missing, or the new exists, and changes nothing", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => {
          await tx.createDirectory(["a"])
          await tx.createDirectory(["b"])
        })
        await expect(store.write((tx) => tx.moveDirectory(["absent"], ["c"]))).rejects.toThrow()
        await expect(store.write((tx) => tx.moveDirectory(["a"], ["b"]))).rejects.toThrow()
        await expect(store.write((tx) => tx.moveDirectory(["a"], ["a", "under"]))).rejects.toThrow()
        expect(await store.run((s) => s.read((tx) => tx.directories([])))).toEqual(["a", "b"])
      })

      test("two directories change places by three moves in one transaction", async () => {
        const store = connect(fresh())
        const before = await store.write(async (tx) => [
          t(await tx.createDirectory(["live"])),
          t(await tx.createDirectory(["next"])),
        ])
        await store.write(async (tx) => {
          await tx.moveDirectory(["live"], ["was"])
          await tx.moveDirectory(["next"], ["live"])
          await tx.moveDirectory(["was"], ["next"])
        })
        const after = await store.run((s) =>
          s.read(async (tx) => [t(await tx.directory(["live"])), t(await tx.directory(["next"]))]),
        )
        expect(after).toEqual(before.toReversed())
      })

      test("removing takes everything under it and all keys, and its prefix is not given out again", async () => {
        const store = connect(fresh())
        const prefixes = await store.write(async (tx) => {
          const [top, deep] = [await tx.createDirectory(["gone"]), await tx.createDirectory(["gone", "deep"])]
          const kept = await tx.createDirectory(["kept"])
          for (const prefix of [top, deep, kept]) for (let i = 0; i < 50; i++) tx.set(Buffer.concat([prefix, b(`${i}`)]), b("x"))
          return [t(top)!, t(deep)!, t(kept)!]
        })
        const answers = await store.write(async (tx) => {
          tx.set(Buffer.concat([b(prefixes[0]!), b("staged")]), b("x"))
          return [await tx.removeDirectory(["gone"]), await tx.removeDirectory(["gone"])]
        })
        expect(answers).toEqual([true, false])
        const left = await store.all()
        expect(left.length).toBe(50)
        expect(left.every(([key]) => key.startsWith(prefixes[2]!))).toBe(true)
        const next = await store.write(async (tx) => t(await tx.createDirectory(["gone"])))
        expect(prefixes).not.toContain(next)
      })

      test("creating the same directory from two connections gives one prefix", async () => {
        const layer = fresh()
        const prefixes = await Promise.all(
          [connect(layer), connect(layer), connect(layer)].map((store) =>
            store.write(async (tx) => t(await tx.createDirectory(["a", "b"]))),
          ),
        )
        expect(new Set(prefixes).size).toBe(1)
      })
    })

    describe("waiting for a change", () => {
      test("ends at once when the value is not the known one", async () => {
        const store = connect(fresh())
        await store.write(async (tx) => tx.set(b("k"), b("2")))
        await store.run((s) => s.changed(b("k"), b("1")))
        await store.run((s) => s.changed(b("k"), undefined))
        await store.run((s) => s.changed(b("absent"), b("1")))
      })

      test.each(["the same", "another"])("ends when %s connection sets, changes or clears the key", async (which) => {
        const layer = fresh()
        const store = connect(layer)
        const writer = which === "another" ? connect(layer) : store
        const steps: readonly (readonly [string | undefined, (tx: Transaction) => void])[] = [
          [undefined, (tx) => tx.set(b("k"), b("1"))],
          ["1", (tx) => tx.set(b("k"), b("2"))],
          ["2", (tx) => tx.clear(b("k"))],
        ]
        for (const [known, change] of steps) {
          const waiting = store.run((s) => s.changed(b("k"), known === undefined ? undefined : b(known)))
          await writer.write(async (tx) => tx.set(b("other"), b(String(known))))
          await writer.write(async (tx) => change(tx))
          await waiting
        }
      })

      test("can be interrupted", async () => {
        const store = connect(fresh())
        const waiting = store.fork((s) => s.changed(b("never"), undefined))
        await store.write(async (tx) => tx.set(b("other"), b("1")))
        const exit = await Effect.runPromise(Effect.andThen(Fiber.interrupt(waiting), Fiber.await(waiting)))
        expect(Exit.hasInterrupts(exit)).toBe(true)
      })
    })
  })
}

const many = (count: number): string[][] => Array.from({ length: count }, (_, i) => ["many", String(i)])

const sorted = (model: ReadonlyMap<string, string>): readonly (readonly [string, string])[] =>
  [...model].sort(([x], [y]) => (x < y ? -1 : 1))

/** Few letters and short keys, so that keys collide and ranges meet them. */
const keyText = fc.array(fc.constantFrom("\0", "a", "b", "\xfd"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""))
const bound = fc.oneof(keyText, fc.constant(""), fc.constant("\xfe"))
type Command = (tx: Transaction, model: Map<string, string>) => Promise<void>

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(keyText, fc.string({ maxLength: 3 })).map(setting) },
  keyText.map((key): Command => async (tx, model) => {
    tx.clear(b(key))
    model.delete(key)
  }),
  fc.tuple(bound, bound).map(([begin, end]): Command => async (tx, model) => {
    tx.clearRange(b(begin), b(end))
    for (const key of model.keys()) if (key >= begin && key < end) model.delete(key)
  }),
  fc.tuple(keyText, fc.bigInt(-5n, 5n)).map(([key, delta]): Command => async (tx, model) => {
    tx.add(b(key), delta)
    const old = Buffer.alloc(8)
    old.write((model.get(key) ?? "").slice(0, 8), "latin1")
    model.set(key, t(le64(BigInt.asIntN(64, old.readBigInt64LE() + delta)))!)
  }),
  { weight: 3, arbitrary: fc.tuple(bound, bound, fc.option(fc.nat(5), { nil: undefined }), fc.boolean()).map(ranging) },
  keyText.map(
    (key): Command =>
      async (tx, model) =>
        expect(t(await tx.get(b(key)))).toBe(model.get(key)),
  ),
)

function setting([key, value]: [string, string]): Command {
  return async (tx, model) => {
    const text = t(Buffer.from(value, "latin1"))!
    tx.set(b(key), b(text))
    model.set(key, text)
  }
}

function ranging([begin, end, limit, reverse]: [string, string, number | undefined, boolean]): Command {
  return async (tx, model) => {
    const rows = sorted(model).filter(([key]) => key >= begin && key < end)
    const expected = (reverse ? rows.toReversed() : rows).slice(0, limit)
    const options = { reverse, ...(limit === undefined ? {} : { limit }) }
    expect(texts(await tx.range(b(begin), b(end), options))).toEqual(expected)
  }
}
