/** Binary trees as their branches come, or whole. */
import { piecesOf } from "./pieces.ts"
import { type Entry, sizeOfRecord, TreeReader } from "./tree.ts"

/** The branches at the root, each when it is complete; no more than one is held. Frames of progress are among them. */
export async function* entriesOf(response: Response, asked: string, signal?: AbortSignal): AsyncGenerator<Entry, undefined> {
  const reader = new TreeReader()
  for await (const bytes of piecesOf(response, sizeOfRecord, asked, signal)) yield* reader.read(bytes)
  yield* reader.end()
}

/** The whole tree, without frames of progress. */
export const treeOf = async (
  response: Response,
  asked: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> => {
  const found: (readonly [string, unknown])[] = []
  for await (const { key, value } of entriesOf(response, asked, signal)) if (!isProgress(key)) found.push([key.toString(), value])
  return Object.fromEntries(found)
}

/** Whether a branch tells how far a search is, instead of what it found. */
export const isProgress = (key: Entry["key"]): boolean => typeof key === "string" && /^progress_\d+$/.test(key)
