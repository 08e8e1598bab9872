/** Bodies of answers in stretches of whole pieces, whatever the network made of them. */
import { failureOf, MatyanError } from "./errors.ts"

/** How many bytes the piece at `at` has, as far as the bytes up to `end` tell: more than there are where it is not whole yet. */
export type SizeOf = (view: DataView, at: number, end: number) => number

/**
 * The body in stretches, each of whole pieces; no byte is copied more than twice. Ends the request when the reader leaves.
 * Throws `MatyanError` with the code `cut` where the body ends within a piece, or the connection does.
 */
export async function* piecesOf(
  response: Response,
  sizeOf: SizeOf,
  asked: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let held: Uint8Array<ArrayBuffer>[] = []
  let [size, needed] = [0, 1]
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw failureOf(error, "cut", asked, signal)
      })
      if (done) break
      held.push(value)
      size += value.length
      if (size < needed) continue
      const bytes = joined(held, size)
      const whole = wholeIn(bytes, sizeOf)
      if (whole.end > 0) yield bytes.subarray(0, whole.end)
      held = [bytes.subarray(whole.end)]
      ;[size, needed] = [size - whole.end, whole.needed]
    }
    if (size > 0) throw new MatyanError(`${asked} was cut off: the answer ends within a piece`, { code: "cut" })
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Up to where pieces are whole, and how many bytes there must be from there for the next. */
const wholeIn = (bytes: Uint8Array, sizeOf: SizeOf): { readonly end: number; readonly needed: number } => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let end = 0
  for (;;) {
    const needed = sizeOf(view, end, bytes.length)
    if (end + needed > bytes.length) return { end, needed }
    end += needed
  }
}

const joined = (chunks: readonly Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> => {
  const [only] = chunks
  if (only !== undefined && only.length === size) return only
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
