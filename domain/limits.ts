/** What clients may send. Each is there so that nothing a client does can make keys, values or memory too large to hold. */
export interface IngestLimits {
  /** Bytes of one WebSocket frame. */
  readonly frameBytes: number
  /** Messages in one frame. */
  readonly frameItems: number
  /** Values in one frame, by its commas and brackets (those within texts count too): they take far more memory than text. */
  readonly frameValues: number
  /** Bytes (UTF-8) of a metric's, object's, tag's, experiment's or run's name. */
  readonly nameBytes: number
  /** Bytes of a run's id. With the name or path of a key and what the layout adds it stays within 1,900. */
  readonly runIdBytes: number
  /** Bytes of all keys on the way to one attribute together, and of an artifact's path. */
  readonly pathBytes: number
  /** Maps and lists within each other in attributes, contexts and objects. */
  readonly depth: number
  /** Leaves of the attributes in one message. */
  readonly attributes: number
  /** Encoded bytes of one message's attributes, one object, one log line or one record. */
  readonly valueBytes: number
  /** Encoded bytes of one context, which stands in every event of its sequences. */
  readonly contextBytes: number
  /** Bytes of a run's description. */
  readonly descriptionBytes: number
  /** Contexts of one run, and (context, name) pairs of one run, as far as this gateway remembers them. */
  readonly contextsPerRun: number
  readonly sequencesPerRun: number
}

export const defaultIngestLimits: IngestLimits = {
  frameBytes: 16 * 2 ** 20,
  frameItems: 10_000,
  frameValues: 1_000_000,
  nameBytes: 512,
  runIdBytes: 256,
  pathBytes: 1_024,
  depth: 32,
  attributes: 5_000,
  valueBytes: 4 * 2 ** 20,
  contextBytes: 4_096,
  descriptionBytes: 2 ** 16,
  contextsPerRun: 1_000,
  sequencesPerRun: 20_000,
}

/** Keys by which the stored attribute tree marks leaves and empty nodes; a user's key of that name would corrupt it. */
export const reservedKeys: ReadonlySet<string> = new Set(["__leaf__", "__empty_dict__", "__empty_list__"])

/** Sequence names, with an empty context, under which terminal lines and log records stand. */
export const reservedNames: ReadonlySet<string> = new Set(["logs", "__log_records"])

/** What is wrong with a name (of `what`), or null. */
export const nameProblem = (what: string, name: string, mostBytes: number): string | null => {
  if (name === "") return `${what} is empty`
  if (!name.isWellFormed()) return `${what} is not valid Unicode (a lone surrogate)`
  const bytes = keyBytes(name)
  return bytes > mostBytes ? `${what} has ${bytes} bytes, at most ${mostBytes} are kept` : null
}

/**
 * What is wrong with a run id, or null. Both styles in use pass (32 hexadecimal digits, and ULIDs); since ids stand in
 * addresses and object keys, control characters, slashes and the names `.` and `..` do not.
 */
export const runIdProblem = (id: string, limits: IngestLimits): string | null => {
  const problem = nameProblem("run id", id, limits.runIdBytes)
  if (problem !== null) return problem
  if (hasControl(id)) return "run id has control characters"
  return id.includes("/") || id === "." || id === ".." ? "run id may not be a path" : null
}

/** What is wrong with the path under which an artifact is stored in the blob store, or null. */
export const blobPathProblem = (path: string, limits: IngestLimits): string | null => {
  const problem = nameProblem("artifact_path", path, limits.pathBytes)
  if (problem !== null) return problem
  if (hasControl(path)) return "artifact_path has control characters"
  const parts = path.split("/")
  if (parts.includes("")) return "artifact_path has an empty part"
  return parts.includes("..") || parts.includes(".") ? "artifact_path has a part that is . or .." : null
}

export const hasControl = (text: string): boolean => /[\p{Cc}]/u.test(text)

/** Bytes of a text within a stored key, where NUL takes two. */
export const keyBytes = (text: string): number => bytesOf(text) + (text.includes("\0") ? text.split("\0").length - 1 : 0)

/** Bytes of a text in UTF-8. */
export const bytesOf = (text: string): number => Buffer.byteLength(text)
