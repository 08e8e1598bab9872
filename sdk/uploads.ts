/** The blobs of one writer: some are uploaded at once, and their messages are sent in the order in which they were logged. */
import { encodeFrame } from "../domain/frame.ts"
import { blobWriterOf } from "./ids.ts"
import type { Lane } from "./lane.ts"
import type { BlobOutcome } from "./logbook.ts"
import { loadBlobs } from "./media/load.ts"
import type { Duty, Platform, Spool } from "./platform.ts"

/** Hears how many bytes of how many are uploaded. */
export type OnUploadProgress = (uploaded: number, size: number) => void

/** Blobs that are uploaded, and then named to the server. */
export interface Uploads extends Lane {
  /** Uploads what the spool keeps as this duty; resolves when its message is answered or refused, or when it is left. */
  readonly add: (duty: Duty, onProgress?: OnUploadProgress) => Promise<BlobOutcome>
  /** Duties that are not done. */
  readonly waiting: () => number
  /** Ends what is under way; what is not done stays in the spool. */
  readonly leave: () => void
}

/** What is uploaded from where to where. */
export interface UploadsOptions {
  readonly spool: Spool
  readonly platform: Platform
  /** Of the ingestion gateway. */
  readonly url: string
  /** Whether nothing is to be uploaded now. */
  readonly isOffline: boolean
  /** Told when there is something new to send, or when one was given up. */
  readonly onReady: () => void
  readonly problem: (text: string) => void
}

interface Upload {
  readonly duty: Duty
  readonly onProgress: OnUploadProgress | undefined
  readonly settle: (outcome: BlobOutcome) => void
  state: "waiting" | "uploading" | "ready" | "sent"
}

const mostAtOnce = 4
const shortestDelay = 250
const longestDelay = 10_000

/** The uploads of a spool; at most four at once. */
export const uploadsOf = ({ spool, platform, url, isOffline, onReady, problem }: UploadsOptions): Uploads => {
  const writer = blobWriterOf(spool.writer)
  const ending = new AbortController()
  let queue: Upload[] = []
  let failures = 0

  const giveUp = (upload: Upload, outcome: BlobOutcome): void => {
    queue = queue.filter((other) => other !== upload)
    spool.dutyDone(upload.duty.number)
    upload.settle(outcome)
  }

  const fail = (upload: Upload, error: unknown): void => {
    if (error instanceof Error && "retry" in error && error.retry === false) {
      problem(`${upload.duty.blobPath} was not uploaded: ${error.message}`)
      giveUp(upload, "refused")
      return onReady()
    }
    const delay = Math.min(longestDelay, shortestDelay * 2 ** failures++) * (0.5 + Math.random())
    platform.later(delay, () => {
      upload.state = "waiting"
      start()
    })
  }

  const begin = async (upload: Upload): Promise<void> => {
    upload.state = "uploading"
    const { duty, onProgress } = upload
    const options = { url, runId: spool.runId, files: platform.files, signal: ending.signal }
    try {
      const { uploadDuty } = await loadBlobs()
      await uploadDuty(duty, spool, onProgress === undefined ? options : { ...options, onProgress })
      failures = 0
      upload.state = "ready"
      onReady()
    } catch (error) {
      fail(upload, error)
    }
    start()
  }

  const start = (): void => {
    if (isOffline || ending.signal.aborted) return
    let free = mostAtOnce - queue.filter(({ state }) => state === "uploading").length
    for (const upload of queue) if (upload.state === "waiting" && free-- > 0) void begin(upload)
  }

  return {
    writer,
    waiting: () => queue.length,
    isDone: () => queue.length === 0,
    add: (duty, onProgress) =>
      new Promise((settle) => {
        queue.push({ duty, onProgress, settle, state: "waiting" })
        start()
      }),
    take: () => {
      const upload = queue.find(({ state }) => state !== "sent")
      if (upload?.state !== "ready") return null
      upload.state = "sent"
      const { number: seq, message } = upload.duty
      return { seq, bytes: encodeFrame({ writer, seq, sections: [{ kind: "messages", json: `[${message}]` }] }) }
    },
    answered: (seq, refusal) => {
      const upload = queue.find(({ duty }) => duty.number === seq)
      if (upload !== undefined) giveUp(upload, refusal === null ? "uploaded" : "refused")
    },
    rewind: () => {
      for (const upload of queue) if (upload.state === "sent") upload.state = "ready"
    },
    leave: () => {
      ending.abort()
      for (const { settle } of queue) settle("waiting")
    },
  }
}
