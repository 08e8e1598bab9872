/** Pictures, sounds, histograms and artifacts: what was given is held as it is now, and logged by code that may have to be loaded. */
import type { Logbook } from "../logbook.ts"
import type { ArtifactOptions, ArtifactResult, ArtifactSource } from "./artifact.ts"
import { attempt, inTurn, wordsOf } from "./attempt.ts"
import type { AudioOptions, AudioSource } from "./audio.ts"
import type { DistributionOptions, Histogram } from "./distribution.ts"
import { hold } from "./hold.ts"
import type { ImageOptions, ImageSource } from "./image.ts"
import { type Blobs, withBlobs } from "./load.ts"

/** Logs a picture. It is shown once its bytes are uploaded; several of one step need names or contexts of their own. */
export const image = (book: Logbook, name: string, source: ImageSource, options: ImageOptions = {}): void =>
  logHeld(book, `image ${String(name)}`, source, ({ logImage }, held) => logImage(book, name, held, options))

/** Logs a sound: a file's bytes or (Node) path, or samples, which become a WAV file of 16 bits; what is beyond ±1 is cut. */
export const audio = (book: Logbook, name: string, source: AudioSource, options: AudioOptions = {}): void =>
  logHeld(book, `audio ${String(name)}`, source, ({ logAudio }, held) => logAudio(book, name, held, options))

/** Logs how values are distributed: the values, which are counted in bins, or a histogram that is made already. */
export const distribution = (
  book: Logbook,
  name: string,
  values: ArrayLike<number> | Iterable<number> | Histogram,
  options: DistributionOptions = {},
): void =>
  logHeld(book, `distribution ${String(name)}`, values, ({ logDistribution }, held) => logDistribution(book, name, held, options))

const logHeld = (
  book: Logbook,
  what: string,
  source: unknown,
  log: (blobs: Blobs, held: unknown) => Promise<void> | void,
): void => {
  attempt(book, what, () => {
    const held = hold(source)
    inTurn(book, what, () => withBlobs((blobs) => log(blobs, held)))
  })
}

/**
 * Logs a file, or all files of a folder. It is uploaded while the run goes on, and by the next start or `matyan sync` where the
 * process ends before. Resolves when that is done, and never rejects.
 */
export const artifact = async (book: Logbook, source: ArtifactSource, options: ArtifactOptions = {}): Promise<ArtifactResult> => {
  try {
    const held = hold(source)
    const logged = withBlobs(({ logArtifact }) => logArtifact(book, held, options))
    // Until the spool has it; from then on it is a duty.
    book.during(Promise.resolve(logged).catch(() => undefined))
    return await (
      await logged
    ).uploaded
  } catch (cause) {
    const path = String(options?.path ?? (typeof source === "string" ? source : ""))
    book.problem(`artifact ${path} is not logged: ${wordsOf(cause)}`)
    return { path, files: 0, bytes: 0, state: "refused" }
  }
}
