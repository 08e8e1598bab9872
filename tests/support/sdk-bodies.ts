/** Answers as a network may bring them: in any chunks, and maybe not to their end. */

/** An answer whose body comes in chunks that end at these places, at the latest where the bytes end. */
export const inChunks = (bytes: Uint8Array, ends: readonly number[]): Response => {
  const cuts = [...new Set([0, ...ends.map((end) => end % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  const chunks = cuts.slice(1).map((end, i) => bytes.slice(cuts[i], end))
  return new Response(
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const chunk = chunks.shift()
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
      },
    }),
  )
}

/** Asks as `fetch` does, but answers end after so many bytes of their bodies, as often as there are numbers; then they are whole. */
export const cuttingFetch = (after: number[], isCut: (url: string) => boolean = () => true): typeof fetch => {
  return async (input, init) => {
    const response = await fetch(input, init)
    const most = response.ok && isCut(String(input)) ? after.shift() : undefined
    return most === undefined || response.body === null
      ? response
      : new Response(cut(response.body, most), { status: response.status, headers: response.headers })
  }
}

const cut = (body: ReadableStream<Uint8Array>, most: number): ReadableStream<Uint8Array> => {
  let left = most
  return body.pipeThrough(
    new TransformStream({
      transform: (chunk: Uint8Array, controller) => {
        if (left > 0) controller.enqueue(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) controller.error(new TypeError("the connection was cut"))
      },
    }),
  )
}
