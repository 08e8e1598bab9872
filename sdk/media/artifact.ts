/** Files that a run keeps: checkpoints, reports, data. */
import type { BlobContent, BlobOutcome, Logbook } from "../logbook.ts"
import type { FileAccess, LoggedFile } from "../platform.ts"
import { attempt } from "./attempt.ts"
import { contentTypeOf } from "./content-type.ts"
import { isBytes } from "./hold.ts"
import { bytesIn, chunksOf, filesOf, gathered, isBlob, loggedFile, slicesOf } from "./sources.ts"

/** A file or folder by its path (Node), bytes, a `Blob`, a stream, or a text as `{ text }`. */
export type ArtifactSource =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | { readonly text: string }

/** How an artifact is kept. */
export interface ArtifactOptions {
  /**
   * Where the run keeps it, such as `models/best.bin`: parts between `/`, none of them empty, `.` or `..`, at most 1,024 bytes.
   * The file's or folder's own name unless told; a folder's files stand below it (directly in the run for ""). What has no
   * name needs one.
   */
  readonly path?: string
  /** Guessed from the path unless told. */
  readonly contentType?: string
  /**
   * Whether files are copied into the spool at once; else a file must stay as it is until it is uploaded. Unless told,
   * artifacts of up to 16 MiB are.
   */
  readonly copy?: boolean
  /** Told how many bytes of all are uploaded. */
  readonly onProgress?: (uploaded: number, size: number) => void
}

/** What became of an artifact. */
export interface ArtifactResult {
  /** Where the run keeps it. */
  readonly path: string
  /** How many files, and bytes in all. */
  readonly files: number
  readonly bytes: number
  /** `uploaded` when all of it is there; `refused` where some of it never will be (see the run's problems); else `waiting`. */
  readonly state: BlobOutcome
}

/** Keeps an artifact that is held (`hold.ts`); resolves when the spool has it. Rejects where nothing of it can be kept. */
export const logArtifact = async (
  book: Logbook,
  held: unknown,
  options: ArtifactOptions,
): Promise<{ readonly uploaded: Promise<ArtifactResult> }> => {
  const { path, files } = await keep(book, held, options)
  const outcomes = Promise.all(files.map(({ outcome }) => outcome))
  const bytes = sum(files.map(({ size }) => size))
  const stateOf = (all: readonly BlobOutcome[]): BlobOutcome =>
    (["refused", "waiting"] as const).find((state) => all.includes(state)) ?? "uploaded"
  return { uploaded: outcomes.then((all) => ({ path, files: files.length, bytes, state: stateOf(all) })) }
}

interface Kept {
  readonly size: number
  readonly outcome: Promise<BlobOutcome>
}

const keep = async (book: Logbook, held: unknown, options: ArtifactOptions) => {
  if (typeof held === "string") return keepFiles(book, held, options)
  const { path } = options
  if (path === undefined || path === "") throw new Error("what is no file needs a path")
  const kept = keeper(book, options)
  // Bytes are with the spool before anything is waited for.
  if (isBytes(held)) return { path, files: [kept(path, bytesIn(held))] }
  if (typeof held !== "object" || held === null) throw new Error("it is no file, bytes, Blob, stream or text")
  if ("text" in held && typeof held.text === "string") return { path, files: [kept(path, new TextEncoder().encode(held.text))] }
  const isSmall = isBlob(held) && held.size <= mostCopied
  const content = isSmall ? new Uint8Array(await held.arrayBuffer()) : await gathered(book, chunksOf(held))
  return { path, files: [kept(path, content)] }
}

/** Artifacts up to this size are copied into the spool at once unless told otherwise. */
const mostCopied = 16 * 2 ** 20

const keepFiles = async (book: Logbook, given: string, options: ArtifactOptions) => {
  const access = filesOf(book.platform)
  const root = access.resolve(given)
  const isFolder = (await access.stat(root))?.isFolder === true
  const path = options.path ?? access.nameOf(root)
  const names = isFolder ? await access.list(root) : [""]
  if (names.length === 0) throw new Error("the folder is empty")
  const found: LoggedFile[] = []
  for (const name of names) found.push(await loggedFile(access, name === "" ? root : access.resolve(`${root}/${name}`)))
  const size = sum(found.map(({ size }) => size))
  const isCopied = options.copy ?? size <= mostCopied
  const kept = keeper(book, options, size)
  const files: Kept[] = []
  for (const [i, file] of found.entries()) {
    const content = isCopied ? await copied(book, access, file) : { file }
    files.push(kept([path, names[i]!].filter((part) => part !== "").join("/"), content))
  }
  return { path, files }
}

const copied = async (book: Logbook, access: FileAccess, file: LoggedFile): Promise<BlobContent> =>
  file.size <= mostCopied ? access.slice(file.path, 0, file.size) : gathered(book, slicesOf(access, file))

/** Makes a duty of one file, and tells how much of all is uploaded. `total` is known where there are several. */
const keeper = (book: Logbook, { contentType, onProgress }: ArtifactOptions, total?: number) => {
  const uploaded = new Map<string, number>()
  return (path: string, content: BlobContent): Kept => {
    const size = content instanceof Uint8Array ? content.length : content.file.size
    const problem = pathProblem(path)
    if (problem !== null) book.problem(`artifact ${path} is not logged: its path ${problem}`)
    if (problem !== null) return { size, outcome: discarded(book, content, "refused") }
    const type = contentType ?? contentTypeOf(path)
    const message = { type: "blob_ref", s3_key: `${book.runId}/${path}`, artifact_path: path, content_type: type }
    const tell = (done: number): void => {
      uploaded.set(path, done)
      attempt(book, `progress of artifact ${path}`, () => onProgress?.(sum([...uploaded.values()]), total ?? size))
    }
    const outcome = book.duty(message, { path, contentType: type, content }, tell)
    return { size, outcome: outcome.then((outcome) => discarded(book, content, outcome)) }
  }
}

/** A gathered file that no duty has taken would stay for ever. */
const discarded = async (book: Logbook, content: BlobContent, outcome: BlobOutcome): Promise<BlobOutcome> => {
  if (outcome === "refused" && "file" in content && content.file.isGathered)
    await book.platform.files?.discard(content.file.path).catch(() => undefined)
  return outcome
}

/** What the server would refuse; null where there is nothing. */
const pathProblem = (path: string): string | null => {
  const parts = path.split("/")
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "has an empty part, or one that is . or .."
  if (/\p{Cc}/u.test(path) || !path.isWellFormed()) return "has control characters or half a character"
  if (parts[0] === "seq") return "begins with seq, where the bytes of pictures and sounds are"
  return new TextEncoder().encode(path).length > 1024 ? "has more than 1,024 bytes" : null
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
