/** All rows of a generation, as lines. */
import { dumpRows, rowText } from "../../projections/dump.ts"
import type { Rows } from "../../projections/rows.ts"

/** Each with its bytes, so that lines are equal where bytes are. */
export const linesOf = async (rows: Rows): Promise<readonly string[]> => {
  const lines: string[] = []
  for await (const chunk of dumpRows(rows))
    for (const row of chunk) lines.push(`${rowText(row)}\t${Buffer.from(row.value).toString("hex")}`)
  return lines
}

/** The rows that only one of two dumps has. */
export const rowDifferences = (what: string, shown: readonly string[], clean: readonly string[]): readonly string[] => {
  const [one, other] = [new Set(shown), new Set(clean)]
  return [
    ...shown.filter((line) => !other.has(line)).map((line) => `${what}: not in a clean fold: ${line}`),
    ...clean.filter((line) => !one.has(line)).map((line) => `${what}: only in a clean fold: ${line}`),
  ].slice(0, 6)
}
