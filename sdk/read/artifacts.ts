/** The files of a run. */
import type { RunInfo } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { type Download, download, type DownloadOptions } from "./download.ts"
import type { CallOptions } from "./operation.ts"
import { type ReadOptions, seen } from "./runs.ts"
import { safePaths } from "./safe-path.ts"

/** A file that a run has logged: its name, its path in the run, and where the server keeps it. */
export type Artifact = RunInfo["artifacts"][number]

/** What can be done with files. */
export interface Artifacts {
  /** The files that a run has logged, without those of its images and audio. */
  readonly list: (run: string, options?: ReadOptions) => Promise<readonly Artifact[]>
  /** Begins to download one, by its path. */
  readonly download: (run: string, path: string, options?: DownloadOptions) => Promise<Download>
  /**
   * Downloads all of a run's files, one after the other: `save` is given each with a path that is safe and no other's, and is
   * awaited. Resolves with the paths.
   */
  readonly downloadAll: (
    run: string,
    save: (path: string, file: Download) => Promise<unknown>,
    options?: Omit<DownloadOptions, "from">,
  ) => Promise<readonly string[]>
  /** All of them in one ZIP archive, as the server makes it while it is sent. */
  readonly zip: (run: string, options?: CallOptions) => Promise<Response>
}

/** What can be done with files over a connection. */
export const artifactsOf = (connection: Connection): Artifacts => {
  const list: Artifacts["list"] = async (id, options = {}) => {
    const given = { path: { id }, query: { skip_system: true, ...seen(options) }, signal: options.signal }
    const { body } = await connection.request("GET /runs/{id}/info", given)
    return body.artifacts.filter(({ path }) => !path.startsWith("seq/"))
  }
  return {
    list,
    download: (run, path, options) => download(connection, run, path, options),
    downloadAll: async (run, save, options = {}) => {
      const paths = safePaths((await list(run, { signal: options.signal })).map(({ path }) => path))
      for (const [path, safe] of paths) await save(safe, await download(connection, run, path, options))
      return [...paths.values()]
    },
    zip: async (id, { signal } = {}) =>
      (await connection.request("GET /runs/{id}/artifacts/download-all", { path: { id }, signal })).body,
  }
}
