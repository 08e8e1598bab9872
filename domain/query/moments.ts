import { WithOperators } from "./operators.ts"
import type { BinaryOperator } from "./syntax.ts"
import { asDouble, Callable, float, isFloat, type PyValue, raise } from "./values.ts"

const secondMicros = 1_000_000
const dayMicros = 86_400 * secondMicros

/** Microseconds of a span, half to even, within what Python holds. */
export const spanOf = (micros: number): number => {
  if (Number.isNaN(micros)) return raise("ValueError")
  const floored = Math.floor(micros)
  const rest = micros - floored
  const rounded = rest > 0.5 || (rest === 0.5 && floored % 2 !== 0) ? floored + 1 : floored
  return Math.abs(rounded) < 999_999_999 * dayMicros ? rounded : raise("OverflowError")
}

const two = (value: number): string => String(value).padStart(2, "0")
const getter = (value: PyValue): Callable => new Callable((args) => (args.length === 0 ? value : raise("TypeError")))
const fraction = (micros: number): string => (micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`)

/** A `timedelta`, in microseconds. */
export class Span extends WithOperators {
  readonly typeName = "timedelta"
  readonly rank: number
  constructor(micros: number) {
    super()
    this.rank = spanOf(micros)
  }
  override isTrue(): boolean {
    return this.rank !== 0
  }
  abs(): Span {
    return new Span(Math.abs(this.rank))
  }
  override attribute(name: string): PyValue {
    const days = Math.floor(this.rank / dayMicros)
    const rest = this.rank - days * dayMicros
    if (name === "days") return days
    if (name === "seconds") return Math.floor(rest / secondMicros)
    if (name === "microseconds") return rest % secondMicros
    return name === "total_seconds" ? getter(float(this.rank / secondMicros)) : null
  }
  operate(operator: BinaryOperator, other: PyValue, isLeft: boolean): PyValue | undefined {
    if (other instanceof Span) return isLeft ? this.withSpan(operator, other) : other.withSpan(operator, this)
    if (other instanceof Moment)
      return operator === "+" ? other.plus(this.rank) : operator === "-" && !isLeft ? other.plus(-this.rank) : undefined
    const factor = asDouble(other)
    if (factor === undefined) return undefined
    if (operator === "*") return new Span(this.rank * factor)
    if (!isLeft || (operator !== "/" && operator !== "//") || (operator === "//" && isFloat(other))) return undefined
    if (factor === 0) return raise("ZeroDivisionError")
    return new Span(operator === "/" ? this.rank / factor : Math.floor(this.rank / factor))
  }
  withSpan(operator: BinaryOperator, other: Span): PyValue | undefined {
    if (operator === "+") return new Span(this.rank + other.rank)
    if (operator === "-") return new Span(this.rank - other.rank)
    if (operator !== "/" && operator !== "//" && operator !== "%") return undefined
    if (other.rank === 0) return raise("ZeroDivisionError")
    const quotient = Math.floor(this.rank / other.rank)
    return operator === "/"
      ? float(this.rank / other.rank)
      : operator === "//"
        ? quotient
        : new Span(this.rank - quotient * other.rank)
  }
  text(): string {
    const days = Math.floor(this.rank / dayMicros)
    const rest = this.rank - days * dayMicros
    const seconds = Math.floor(rest / secondMicros)
    const clock = `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction(rest % secondMicros)}`
    return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? "" : "s"}, ${clock}`
  }
  representation(): string {
    const parts = ["days", "seconds", "microseconds"].flatMap((name) => {
      const value = this.attribute(name)
      return value === 0 ? [] : [`${name}=${String(value)}`]
    })
    return `datetime.timedelta(${parts.join(", ") || "0"})`
  }
}

/** A naive `datetime`: microseconds since 1970 on the user's clock, `offset` microseconds behind UTC. */
export class Moment extends WithOperators {
  readonly typeName = "datetime"
  readonly rank: number
  readonly offset: number
  constructor(micros: number, offset: number) {
    super()
    const inRange = micros >= -62_135_596_800 * secondMicros && micros < 253_402_300_800 * secondMicros
    this.rank = inRange ? micros : raise("OverflowError")
    this.offset = offset
  }
  plus(micros: number): Moment {
    return new Moment(this.rank + micros, this.offset)
  }
  override attribute(name: string): PyValue {
    const date = new Date(Math.floor(this.rank / 1_000))
    const weekday = (date.getUTCDay() + 6) % 7
    switch (name) {
      case "year":
        return date.getUTCFullYear()
      case "month":
        return date.getUTCMonth() + 1
      case "day":
        return date.getUTCDate()
      case "hour":
        return date.getUTCHours()
      case "minute":
        return date.getUTCMinutes()
      case "second":
        return date.getUTCSeconds()
      case "microsecond":
        return this.rank - Math.floor(this.rank / secondMicros) * secondMicros
      case "timestamp":
        return getter(float((this.rank + this.offset) / secondMicros))
      case "weekday":
        return getter(weekday)
      case "isoweekday":
        return getter(weekday + 1)
      case "isoformat":
        return getter(this.iso("T"))
      case "date":
        return getter(new Moment(Math.floor(this.rank / dayMicros) * dayMicros, this.offset))
      default:
        return null
    }
  }
  iso(separator: string): string {
    const date = new Date(Math.floor(this.rank / 1_000))
    const text = date.toISOString().slice(0, 19).replace("T", separator)
    return text + fraction(this.rank - Math.floor(this.rank / secondMicros) * secondMicros)
  }
  operate(operator: BinaryOperator, other: PyValue, isLeft: boolean): PyValue | undefined {
    if (other instanceof Span) return other.operate(operator, this, !isLeft)
    if (!(other instanceof Moment) || operator !== "-") return undefined
    return new Span(isLeft ? this.rank - other.rank : other.rank - this.rank)
  }
  text(): string {
    return this.iso(" ")
  }
  representation(): string {
    const names = ["year", "month", "day", "hour", "minute", "second", "microsecond"]
    const parts = names.map((name) => String(this.attribute(name)))
    while (parts.length > 5 && parts.at(-1) === "0") parts.pop()
    return `datetime.datetime(${parts.join(", ")})`
  }
}
