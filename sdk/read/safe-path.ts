/** Paths of artifacts as paths of files: whoever logged a run chose the names, and they may be meant to do harm. */

/**
 * A relative path, with `/`, that leads nowhere but into the folder it is put below, on any system: without `..`, drive letters,
 * control characters, characters and names that Windows keeps for itself, and dots or blanks at the end of a part.
 */
export const safePath = (path: string): string => {
  const parts = path
    .toWellFormed()
    .split(/[/\\]/)
    .map(safePart)
    .filter((part) => part !== "")
  return parts.length === 0 ? "unnamed" : parts.join("/")
}

/** Safe paths for several files, no two of which are one file even where case and forms of Unicode are not told apart. */
export const safePaths = (paths: readonly string[]): ReadonlyMap<string, string> => {
  const [files, folders] = [new Set<string>(), new Set<string>()]
  const safe = new Map<string, string>()
  for (const path of new Set(paths)) {
    const parts = safePath(path).split("/")
    let free = ""
    for (const [i, part] of parts.entries()) {
      const isFile = i === parts.length - 1
      // What is a file cannot be a folder of others, too.
      const isTaken = (one: string) => files.has(keyOf(one)) || (isFile && folders.has(keyOf(one)))
      free = freeOf(i === 0 ? part : `${free}/${part}`, isTaken)
      ;(isFile ? files : folders).add(keyOf(free))
    }
    safe.set(path, free)
  }
  return safe
}

const freeOf = (wanted: string, isTaken: (path: string) => boolean): string => {
  let free = wanted
  for (let i = 2; isTaken(free); i++) free = numbered(wanted, i)
  return free
}

/** Bytes of a part that every file system takes, with room for a number. */
const mostBytes = 240

const safePart = (part: string): string => {
  const plain = part
    // oxlint-disable-next-line no-control-regex -- they are what must not get into a file's name
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]/g, "_")
    .replace(/[. ]+$/, "")
    .trimStart()
  const unlike = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i.test(plain) ? `_${plain}` : plain
  return cut(unlike)
}

const cut = (name: string): string => {
  if (sizeOf(name) <= mostBytes) return name
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ""
  let stem = Array.from(name.slice(0, name.length - ending.length))
  while (sizeOf(stem.join("") + ending) > mostBytes) stem = stem.slice(0, -1)
  return stem.join("") + ending
}

const sizeOf = (text: string): number => new TextEncoder().encode(text).length

const keyOf = (path: string): string => path.normalize("NFC").toLowerCase()

const numbered = (path: string, number: number): string => {
  const name = path.lastIndexOf("/") + 1
  const dot = path.lastIndexOf(".")
  const at = dot > name ? dot : path.length
  return `${path.slice(0, at)} (${number})${path.slice(at)}`
}
