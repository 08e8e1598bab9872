/** Lines that the process writes to stdout and stderr. */
import { stripVTControlCharacters } from "node:util"

/**
 * Hands on each line that is written, as the Python client does: without escape sequences, and of a line that was written over
 * (`\r`) what stood there last. It is still written. The answer ends that, with what is left of a line.
 */
export const captureConsole = (onLine: (line: string) => void): (() => void) => {
  const ends = [process.stdout, process.stderr].map((stream) => capture(stream, onLine))
  return () => ends.forEach((end) => end())
}

const capture = (stream: NodeJS.WriteStream, onLine: (line: string) => void): (() => void) => {
  const write = stream.write
  const decoder = new TextDecoder()
  let rest = ""
  // What a listener writes itself would come back to it for ever.
  let isInside = false
  const hand = (line: string): void => {
    isInside = true
    onLine(stripVTControlCharacters(line.slice(line.lastIndexOf("\r") + 1)))
    isInside = false
  }
  const hear = (chunk: string | Uint8Array): void => {
    const lines = (rest + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }))).split(/\r?\n/)
    rest = lines.pop() ?? ""
    for (const line of lines) hand(line)
  }
  const wrapped = (chunk: string | Uint8Array, ...more: readonly never[]): boolean => {
    if (!isInside) hear(chunk)
    // The arguments are those of the caller, who knew the overloads.
    return Reflect.apply(write, stream, [chunk, ...more]) as boolean
  }
  stream.write = wrapped
  return () => {
    // Somebody who wrapped it later still holds ours.
    if (stream.write === wrapped) stream.write = write
    if (rest !== "") hand(rest)
    rest = ""
    isInside = true
  }
}
