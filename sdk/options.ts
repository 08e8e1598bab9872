/** What `init` is told, and what the environment says where it is not. */
import { newRunId } from "./ids.ts"
import type { Platform, SpoolSettings } from "./platform.ts"

/** What a run is to be. All of it may be left out. */
export interface InitOptions {
  /** The experiment that the run belongs to; it is made if there is none of that name. */
  readonly experiment?: string
  readonly name?: string
  readonly description?: string
  /** Parameters of the run; queries find them as `run.hparams.…`. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly tags?: readonly string[]
  /** An id of one's own for a new run: at most 256 bytes, no slash. 32 random hexadecimal digits otherwise. */
  readonly id?: string
  /** The id of a run to go on with. What an earlier process left in the spool of it is sent first; steps count on. */
  readonly resume?: string
  /** This process is one of several that log into the run named by `id` or `resume`: it neither begins nor ends the run. */
  readonly join?: boolean
  /** The ingestion gateway. Otherwise `MATYAN_FRONTIER_URL`, or `http://localhost:53801`. */
  readonly url?: string
  /**
   * `online` sends at once; `offline` only keeps everything in the spool, for `matyan sync`; `dry` keeps and sends nothing, but checks
   * what is logged. Otherwise `MATYAN_MODE`, or `online`.
   */
  readonly mode?: "online" | "offline" | "dry"
  /** Whether the lines that are written to the console are logged, too. Not unless asked for. */
  readonly console?: boolean
  /** Seconds between samples of what the machine does (Node only). Not sampled unless asked for. */
  readonly system?: number | false
  /**
   * Where what is not yet acknowledged is kept beyond the end of the process: `place` is a folder (browser: a database), otherwise
   * `MATYAN_SPOOL` or one of the user's; `mostBytes` is for all runs of the place together (4 GiB). `false` keeps it in memory.
   */
  readonly spool?: false | { readonly place?: string; readonly mostBytes?: number }
  /** Most bytes that a run holds in memory: 512 kB. */
  readonly queueBytes?: number
  /** Milliseconds that `finish` waits for the server at most: 30 s. */
  readonly finishTimeout?: number
  /** Whether problems are only kept for `status()`, and not shown on the console. */
  readonly quiet?: boolean
}

/** The options with what the environment and the defaults say in place of those that are missing. */
export interface Settings {
  readonly runId: string
  /** Whether the run may be there already. */
  readonly isKnown: boolean
  readonly url: string
  readonly mode: "online" | "offline" | "dry"
  readonly spool: SpoolSettings | null
  readonly queueBytes: number
  readonly finishTimeout: number
}

const defaultUrl = "http://localhost:53801"
const modes = ["online", "offline", "dry"] as const

/** Throws a `TypeError` for what can only be a mistake of the program. */
export const settingsOf = (options: InitOptions, platform: Platform): Settings => {
  const known = options.resume ?? options.id
  if (options.join === true && known === undefined) throw new TypeError("join needs the id of the run: id or resume")
  if (known !== undefined && !/^(?!\.{1,2}$)[^/\p{Cc}]{1,256}$/u.test(known)) throw new TypeError(`no id of a run: ${known}`)
  const spool = options.spool ?? {}
  const place = platform.environment("MATYAN_SPOOL") || platform.defaultPlace()
  return {
    runId: known ?? newRunId(),
    isKnown: known !== undefined,
    url: urlOf(options.url ?? platform.environment("MATYAN_FRONTIER_URL") ?? defaultUrl),
    mode: modeOf(options.mode ?? platform.environment("MATYAN_MODE") ?? "online"),
    spool: spool === false ? null : { place: spool.place ?? place, mostBytes: spool.mostBytes ?? 2 ** 32 },
    queueBytes: options.queueBytes ?? 2 ** 19,
    finishTimeout: options.finishTimeout ?? 30_000,
  }
}

const urlOf = (text: string): string => {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new TypeError(`no address of a server: ${text}`)
  return text.replace(/\/+$/, "")
}

const modeOf = (text: string): Settings["mode"] => {
  const mode = modes.find((mode) => mode === text)
  if (mode === undefined) throw new TypeError(`no mode, but one of ${modes.join(", ")}: ${text}`)
  return mode
}
