/** The ids that a client draws for itself. */

/** 128 random bits as 32 hexadecimal digits: what the Python client names its runs by, too. */
export const newRunId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** A writer's id: 32 hexadecimal digits, the lowest bit 0, since the writer of its blobs is the same with that bit 1. */
export const newWriter = (): string => withLastDigit(newRunId(), (digit) => digit & 14)

/** The writer under which the messages of a writer's blobs are sent, each numbered as its duty. */
export const blobWriterOf = (writer: string): string => withLastDigit(writer, (digit) => digit | 1)

const withLastDigit = (id: string, change: (digit: number) => number): string =>
  id.slice(0, -1) + change(parseInt(id.slice(-1), 16)).toString(16)
