import fc from "fast-check"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AnyEvent, type AnyFact, keyOf } from "../../events/index.ts"
import { runById, tracesOf } from "../../projections/run-view.ts"
import { makeView, type View } from "../../projections/view.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { meaningOf } from "../../projections/live-meanings.ts"
import { aHistory } from "../support/histories.ts"
import { type Listener, listen, type LiveBed, liveBed, type Told } from "../support/live.ts"
import { until } from "../support/wait.ts"

const created = (runId: string) => ({ type: "RunCreated", data: { runId, clientStart: null } }) as const
const renamed = (runId: string, name: string) => ({ type: "RunRenamed", data: { runId, name } }) as const
const deleted = (runId: string) => ({ type: "RunDeleted", data: { runId } }) as const
const points = (runId: string, name: string, values: readonly number[]) =>
  ({
    type: "PointsLogged",
    data: {
      runId,
      name,
      contextId: 0,
      context: Uint8Array.of(0x80),
      dtype: "float",
      values,
      steps: [],
      epochs: [],
      firstTime: 0,
      timeOffsets: values.map(() => 0),
    },
  }) as const

const ask = (bed: Pick<LiveBed, "url">, query: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${bed.url}/api/v1/rest/stream${query}`, { headers })

const view = ({ store }: LiveBed): View => Effect.runSync(makeView.pipe(Effect.provideService(KeyValueStore, store)))

/** What must come of a log, counted; what came of a stream, counted in the same way. */
interface Sum {
  readonly points: Record<string, number>
  readonly lives: Record<string, string[]>
  readonly entities: Set<string>
}

const emptySum = (): Sum => ({ points: {}, lives: {}, entities: new Set() })

const addLife = ({ lives }: Sum, run: string, change: string): void => {
  const life = (lives[run] ??= [])
  if (change !== "changed" || life.at(-1) !== "changed") life.push(change)
}

const sumOfLog = (events: readonly AnyEvent[]): Sum => {
  const sum = emptySum()
  for (const event of events) {
    const meaning = meaningOf({ ...event, position: { topic: "data-ingestion", partition: 0, offset: 0 } } as never)
    if (meaning?.topic === "runs") {
      addLife(sum, keyOf(event), meaning.change)
      if (meaning.of !== undefined) sum.entities.add(`${meaning.of.kind} ${meaning.of.id} changed`)
    } else if (meaning?.topic === "points") {
      const key = `${keyOf(event)} ${meaning.contextId} ${meaning.name}`
      sum.points[key] = (sum.points[key] ?? 0) + meaning.count
    } else if (meaning !== null) sum.entities.add(`${meaning.kind} ${meaning.id} ${meaning.change}`)
  }
  return sum
}

interface PointsData {
  readonly run: string
  readonly sequences: readonly {
    readonly name: string
    readonly contextId: number
    readonly count: number
    readonly lastStep: number
  }[]
}

const sumOfStream = (told: readonly Told[]): Sum => {
  const sum = emptySum()
  for (const { event, data } of told) {
    if (event === "run") addLife(sum, String(data["id"]), String(data["change"]))
    else if (event === "entity") sum.entities.add(`${String(data["kind"])} ${String(data["id"])} ${String(data["change"])}`)
    else if (event === "points") {
      const { run, sequences } = data as unknown as PointsData
      for (const { contextId, name, count } of sequences) {
        const key = `${run} ${contextId} ${name}`
        sum.points[key] = (sum.points[key] ?? 0) + count
      }
    } else throw new Error(`unexpected ${event}`)
  }
  return sum
}

/** So that each history has runs of its own. */
const renamedRuns = (events: readonly AnyEvent[], suffix: string): readonly AnyEvent[] =>
  events.map((event) => {
    const data = event.data as Readonly<Record<string, unknown>>
    const meta = { ...event.meta, writer: `${event.meta.writer}${suffix}` }
    return {
      ...event,
      meta,
      data: typeof data["runId"] === "string" ? { ...data, runId: data["runId"] + suffix } : data,
    } as AnyEvent
  })

describe("resuming", () => {
  let bed: LiveBed
  beforeAll(async () => {
    bed = await liveBed({ live: { sliceMillis: 5 } }, afterAll)
  })

  test(
    "wherever a client is cut off, it is told every change once, and each run's changes in order",
    { timeout: 180_000 },
    async () => {
      let made = 0
      await fc.assert(
        fc.asyncProperty(
          aHistory(),
          fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
          fc.nat(10),
          async (history, cuts, first) => {
            const suffix = `-${made++}`
            const events = renamedRuns(
              history.flatMap(({ records }) => records.map(({ type, data, meta }) => ({ type, data, meta }) as AnyEvent)),
              suffix,
            )
            const begin = await listen(bed)
            const all: Told[] = []
            let cursor = begin.id()
            begin.close()
            let open: Listener | undefined = first % 2 === 0 ? await listen(bed, "", cursor) : undefined
            // Some is appended while the client listens and some while it is away.
            const at = Math.floor((events.length * first) / 10)
            if (at > 0) await bed.append(events.slice(0, at))
            if (at < events.length) await bed.append(events.slice(at))
            // The last change of all, so that it is known when everything has come.
            await bed.say(
              { type: "TagRecolored", data: { id: `end${suffix}`, color: "red" } },
              created(`end-0${suffix}`),
              created(`end-1${suffix}`),
              created(`end-2${suffix}`),
              created(`end-3${suffix}`),
            )
            const isLast = ({ data }: Told) => String(data["id"]).startsWith("end") && String(data["id"]).endsWith(suffix)
            for (const cut of cuts) {
              open ??= await listen(bed, "", cursor)
              const { told } = open
              await open.until(() => told.length >= cut || [...all, ...told].filter(isLast).length === 5)
              const taken = told.slice(0, cut)
              all.push(...taken)
              cursor = taken.at(-1)?.id ?? cursor
              open.close()
              open = undefined
            }
            const rest = await listen(bed, "", cursor)
            await rest.until((told) => [...all, ...told].filter(isLast).length >= 5)
            rest.close()
            all.push(...rest.told)
            const expected = sumOfLog(events)
            const sum = sumOfStream(all.filter((told) => !isLast(told)))
            expect(sum.points).toEqual(expected.points)
            expect(sum.lives).toEqual(expected.lives)
            expect([...sum.entities].sort()).toEqual([...expected.entities].sort())
          },
        ),
        { numRuns: 25 },
      )
    },
  )

  test("a cursor that is none, or of another log, is refused in words that say so", async () => {
    for (const [query, headers] of [
      ["?cursor=nonsense", {}],
      ["", { "last-event-id": "AAAAAAAAAAAAAAAAAAAA" }],
    ] as const) {
      const answer = await ask(bed, query, headers)
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { readonly message: string }).message).toMatch(/^(cursor|Last-Event-ID) is no cursor/)
    }
    await bed.say(created("far"), created("further"), created("furthest"))
    const far = await listen(bed)
    await far.until(() => true)
    far.close()
    // The same secret, but a log that has just begun.
    const other = await liveBed()
    const answer = await ask(other, `?cursor=${far.id()}`)
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { readonly message: string }).message).toContain("beyond the end of the log")
  })
})

describe("what is told", () => {
  test("is sent as a stream that nothing on the way may keep back", async () => {
    const bed = await liveBed()
    const { headers, close } = await listen(bed)
    expect(headers["content-type"]).toContain("text/event-stream")
    expect(headers["cache-control"]).toBe("no-cache")
    expect(headers["x-accel-buffering"]).toBe("no")
    close()
    expect((await fetch(`${bed.url}/api/v1/rest/stream`, { method: "HEAD" })).status).toBeGreaterThanOrEqual(404)
  })

  test("can be read: whoever re-reads on an event finds it", async () => {
    const bed = await liveBed({ projecting: false, live: { sliceMillis: 0, heartbeatMillis: 10 } })
    const listener = await listen(bed)
    await bed.say(created("a"), points("a", "loss", [3, 2]), renamed("b", "late"))
    // The log has it, and the stream is alive; but nothing is folded.
    await listener.beats(20)
    expect(listener.told).toEqual([])
    bed.project()
    const { read } = view(bed)
    await listener.until((told) => told.length >= 3)
    const [a, loss] = await Effect.runPromise(
      read(async (rows) => [await runById(rows, "a"), (await tracesOf(rows, "a"))[0]] as const),
    )
    expect([a?.id, loss?.lastStep]).toEqual(["a", 1])
    const told = listener.told.find(({ event }) => event === "points")
    expect(told?.data).toEqual({
      run: "a",
      sequences: [{ name: "loss", context: {}, contextId: 0, lastStep: 1, count: 2 }],
    })
    expect(listener.told.map(({ data }) => data)).toContainEqual({ id: "a", change: "created", at: 1_767_225_600 })
    listener.close()
  })

  test("of a run that is logging fast: its points together, at most once in the time of a slice", async () => {
    const bed = await liveBed({ live: { sliceMillis: 60_000 } })
    const listener = await listen(bed)
    await bed.say(created("first"))
    await listener.until((told) => told.length === 1)
    // The next slice is a minute away, so all of these are in it: nothing may come meanwhile.
    for (let i = 0; i < 5; i++) await bed.folded(await bed.say(points("a", "loss", [i, i])))
    expect(listener.told.length).toBe(1)
    listener.close()
    const later = await listen(bed, "", listener.id())
    await later.until((told) => told.length >= 1)
    expect(later.told.map(({ data }) => data)).toEqual([
      { run: "a", sequences: [{ name: "loss", context: {}, contextId: 0, lastStep: 9, count: 10 }] },
    ])
    later.close()
  })
})

describe("filters", () => {
  let bed: LiveBed
  beforeAll(async () => {
    bed = await liveBed({ live: { sliceMillis: 0 } }, afterAll)
  })

  /** What comes of these facts, up to a change of a tag that everyone is told who follows entities. */
  const toldOf = async (listener: Listener, mark: string, ...facts: readonly AnyFact[]) => {
    // The mark is in another partition, so it must be said when the facts are folded and told.
    await bed.folded(await bed.say(...facts))
    await listener.until((told) => told.some(({ data }) => data["id"] === mark))
    return listener.told.filter(({ data }) => data["id"] !== mark).map(({ event, data }) => [event, data["id"] ?? data["run"]])
  }

  test("topics: only these", async () => {
    const listener = await listen(bed, "?topics=points,entities")
    await bed.say(created("t1"), points("t1", "loss", [1]), renamed("t1", "x"), {
      type: "TagCreated",
      data: { id: "tag-1", name: "t", color: "", description: "" },
    })
    await listener.until((told) => told.length >= 2)
    expect(listener.told.map(({ event }) => event).sort()).toEqual(["entity", "points"])
    listener.close()
    expect((await ask(bed, "?topics=points,nothing")).status).toBe(400)
  })

  test("run: only these runs", async () => {
    const listener = await listen(bed, "?run=r1&run=r3&topics=runs,points")
    const told = await toldOf(
      listener,
      "r3",
      created("r1"),
      created("r2"),
      points("r2", "loss", [1]),
      points("r1", "loss", [1]),
      created("r3"),
    )
    expect(told).toContainEqual(["run", "r1"])
    await listener.until((told) => told.length >= 3)
    expect(listener.told.map(({ data }) => data["id"] ?? data["run"]).sort()).toEqual(["r1", "r1", "r3"])
    listener.close()
  })

  test("q: runs while they match, and once more when they no longer do", async () => {
    const listener = await listen(bed, `?topics=runs,points&q=${encodeURIComponent('run.name == "wanted"')}`)
    const next = async (count: number) => {
      await listener.until((told) => told.length >= count)
      return listener.told.slice(count - 1).map(({ event, data }) => [event, data["id"] ?? data["run"], data["matches"]])
    }
    await bed.say(renamed("q1", "wanted"))
    expect(await next(1)).toEqual([["run", "q1", true]])
    await bed.say(points("q1", "loss", [1]))
    expect(await next(2)).toEqual([["points", "q1", true]])
    await bed.say(renamed("q1", "other"))
    expect(await next(3)).toEqual([["run", "q1", false]])
    await bed.say(points("q1", "loss", [1]), renamed("q1", "another"), renamed("q2", "wanted"))
    expect(await next(4)).toEqual([["run", "q2", true]])
    await bed.say(deleted("q2"))
    expect(await next(5)).toEqual([["run", "q2", false]])
    listener.close()
  })

  test("q: a query that is none is refused; one that a renaming may change is to be read anew", async () => {
    expect((await ask(bed, "?q=run.name%20==")).status).toBe(400)
    const listener = await listen(bed, `?q=${encodeURIComponent('run.experiment == "base"')}`)
    await bed.say({ type: "ExperimentRenamed", data: { id: "e", from: "base", name: "x" } })
    await listener.until((told) => told.length >= 1)
    expect(listener.told[0]).toMatchObject({ event: "reread", data: { reason: "filter" } })
    listener.close()
  })
})

describe("clients", () => {
  test("beyond the limit are refused, until one of the others goes", async () => {
    const bed = await liveBed({ live: { mostClients: 2 } })
    const first = await listen(bed)
    const second = await listen(bed)
    const refused = await ask(bed, "")
    expect(refused.status).toBe(503)
    expect(refused.headers.get("retry-after")).toBe("1")
    await refused.text()
    first.close()
    const third = await until(
      "a place",
      () => listen(bed).catch(() => undefined),
      (listener) => listener !== undefined,
    )
    third?.close()
    second.close()
  })

  test("that are gone leave nothing that follows the log", async () => {
    const bed = await liveBed()
    const listeners = await Promise.all(Array.from({ length: 5 }, () => listen(bed)))
    for (const listener of listeners) listener.close()
    // Another tail begins, for the former ended with its last client; and it tells what comes from now on.
    const again = await until(
      "a tail",
      () => listen(bed),
      () => true,
    )
    await bed.say(created("after"))
    await again.until((told) => told.length === 1)
    again.close()
  })

  test("are sent on their way when the server drains", async () => {
    const bed = await liveBed()
    const listener = await listen(bed)
    await bed.close()
    await listener.ended
  })

  test("get a sign of life that brings the newest cursor, though nothing was for them", async () => {
    const bed = await liveBed({ live: { heartbeatMillis: 10, sliceMillis: 0 } })
    const listener = await listen(bed, "?run=mine")
    const before = listener.id()
    await bed.say(created("other"))
    await until(
      "another cursor",
      () => listener.id(),
      (id) => id !== before,
    )
    expect(listener.told).toEqual([])
    listener.close()
    const rest = await listen(bed, "", listener.id())
    await bed.say(created("next"))
    await rest.until((told) => told.length >= 1)
    expect(rest.told.map(({ data }) => data["id"])).toEqual(["next"])
    rest.close()
  })
})
