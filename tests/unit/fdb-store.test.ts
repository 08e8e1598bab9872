/** What the FoundationDB store makes of the cluster's faults and limits, on a cluster in memory. */
import { Effect, ManagedRuntime } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { KeyValueStore, type Reader, type Transaction, type WriteOptions } from "../../domain/ports/key-value-store.ts"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import type { FdbOptions } from "../../infra/fdb/options.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import type { Cluster } from "../support/fdb/cluster.ts"
import { noFaults, type TryFault } from "../support/fdb/faults.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { until } from "../support/wait.ts"

const b = (text: string): Buffer => Buffer.from(text, "latin1")
const texts = (rows: readonly (readonly [Uint8Array, Uint8Array])[]): readonly string[] =>
  rows.map(([key, value]) => `${Buffer.from(key).toString("latin1")}=${Buffer.from(value).toString("latin1")}`)

const storeOn = (options: FdbOptions) => {
  const runtime = ManagedRuntime.make(fdbStore(options))
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (store: KeyValueStore["Service"]) => Effect.Effect<A, E>) =>
    runtime.runPromise(Effect.flatMap(KeyValueStore, of))
  return {
    write: <A>(body: (tx: Transaction) => Promise<A>, how?: WriteOptions) => run((store) => store.write(body, how)),
    read: <A>(body: (tx: Reader) => Promise<A>) => run((store) => store.read(body)),
    changed: (key: string, known: string) => run((store) => store.changed(b(key), b(known))),
    close: () => runtime.dispose(),
  }
}

/** A store that has been written to, so that its directories are there, and whose next tries go wrong as told. */
const opened = async (limits: FdbOptions["limits"] = {}) => {
  const { cluster, clusterFile } = standInCluster()
  const store = storeOn({ clusterFile, limits })
  await store.write(async (tx) => tx.set(b("first"), b("1")))
  return { cluster, clusterFile, store, all: () => store.read(async (tx) => texts(await tx.range(b("a"), b("\x7f")))) }
}

const failNext = (cluster: Cluster, ...faults: readonly (TryFault | undefined)[]): void => {
  const left = [...faults]
  cluster.faults = { ...noFaults, ofTry: () => left.shift() }
}

const count = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}

it.each([
  ["1021, committed", [{ code: 1021, applied: true }]],
  ["1021, not committed", [{ code: 1021, applied: false }]],
  ["1039, committed", [{ code: 1039, applied: true }]],
  [
    "1021 twice, the second committed",
    [
      { code: 1021, applied: false },
      { code: 1021, applied: true },
    ],
  ],
])("a commit of unknown outcome counts an addition once, and answers what was committed (%s)", async (_, faults) => {
  const { cluster, store } = await opened()
  failNext(cluster, ...faults.map((fault) => ({ at: "commit" as const, ...fault })))
  let runs = 0
  const answer = await store.write(async (tx) => {
    tx.add(b("count"), 1n)
    tx.set(b("run"), b(String(++runs)))
    return runs
  })
  cluster.faults = noFaults
  const kept = await store.read(async (tx) => [
    await tx.get(b("count")),
    Number(Buffer.from((await tx.get(b("run")))!).toString()),
  ])
  expect(kept).toEqual([count(1), answer])
})

it("a store that falls silent while it commits is unavailable, and what comes after is kept once", async () => {
  const { cluster, store } = await opened()
  failNext(cluster, { at: "commit", code: 1031, applied: true })
  await expect(store.write(async (tx) => tx.add(b("count"), 1n))).rejects.toMatchObject({ _tag: "StoreUnavailable" })
  failNext(cluster, { at: "commit", code: 1021, applied: true })
  await store.write(async (tx) => tx.add(b("count"), 1n))
  cluster.faults = noFaults
  expect(await store.read((tx) => tx.get(b("count")))).toEqual(count(2))
})

it("a transaction above the cluster's limit is too large and keeps nothing", async () => {
  const { store, all } = await opened()
  const write = store.write(async (tx) => {
    for (let i = 0; i < 110; i++) tx.set(b(`k${i}`), Buffer.alloc(100_000))
  })
  await expect(write).rejects.toMatchObject({ _tag: "TransactionTooLarge" })
  expect(await all()).toEqual(["first=1"])
})

