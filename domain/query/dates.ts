import { bindArguments, signature } from "./arguments.ts"
import { microsOf } from "./recognise.ts"
import { Moment, Span, spanOf } from "./moments.ts"
import { asDouble, asIndex, Callable, type PyValue, PyType, raise } from "./values.ts"

/** What dates depend on: the user's zone, in minutes west of UTC, and the time that now is, in Unix seconds. */
export interface Clock {
  readonly timezoneOffsetMinutes: number
  readonly now: number | undefined
}

const fields = signature("year month day hour? minute? second? microsecond?")

/** `datetime` and `timedelta`. Naive times are the user's: `timestamp()` and `fromtimestamp()` use the offset of the request. */
export const dateTypes = (clock: Clock): readonly (readonly [string, PyValue])[] => {
  const offset = clock.timezoneOffsetMinutes * 60_000_000
  const local = (seconds: number): Moment => new Moment(Math.round(seconds * 1e6) - offset, offset)
  const now = new Callable((args) => (args.length > 0 || clock.now === undefined ? raise("TypeError") : local(clock.now)))
  const create: Callable["call"] = (args, keywords) => {
    const parts = bindArguments(fields, args, keywords).map((value) => (value === undefined ? undefined : asIndex(value)))
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0] = parts
    return new Moment(microsOf([year, month, day, hour, minute, second, micro]) ?? raise("ValueError"), offset)
  }
  const members = new Map<string, PyValue>([
    ["now", now],
    ["today", now],
    [
      "utcnow",
      new Callable(() => (clock.now === undefined ? raise("TypeError") : new Moment(Math.round(clock.now * 1e6), offset))),
    ],
    ["fromtimestamp", new Callable((args) => local(asDouble(args[0] ?? null) ?? raise("TypeError")))],
    [
      "utcfromtimestamp",
      new Callable((args) => new Moment(Math.round((asDouble(args[0] ?? null) ?? raise("TypeError")) * 1e6), offset)),
    ],
    ["fromisoformat", new Callable((args) => new Moment(parseIso(args[0] ?? null), offset))],
  ])
  return [
    ["datetime", new PyType("datetime", create, members)],
    ["timedelta", new PyType("timedelta", (args, keywords) => new Span(spanMicros(args, keywords)))],
  ]
}

const parseIso = (value: PyValue): number => {
  const match =
    typeof value === "string"
      ? /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}(?:\d{3})?))?)?)?$/.exec(value)
      : null
  if (match === null) return raise("ValueError")
  const parts = match.slice(1, 7).map((part) => (part === undefined ? 0 : Number(part)))
  return microsOf([...parts, Number((match[7] ?? "").padEnd(6, "0"))]) ?? raise("ValueError")
}

const units = signature("days? seconds? microseconds? milliseconds? minutes? hours? weeks?")
const unitMicros = [86_400e6, 1e6, 1, 1e3, 60e6, 3_600e6, 604_800e6]

const spanMicros = (args: readonly PyValue[], keywords: ReadonlyMap<string, PyValue>): number => {
  const given = bindArguments(units, args, keywords)
  return spanOf(
    given.reduce<number>(
      (sum, value, at) => sum + (value === undefined ? 0 : (asDouble(value) ?? raise("TypeError")) * (unitMicros[at] ?? 0)),
      0,
    ),
  )
}
