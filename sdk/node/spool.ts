/** Spools as folders of files: `<place>/<writer>/`, with what it is in `about.json`. They survive the end of the process, not that of the machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Spool, SpoolFull, type SpoolSettings } from "../platform.ts"
import { dutyBlob, dutyBlobBytes, readDuties, removeDuty, writeDuty } from "./duties.ts"
import { folderOf } from "./files.ts"
import { FrameFiles } from "./frame-files.ts"
import { removeUnnamed } from "./gathered.ts"
import { letGo, takeHold } from "./owner.ts"

interface About {
  readonly format: 1
  readonly writer: string
  readonly runId: string
  readonly url: string
  /** Milliseconds since 1970. */
  readonly created: number
}

const aboutFile = "about.json"

/** A new spool. Its folder is made with the first thing that it keeps. */
export const openFileSpool = async (settings: SpoolSettings, writer: string, runId: string, url: string): Promise<Spool> =>
  spoolOf(settings, { format: 1, writer, runId, url, created: Date.now() }, null)

export interface LeftoverFilter {
  readonly url?: string
  readonly runId?: string
  /** Takes those of other machines, too, of whose processes nothing is known here. */
  readonly anyHost?: boolean
}

/** Spools whose processes are no more, the oldest first. */
export const fileLeftovers = async (settings: SpoolSettings, filter: LeftoverFilter = {}): Promise<readonly Spool[]> => {
  const found = waitingAt(settings.place).filter(
    ({ url, runId }) => (filter.url ?? url) === url && (filter.runId ?? runId) === runId,
  )
  removeUnnamed(settings.place)
  return found
    .filter(({ writer }) => takeHold(join(settings.place, writer), filter.anyHost))
    .map((about) => spoolOf(settings, about, new FrameFiles(join(settings.place, about.writer))))
}

/** What every spool at a place is, held by somebody or not, the oldest first. */
export const waitingAt = (place: string): readonly About[] =>
  foldersIn(place)
    .flatMap((name) => aboutOf(join(place, name), name) ?? [])
    .toSorted((a, b) => a.created - b.created)

const foldersIn = (place: string): readonly string[] => {
  try {
    return readdirSync(place).filter((name) => /^[0-9a-f]{32}$/.test(name))
  } catch {
    return []
  }
}

const aboutOf = (folder: string, writer: string): About | null => {
  try {
    const about = JSON.parse(readFileSync(join(folder, aboutFile), "utf8")) as About
    return about.format === 1 && about.writer === writer ? about : null
  } catch {
    return null
  }
}

/** Bytes of all files of a folder and those below it. */
const bytesIn = (folder: string): number => {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(folderOf(entry), entry.name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}

const spoolOf = ({ place, mostBytes }: SpoolSettings, about: About, existing: FrameFiles | null): Spool => {
  const folder = join(place, about.writer)
  let frames = existing
  const waiting = existing === null ? [] : readDuties(folder)
  const open = new Map<number, number>(waiting.map(({ number }) => [number, dutyBlobBytes(folder, number)]))
  let nextDuty = (waiting.at(-1)?.number ?? -1) + 1
  /** What others have taken of the place, as of when this one began. */
  let others = 0

  const begin = (): FrameFiles => {
    mkdirSync(place, { recursive: true, mode: 0o700 })
    // By itself, since what makes all of a path does not say that a disk is read-only.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    others = bytesIn(place)
    // Held before anybody can know that it is a spool.
    takeHold(folder)
    writeFileSync(join(folder, aboutFile), JSON.stringify(about))
    return (frames = new FrameFiles(folder))
  }
  const blobBytes = (): number => [...open.values()].reduce((sum, bytes) => sum + bytes, 0)
  const bytes = (): number => (frames?.bytes ?? 0) + blobBytes()

  /** Does what writes, if there is room for so many bytes more. */
  const keep = (more: number, write: (files: FrameFiles) => void): void => {
    try {
      const files = frames ?? begin()
      if (others + bytes() + more > mostBytes) throw new Error(`the spools there have their ${mostBytes} bytes`)
      write(files)
    } catch (error) {
      throw new SpoolFull(`${place}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return {
    ...about,
    get nextSeq() {
      return frames?.nextSeq ?? 0
    },
    get nextDuty() {
      return nextDuty
    },
    get bytes() {
      return bytes()
    },
    append: (frame) => keep(frame.bytes.length, (files) => files.append(frame)),
    read: async (from, most) => frames?.read(from, most) ?? [],
    release: (seq) => frames?.release(seq),
    addDuty: (duty, content) =>
      keep(content?.length ?? 0, () => {
        writeDuty(folder, duty, content)
        open.set(duty.number, content?.length ?? 0)
        nextDuty = duty.number + 1
      }),
    duties: async () => (frames === null ? [] : readDuties(folder)),
    blobOf: ({ number }) => dutyBlob(folder, number),
    dutyDone: (number) => {
      removeDuty(folder, number)
      open.delete(number)
    },
    settled: async () => {},
    close: async () => {
      if (frames === null) return
      frames.close()
      if (frames.isEmpty && open.size === 0) rmSync(folder, { recursive: true, force: true })
      else letGo(folder)
    },
  }
}
