/**
 * The binary frames of the protocol `matyan.v1`, as docs/protocol.md describes them byte by byte. It depends on nothing: the
 * SDK carries it too, in browsers as well.
 */

/** One batch of one writer. */
export interface Frame {
  /** 32 hexadecimal digits. */
  readonly writer: string
  /** The frame's number among those of its writer. */
  readonly seq: number
  /** Folded in this order. */
  readonly sections: readonly Section[]
}

export type Section = MessagesSection | PointsSection

/** Messages of the JSON protocol, as the text of a JSON array. */
export interface MessagesSection {
  readonly kind: "messages"
  readonly json: string
}

/** Points of one metric in the order they were logged; columns of one length. */
export interface PointsSection {
  readonly kind: "points"
  readonly name: string
  /** The context as the text of a JSON object; empty for none. */
  readonly context: string
  /** Empty for `float`. */
  readonly dtype: string
  /** Null: to be counted on from the sequence's last one. */
  readonly steps: Column | null
  readonly epochs: Column | null
  /** Microseconds since 1970. */
  readonly times: Column
  readonly values: Float64Array
}

/** Safe integers. */
export type Column = Float64Array | readonly number[]

export const frameVersion = 1

/** The kinds of sections, and of columns. */
export const messagesKind = 1
export const pointsKind = 2
export const absent = 0
export const regular = 1
export const deltas = 2
export const floats = 3

/** The bytes of a frame. Its numbers must be safe integers, and its columns of one length. */
export const encodeFrame = ({ writer, seq, sections }: Frame): Uint8Array => {
  const out = new Writer()
  out.byte(frameVersion)
  for (let at = 0; at < 32; at += 2) out.byte(Number.parseInt(writer.slice(at, at + 2), 16))
  out.unsigned(seq)
  for (const section of sections)
    if (section.kind === "messages") {
      out.byte(messagesKind)
      out.text(section.json)
    } else writePoints(out, section)
  return out.bytes()
}

const writePoints = (out: Writer, { name, context, dtype, steps, epochs, times, values }: PointsSection): void => {
  out.byte(pointsKind)
  out.text(name)
  out.text(context)
  out.text(dtype)
  out.unsigned(values.length)
  writeColumn(out, steps)
  writeColumn(out, epochs)
  writeColumn(out, times)
  out.floats(values)
}

const writeColumn = (out: Writer, column: Column | null): void => {
  if (column === null) return out.byte(absent)
  const kind = kindOf(column)
  out.byte(kind)
  if (kind === floats) return out.floats(column)
  const first = column[0] ?? 0
  out.signed(first)
  if (kind === regular) return out.signed((column[1] ?? first) - first)
  for (let i = 1; i < column.length; i++) out.signed(column[i]! - column[i - 1]!)
}

const kindOf = (column: Column): number => {
  const first = column[0] ?? 0
  const stride = (column[1] ?? first) - first
  let isRegular = true
  let fits = isShort(first)
  for (let i = 1; i < column.length && fits; i++) {
    const delta = column[i]! - column[i - 1]!
    isRegular &&= delta === stride
    fits = isShort(delta)
  }
  return !fits ? floats : isRegular ? regular : deltas
}

/** Whether a number is still exact when its sign is folded into its lowest bit. */
const isShort = (number: number): boolean => number > -(2 ** 52) && number < 2 ** 52

class Writer {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  unsigned(number: number): void {
    this.#reserve(10)
    let rest = number
    // Above 31 bits the bitwise operators would cut.
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128
    for (; rest >= 128; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128
    this.#bytes[this.#length++] = rest
  }

  signed(number: number): void {
    this.unsigned(number < 0 ? -2 * number - 1 : 2 * number)
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.unsigned(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  floats(numbers: Column): void {
    this.#reserve(8 * numbers.length)
    for (let i = 0; i < numbers.length; i++, this.#length += 8) this.#view.setFloat64(this.#length, numbers[i]!, true)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + bytes))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
