/** Reads answers of series with the reader that docs/series.md gives, so that what it says is what is tested. */
import { readFileSync } from "node:fs"

export interface SeriesHead {
  readonly series: number
  readonly columns: readonly string[]
  readonly x?: string
  readonly buckets?: number
  readonly from?: number | null
  readonly to?: number | null
}

export interface ReadSeries {
  readonly run: string
  readonly name: string
  readonly context: unknown
  /** Columns by name, the frames of a series joined. */
  readonly columns: Readonly<Record<string, readonly number[]>>
  readonly frames: number
}

type Frames = (buffer: ArrayBuffer) => Iterable<readonly [header: unknown, numbers: Float64Array]>

/** The code of a language in docs/series.md. */
export const documentedCode = (language: "js" | "python"): string => {
  const text = readFileSync(new URL("../../docs/series.md", import.meta.url), "utf8")
  const code = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)?.[1]
  if (code === undefined) throw new Error(`docs/series.md has no code in ${language}`)
  return code
}

export const documentedReader = async (): Promise<(bytes: Uint8Array) => { head: SeriesHead; series: readonly ReadSeries[] }> => {
  const module = `data:text/javascript,${encodeURIComponent(documentedCode("js"))}`
  const { frames } = (await import(/* @vite-ignore */ module)) as { readonly frames: Frames }
  return (bytes) => {
    const [[head], ...rest] = [...frames(new Uint8Array(bytes).buffer)] as [[SeriesHead], ...[Header, Float64Array][]]
    return { head, series: joined(head.columns, rest) }
  }
}

type Header = Pick<ReadSeries, "run" | "name" | "context"> & { readonly index: number }

const joined = (names: readonly string[], frames: readonly (readonly [Header, Float64Array])[]): readonly ReadSeries[] => {
  const found = new Map<number, ReadSeries>()
  for (const [{ index, run, name, context }, numbers] of frames) {
    const rows = numbers.length / names.length
    const before = found.get(index)
    const columns = Object.fromEntries(
      names.map((column, i) => [column, [...(before?.columns[column] ?? []), ...numbers.subarray(i * rows, (i + 1) * rows)]]),
    )
    found.set(index, { run, name, context, columns, frames: (before?.frames ?? 0) + 1 })
  }
  return [...found.values()]
}
