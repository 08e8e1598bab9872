/** What the samples of a soak say, and whether that may be so. */
import type { Live, Minute, Observed, Sample } from "./samples.ts"
import { median, type Slope, slopeOf } from "./slope.ts"
import type { Plan } from "./soak.ts"

export interface Verdict {
  /** MiB that live in both heaps together: by how much the last is more than the first, and may be. */
  readonly live: { readonly grown: number; readonly allowed: number }
  /** MiB an hour of the process's own memory, by the least of each minute: told, for V8 puts off what it need not collect. */
  readonly memory: Slope
  readonly heap: Slope
  /** Medians of the first and the last sixth after the warm-up. */
  readonly handles: readonly [first: number, last: number]
  readonly threads: readonly [first: number, last: number]
  /** Medians of the minutes' p99 in the last sixth, over those in the first: told, for other work on the machine bends it. */
  readonly slower: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

/** Below this the code is still being compiled, which lives too. */
const leastSeconds = 1_200
const mostMiBAnHour = 1
/** What clients that are at work hold by chance. */
const toAndFro = 2
/** An ingestion gateway remembers the last 1,000 runs (gateways/ingest/intakes.ts), 1.7 KiB each as measured on live heaps. */
const mostRemembered = 1_000
const remembered = 2 / 1_024
/** The book of names keeps which ids have been deleted (domain/names.ts), half a KiB each as measured. */
const deletedTag = 0.5 / 1_024
/** Sockets and files that come and go with clients, rebuilds and lists of files. */
const handlesToAndFro = 10

/** What is known of by name for good, or up to a bound: it may grow by that, all else must be flat. */
interface Known {
  readonly runs: number
  readonly deletedTags: number
}

export const verdictOn = ({ samples, minutes, live }: Observed, { seconds, warmSeconds: warm }: Plan, known: Known): Verdict => {
  const allowed =
    toAndFro +
    ((seconds - warm) / 3_600) * mostMiBAnHour +
    Math.min(known.runs, mostRemembered) * remembered +
    known.deletedTags * deletedTag
  const grown = sizeOf(live.at(-1)) - sizeOf(live[0])
  const after = samples.filter(({ at }) => at > warm)
  const least = leastOfMinutes(after)
  const memory = slopeOf(least.map(({ at, anonymous }) => ({ at, value: anonymous })))
  const heap = slopeOf(least.map(({ at, heap }) => ({ at, value: heap })))
  const handles = firstAndLast(after, ({ handles }) => handles)
  const threads = firstAndLast(after, ({ threads }) => threads)
  const faults: string[] = []
  if (live.length < 2) faults.push(`live heaps were measured ${live.length} times, too few to compare`)
  else if (seconds >= leastSeconds && grown > allowed)
    faults.push(
      `${grown.toFixed(1)} MiB more live in the heaps at the end than after the warm-up; ${allowed.toFixed(1)} are allowed`,
    )
  if (handles[1] > handles[0] + handlesToAndFro) faults.push(`handles grew from ${handles[0]} to ${handles[1]}`)
  if (threads[1] > threads[0]) faults.push(`threads grew from ${threads[0]} to ${threads[1]}`)
  const slower = slowerOf(minutes.filter(({ at }) => at > warm))
  return { live: { grown, allowed }, memory, heap, handles, threads, slower, faults }
}

const sizeOf = (live: Live | undefined): number => live?.heaps.reduce((sum, mib) => sum + mib, 0) ?? 0

const leastOfMinutes = (samples: readonly Sample[]): readonly Sample[] =>
  [...Map.groupBy(samples, ({ at }) => Math.floor(at / 60)).values()].flatMap((minute) =>
    minute.toSorted((a, b) => a.anonymous - b.anonymous).slice(0, 1),
  )

const sixths = <A>(all: readonly A[]): readonly [first: readonly A[], last: readonly A[]] => {
  const length = Math.max(1, Math.floor(all.length / 6))
  return [all.slice(0, length), all.slice(-length)]
}

const firstAndLast = (samples: readonly Sample[], of: (sample: Sample) => number): readonly [first: number, last: number] => {
  const [first, last] = sixths(samples)
  return [median(first.map(of)), median(last.map(of))]
}

const slowerOf = (minutes: readonly Minute[]): Readonly<Record<string, number>> => {
  const [first, last] = sixths(minutes)
  const kinds = Object.keys(first[0]?.latencies ?? {})
  const p99 = (of: readonly Minute[], kind: string): number => median(of.flatMap(({ latencies }) => latencies[kind]?.p99 ?? []))
  return Object.fromEntries(kinds.map((kind) => [kind, p99(last, kind) / p99(first, kind)]))
}

/** One line for each tenth of the time: medians of its samples, and of its minutes. */
export const table = ({ samples, minutes }: Observed): readonly string[] => {
  const rows = Array.from({ length: 12 }, (_, part) => {
    const within = <A>(all: readonly A[]) =>
      all.slice(Math.floor((part * all.length) / 12), Math.floor(((part + 1) * all.length) / 12))
    const seen = within(samples)
    const mid = (of: (sample: Sample) => number) => median(seen.map(of)).toFixed(0)
    const p = (kind: string, share: "p50" | "p99") =>
      median(within(minutes).flatMap(({ latencies }) => latencies[kind]?.[share] ?? [])).toFixed(1)
    const files = mid(({ files }) => Object.values(files).reduce((sum, size) => sum + size, 0))
    const cells = [
      `${((seen.at(-1)?.at ?? 0) / 60).toFixed(0)} min`,
      mid(({ anonymous }) => anonymous),
      Math.min(...seen.map(({ anonymous }) => anonymous)).toFixed(0),
      mid(({ resident }) => resident),
      mid(({ heap }) => heap),
      mid(({ handles }) => handles),
      mid(({ threads }) => threads),
      mid(({ eventLoopLagP99Ms }) => eventLoopLagP99Ms),
      files,
      `${p("ack", "p50")} / ${p("ack", "p99")}`,
      `${p("run search", "p50")} / ${p("run search", "p99")}`,
      `${p("command", "p50")} / ${p("command", "p99")}`,
      median(seen.map(({ load }) => load)).toFixed(1),
    ]
    return seen.length === 0 ? undefined : `| ${cells.join(" | ")} |`
  })
  const heads = ["until", "RssAnon", "least", "VmRSS", "heap", "fds", "threads", "lag p99", "files", "ack p50 / p99"]
  const more = ["search p50 / p99", "command p50 / p99", "load"]
  const head = `| ${[...heads, ...more].join(" | ")} |`
  return [head, head.replaceAll(/[^|]+/g, " --- "), ...rows.filter((row) => row !== undefined)]
}
