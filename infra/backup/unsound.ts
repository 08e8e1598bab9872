import { Data } from "effect"

/** A backup that is damaged, incomplete, of an unknown version, or made to do harm; the text names the file and the place. */
export class ArchiveUnsound extends Data.TaggedError("ArchiveUnsound")<{ readonly message: string }> {}

/** What is wrong with the path of an entry, or null. */
export const pathProblem = (path: string): string | null => {
  if (path === "" || path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "is no relative path"
  if (/[\\\p{Cc}]/u.test(path)) return "has a backslash or a control character"
  const parts = path.split("/")
  return parts.some((part) => part === "" || part === "." || part === "..") ? "has a part that is empty, . or .." : null
}
