/** Reads the frames of the protocol `matyan.v1`: see `frame.ts` and docs/protocol.md. */
import { absent, deltas, floats, type Frame, frameVersion, messagesKind, pointsKind, regular, type Section } from "./frame.ts"

/** Each takes far more memory than its two bytes; a client that logs thousands of metrics at once has as many. */
const mostSections = 2 ** 16

/** The frame that bytes hold, or what is wrong with them. Takes no more memory than a small multiple of the bytes. */
export const decodeFrame = (bytes: Uint8Array): Frame | string => {
  const input = new Reader(bytes)
  try {
    const version = input.byte()
    if (version !== frameVersion) return `frames of version ${version} are not read here, only of version ${frameVersion}`
    let writer = ""
    for (let i = 0; i < 16; i++) writer += input.byte().toString(16).padStart(2, "0")
    const seq = input.unsigned()
    const sections: Section[] = []
    while (!input.atEnd) {
      if (sections.length === mostSections) throw new Malformed(`more than ${mostSections} sections`)
      sections.push(readSection(input))
    }
    return { writer, seq, sections }
  } catch (error) {
    if (error instanceof Malformed) return `${error.message} at byte ${input.at}`
    throw error
  }
}

const readSection = (input: Reader): Section => {
  const kind = input.byte()
  if (kind === messagesKind) return { kind: "messages", json: input.text() }
  if (kind !== pointsKind) throw new Malformed(`there is no section of kind ${kind}`)
  const name = input.text()
  const context = input.text()
  const dtype = input.text()
  const count = input.unsigned()
  // Every point has eight bytes of its own, so this bounds what is allocated below.
  if (8 * count > input.left) throw new Malformed(`${count} points do not fit into the frame`)
  const steps = readColumn(input, count)
  const epochs = readColumn(input, count)
  const times = readColumn(input, count)
  if (times === null) throw new Malformed("points have no times")
  return { kind: "points", name, context, dtype, steps, epochs, times, values: input.floats(count) }
}

const readColumn = (input: Reader, count: number): Float64Array | null => {
  const kind = input.byte()
  if (kind === absent) return null
  if (kind !== floats && kind !== regular && kind !== deltas) throw new Malformed(`there is no column of kind ${kind}`)
  const column = kind === floats ? input.floats(count) : new Float64Array(count)
  if (kind === floats) return checked(column)
  let number = input.signed()
  const stride = kind === regular ? input.signed() : 0
  for (let i = 0; i < count; i++) {
    if (i > 0) number += kind === regular ? stride : input.signed()
    column[i] = number
  }
  return checked(column)
}

const checked = (column: Float64Array): Float64Array => {
  for (let i = 0; i < column.length; i++)
    if (!Number.isSafeInteger(column[i])) throw new Malformed("a step, epoch or time is no integer of less than 2^53")
  return column
}

class Malformed extends Error {}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  get atEnd(): boolean {
    return this.left === 0
  }

  byte(): number {
    if (this.atEnd) throw new Malformed("the frame ends too early")
    return this.#bytes[this.at++]!
  }

  unsigned(): number {
    let number = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      number += (byte & 127) * scale
      if (!Number.isSafeInteger(number)) throw new Malformed("a number is too large")
      if (byte < 128) return number
    }
  }

  signed(): number {
    const number = this.unsigned()
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2
  }

  text(): string {
    const length = this.unsigned()
    if (length > this.left) throw new Malformed(`a text of ${length} bytes does not fit into the frame`)
    const bytes = this.#bytes.subarray(this.at, this.at + length)
    try {
      const text = utf8.decode(bytes)
      this.at += length
      return text
    } catch {
      throw new Malformed("a text is not UTF-8")
    }
  }

  floats(count: number): Float64Array {
    if (8 * count > this.left) throw new Malformed(`${count} numbers do not fit into the frame`)
    const numbers = new Float64Array(count)
    for (let i = 0; i < count; i++, this.at += 8) numbers[i] = this.#view.getFloat64(this.at, true)
    return numbers
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