it("what can be cut is refused above a megabyte; what cannot is taken", async () => {
  const { store } = await opened()
  const large = async (tx: Transaction): Promise<void> => {
    for (let i = 0; i < 50; i++) tx.set(b(`k${i}`), Buffer.alloc(90_000))
  }
  await expect(store.write(large, { divisible: true })).rejects.toMatchObject({ _tag: "TransactionTooLarge" })
  await store.write(large)
  expect(await store.read(async (tx) => (await tx.range(b("k"), b("l"))).length)).toBe(50)
})

it("what can be cut is refused when it was too slow; what cannot is tried again, but not for ever", async () => {
  const { cluster, clusterFile, store } = await opened({ divisibleMs: 0 })
  let runs = 0
  const slow = (times: number) => async (tx: Transaction) => {
    await tx.get(b("first"))
    if (runs++ < times) cluster.advance(6_000)
    tx.set(b("slow"), b("done"))
  }
  await expect(store.write(slow(1), { divisible: true })).rejects.toMatchObject({ _tag: "TransactionTooLarge" })
  expect(runs).toBe(1)
  runs = 0
  await store.write(slow(1))
  expect(runs).toBe(2)
  const hasty = storeOn({ clusterFile, limits: { transactionTimeoutMs: 200 } })
  await expect(hasty.write(slow(Infinity))).rejects.toMatchObject({ _tag: "StoreUnavailable" })
})

it.each([false, true])(
  "chunks that outlast their version go on in a newer one, without gap or repeat (reverse: %s)",
  async (reverse) => {
    const { cluster, store } = await opened()
    const key = (i: number): Buffer => b(`k${String(i).padStart(4, "0")}`)
    await store.write(async (tx) => {
      for (let i = 0; i < 2_000; i++) tx.set(key(i), b("old"))
    })
    const seen = await store.read(async (tx) => {
      const rows: string[] = []
      let isFirst = true
      for await (const chunk of tx.chunks(b("k"), b("l"), { reverse })) {
        rows.push(...texts(chunk))
        if (isFirst) await store.write(async (other) => other.set(key(reverse ? 0 : 1_999), b("new")))
        if (isFirst) cluster.advance(6_000)
        isFirst = false
      }
      return { rows, after: await tx.get(key(reverse ? 0 : 1_999)) }
    })
    const keys = seen.rows.map((row) => row.split("=")[0])
    expect(keys).toEqual(reverse ? keys.toSorted().toReversed() : keys.toSorted())
    expect(new Set(keys).size).toBe(2_000)
    expect(seen.rows.at(-1)).toBe(reverse ? "k0000=new" : "k1999=new")
    expect(seen.after).toEqual(b("new"))
  },
)

it("a reading body that outlasts its version begins again, and fails when that is in vain", async () => {
  const { cluster, store } = await opened({ divisibleMs: 0 })
  let runs = 0
  const slow = (times: number) => async (tx: Reader) => {
    await tx.get(b("first"))
    if (runs++ < times) cluster.advance(6_000)
    return tx.get(b("first"))
  }
  expect(await store.read(slow(1))).toEqual(b("1"))
  await expect(store.read(slow(Infinity))).rejects.toMatchObject({ _tag: "StoreUnavailable" })
})

it("a read that fails is made again in its version, and the reading body is not", async () => {
  const { cluster, store } = await opened()
  failNext(cluster, { at: "read", after: 0, code: 1009 }, { at: "read", after: 0, code: 1037 })
  let runs = 0
  const seen = await store.read(async (tx) => {
    runs++
    return [await tx.get(b("first")), texts(await tx.range(b("f"), b("g")))]
  })
  expect([seen, runs]).toEqual([[b("1"), ["first=1"]], 1])
})

it("a body that makes nothing of a read that failed is run again all the same", async () => {
  const { cluster, store } = await opened()
  const forgiving = async (tx: Reader): Promise<unknown> => tx.get(b("first")).catch(() => "left out")
  failNext(cluster, { at: "read", after: 0, code: 1007 })
  expect(await store.read(forgiving)).toEqual(b("1"))
  failNext(cluster, { at: "read", after: 0, code: 1007 })
  expect(await store.write(forgiving)).toEqual(b("1"))
})

