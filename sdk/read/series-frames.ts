/** Reads the frames that series are answered in: a header of JSON, and columns of float64. See docs/series.md. */
import { MatyanError } from "./errors.ts"
import { piecesOf } from "./pieces.ts"

/** The first frame's header. */
export interface SeriesHead {
  /** How many series come. */
  readonly series: number
  /** The names of the columns of each. */
  readonly columns: readonly string[]
  readonly buckets?: number
  readonly x?: Axis
  /** The grid's bounds; null where no point has an x. */
  readonly from?: number | null
  readonly to?: number | null
}

/** The horizontal axis of buckets: steps, epochs, Unix seconds, or seconds since each series' first point. */
export type Axis = "step" | "epoch" | "time" | "relative"

/** A series, or the next part of a long one. */
export interface SeriesFrame {
  /** Equal for the parts of one series. */
  readonly index: number
  readonly run: string
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  /** In the order of the head's names, equally long. They may be views of one buffer. */
  readonly columns: readonly Float64Array<ArrayBuffer>[]
}

/** The head, then all frames as they come; columns are read in place where their bytes lie so that they can be. */
export async function* seriesFrames(
  response: Response,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly head: SeriesHead; readonly frame: SeriesFrame | null }, undefined> {
  let head: SeriesHead | undefined
  for await (const bytes of piecesOf(response, sizeOfFrame, "the series", signal)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at < bytes.length;) {
      const [header, body] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
      const from = at + 8 + header
      const told: unknown = JSON.parse(utf8.decode(bytes.subarray(at + 8, from)))
      at = from + body
      if (head === undefined) {
        // The form that docs/series.md describes, and the server's tests hold it to.
        yield { head: (head = told as SeriesHead), frame: null }
        continue
      }
      const numbers = numbersIn(bytes, from, body)
      const size = numbers.length / head.columns.length
      const columns = head.columns.map((_, i) => numbers.subarray(i * size, (i + 1) * size))
      yield { head, frame: { ...(told as Omit<SeriesFrame, "columns">), columns } }
    }
  }
  if (head === undefined) throw new MatyanError("the series were cut off before they began", { code: "cut" })
}

const utf8 = new TextDecoder()

const sizeOfFrame = (view: DataView, at: number, end: number): number =>
  at + 8 > end ? 8 : 8 + view.getUint32(at, true) + view.getUint32(at + 4, true)

/** Little-endian, as all that runs JavaScript today is. */
const numbersIn = (bytes: Uint8Array<ArrayBuffer>, at: number, size: number): Float64Array<ArrayBuffer> => {
  const start = bytes.byteOffset + at
  return start % 8 === 0
    ? new Float64Array(bytes.buffer, start, size / 8)
    : new Float64Array(new Uint8Array(bytes.subarray(at, at + size)).buffer)
}
