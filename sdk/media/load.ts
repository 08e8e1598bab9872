/** The code for what takes most of it (pictures, sounds, histograms, artifacts) is a part of its own, so that pages begin to log without it. */
import type * as Loaded from "./loaded.ts"

/** What is loaded. */
export type Blobs = typeof Loaded

let loaded: Blobs | null = null
let loading: Promise<Blobs> | null = null

/** Loads it, anew where that failed before. Begin early: while the network is away there may be nothing to load it from. */
export const loadBlobs = (): Promise<Blobs> => {
  loading ??= import("./loaded.ts").then(
    (blobs) => (loaded = blobs),
    (cause: unknown) => {
      loading = null
      throw cause
    },
  )
  return loading
}

/** Uses it at once where it is loaded. */
export const withBlobs = <A>(use: (blobs: Blobs) => A | Promise<A>): A | Promise<A> =>
  loaded === null ? loadBlobs().then(use) : use(loaded)