it("a body knows a read that failed for a fault of the store", async () => {
  const { cluster, store } = await opened()
  failNext(cluster, { at: "read", after: 0, code: 1007 })
  const seen: unknown[] = []
  await store.write(async (tx) => {
    await tx.get(b("first")).catch((error: unknown) => {
      seen.push(error)
      throw error
    })
  })
  expect(seen).toMatchObject([{ _tag: "StoreUnavailable" }])
})

it("a cluster that does not answer is unavailable, also at the first use, and is found when it comes back", async () => {
  const { cluster, clusterFile } = standInCluster()
  cluster.goAway()
  const store = storeOn({ clusterFile, root: ["somewhere"], limits: { transactionTimeoutMs: 50 } })
  await expect(store.read((tx) => tx.get(b("a")))).rejects.toMatchObject({ _tag: "StoreUnavailable" })
  await expect(store.write(async (tx) => tx.set(b("a"), b("1")))).rejects.toMatchObject({ _tag: "StoreUnavailable" })
  cluster.comeBack()
  const patient = storeOn({ clusterFile, root: ["somewhere"] })
  await patient.write(async (tx) => tx.set(b("a"), b("1")))
  expect(await patient.read((tx) => tx.get(b("a")))).toEqual(b("1"))
})

it("waits beyond the limit of watches see changes too", async () => {
  const { cluster, store } = await opened({ watches: 1 })
  const waits = [store.changed("first", "1"), store.changed("first", "1"), store.changed("first", "1")]
  await until(
    "a watch",
    () => cluster.watchers,
    (watchers) => watchers > 0,
  )
  await store.write(async (tx) => tx.set(b("first"), b("2")))
  await Promise.all(waits)
})

it("installations in one cluster do not see each other's keys and directories", async () => {
  const { clusterFile } = standInCluster()
  const [one, other] = [storeOn({ clusterFile, root: ["one"] }), storeOn({ clusterFile, root: ["deep", "other"] })]
  const prefix = await one.write(async (tx) => {
    tx.set(b("k"), b("one's"))
    return tx.createDirectory(["data", "runs"])
  })
  const seen = await other.read(async (tx) => [await tx.get(b("k")), await tx.directories([]), await tx.range(b(""), b("\xfe"))])
  expect(seen).toEqual([undefined, [], []])
  expect(await one.read((tx) => tx.directory(["data", "runs"]))).toEqual(prefix)
})

it("without a root, directories are those of the cluster's own directory layer", async () => {
  const { clusterFile } = standInCluster()
  const store = storeOn({ clusterFile })
  const prefix = await store.write(async (tx) => {
    const made = await tx.createDirectory(["data", "runs"])
    tx.set(Buffer.concat([made, b("k")]), b("v"))
    return made
  })
  const { open, directory } = await import("foundationdb")
  const db = open(clusterFile)
  const found = await directory.open(db, ["data", "runs"])
  expect(found.content.prefix).toEqual(prefix)
  expect(await db.at(found).get("k")).toEqual(b("v"))
})

it("closing takes the marks of this process away", async () => {
  const { clusterFile, store } = await opened()
  const { open, directory } = await import("foundationdb")
  const db = open(clusterFile)
  const { content } = await directory.open(db, ["matyan", "commits"])
  const marks = async (): Promise<number> => (await db.getRangeAllStartsWith(content.prefix)).length
  expect(await marks()).toBe(1)
  await store.close()
  expect(await marks()).toBe(0)
})

it("processes that make the first generation at once make the same one", async () => {
  const { clusterFile } = standInCluster()
  const made = await Promise.all(Array.from({ length: 4 }, () => storeOn({ clusterFile }).write(createGeneration)))
  for (const generation of made) expect(generation).toEqual(made[0])
})

it("a process that speaks to clusters in two ways is told so", async () => {
  await opened()
  const { clusterFile } = standInCluster()
  await expect(storeOn({ clusterFile, apiVersion: 700 }).read((tx) => tx.directories([]))).rejects.toThrow(/in one way/)
})
