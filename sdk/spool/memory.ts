/** A spool that ends with the process: where no other is wanted, or none can be kept. */
import { type Duty, type Spool, SpoolFull, type StoredFrame } from "../platform.ts"

/** Holds at most so many bytes of frames, and as many of blobs. */
export const memorySpool = (writer: string, runId: string, url: string, mostBytes: number): Spool => {
  let frames: StoredFrame[] = []
  let frameBytes = 0
  let blobBytes = 0
  let nextSeq = 0
  let nextDuty = 0
  const duties = new Map<number, { readonly duty: Duty; readonly bytes: Uint8Array<ArrayBuffer> | null }>()
  const full = (what: string): SpoolFull => new SpoolFull(`${what} in memory have their ${mostBytes} bytes`)
  return {
    writer,
    runId,
    url,
    get nextSeq() {
      return nextSeq
    },
    get nextDuty() {
      return nextDuty
    },
    get bytes() {
      return frameBytes + blobBytes
    },
    append: (frame) => {
      if (frames.length > 0 && frameBytes + frame.bytes.length > mostBytes) throw full("frames")
      frames.push(frame)
      frameBytes += frame.bytes.length
      nextSeq = frame.seq + 1
    },
    read: async (from, most) => {
      let bytes = 0
      const rest = frames.filter(({ seq }) => seq >= from)
      return rest.filter((frame, i) => (bytes += frame.bytes.length) <= most || i === 0)
    },
    release: (seq) => {
      frames = frames.filter((frame) => frame.seq > seq)
      frameBytes = frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
    },
    addDuty: (duty, bytes) => {
      const size = bytes?.length ?? 0
      if (blobBytes > 0 && blobBytes + size > mostBytes) throw full("blobs")
      blobBytes += size
      duties.set(duty.number, { duty, bytes: bytes === null ? null : bytes.slice() })
      nextDuty = duty.number + 1
    },
    duties: async () => [...duties.values()].map(({ duty }) => duty),
    blobOf: async ({ number }) => {
      const bytes = duties.get(number)?.bytes
      if (bytes === undefined || bytes === null) throw new Error(`duty ${number} has no bytes here`)
      return new Blob([bytes])
    },
    dutyDone: (number) => {
      blobBytes -= duties.get(number)?.bytes?.length ?? 0
      duties.delete(number)
    },
    settled: async () => {},
    close: async () => {},
  }
}
