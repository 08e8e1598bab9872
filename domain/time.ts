/** Clients' times, to microseconds since 1970 (UTC). */
import { numberOf, type Value } from "./value.ts"

/**
 * Reads an ISO 8601 date and time (`2026-01-01T00:00:00.123456Z`; without a zone it is UTC; the time or its seconds may be
 * missing), as Python's pydantic takes it. Digits beyond the microsecond are cut. NaN where it is none.
 */
export const microsOfText = (text: string): number => {
  const minutes = minutesOf(text)
  if (Number.isNaN(minutes) || text.length === 10) return minutes * 60e6
  let at = 16
  let seconds = 0
  if (text.charCodeAt(16) === 0x3a) {
    seconds = pair(text, 17)
    if (!(seconds < 60)) return Number.NaN
    at = 19
  }
  let micros = 0
  const separator = text.charCodeAt(at)
  if (separator === 0x2e || separator === 0x2c) {
    const first = ++at
    let unit = 100_000
    for (let digit = digitAt(text, at); digit <= 9; digit = digitAt(text, ++at)) {
      micros += digit * unit
      unit = Math.floor(unit / 10)
    }
    if (at === first) return Number.NaN
  }
  return (minutes - zoneMinutes(text, at)) * 60e6 + seconds * 1e6 + micros
}

/**
 * Microseconds of a time as clients may send it: ISO 8601 text, Unix seconds, or Unix milliseconds where the number is
 * beyond 2e10 (pydantic's rule), also as text. NaN where it is none of them.
 */
export const microsOf = (value: Value | undefined): number => {
  if (typeof value === "string") {
    const text = value.trim()
    return /^[+-]?\d+(\.\d+)?$/.test(text) ? microsOfUnix(Number(text)) : microsOfText(text)
  }
  const number = numberOf(value)
  return number === undefined || !Number.isFinite(number) ? Number.NaN : microsOfUnix(number)
}

const microsOfUnix = (number: number): number => Math.round(Math.abs(number) > 2e10 ? number * 1e3 : number * 1e6)

/** Minutes since 1970 of `YYYY-MM-DD[THH:MM…`; the last ones are kept, since clients' times come in runs. */
const minutesOf = (text: string): number => {
  const prefix = text.length > 16 ? text.slice(0, 16) : text
  if (prefix === lastPrefix) return lastMinutes
  const minutes = readMinutes(prefix)
  lastPrefix = prefix
  lastMinutes = minutes
  return minutes
}

let lastPrefix = ""
let lastMinutes = Number.NaN

const readMinutes = (text: string): number => {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d))?$/.exec(text)
  if (match === null) return Number.NaN
  const [year, month, day, hour, minute] = match.slice(1).map((part) => Number(part ?? 0)) as Fields
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // A date that is not in the calendar would roll over into the next month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59) return Number.NaN
  return date.getTime() / 60_000 + hour * 60 + minute
}

/** What the expression above captures. */
type Fields = [year: number, month: number, day: number, hour: number, minute: number]

/** Minutes east of UTC of what stands at the end: nothing, `Z`, `+HH:MM`, `+HHMM`. NaN where it is none of them. */
const zoneMinutes = (text: string, at: number): number => {
  const length = text.length - at
  if (length === 0) return 0
  const sign = text.charCodeAt(at)
  if (length === 1) return sign === 0x5a || sign === 0x7a ? 0 : Number.NaN
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN
  const colon = text.charCodeAt(at + 3) === 0x3a ? 1 : 0
  if (length !== 5 + colon) return Number.NaN
  const hours = pair(text, at + 1)
  const minutes = pair(text, at + 3 + colon)
  if (!(hours < 24 && minutes < 60)) return Number.NaN
  return (sign === 0x2d ? -1 : 1) * (hours * 60 + minutes)
}

/** Two digits; NaN where they are not. */
const pair = (text: string, at: number): number => {
  const tens = digitAt(text, at)
  const ones = digitAt(text, at + 1)
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** A digit; 10 where it is none. */
const digitAt = (text: string, at: number): number => {
  const digit = text.charCodeAt(at) - 0x30
  return digit >= 0 && digit <= 9 ? digit : 10
}
