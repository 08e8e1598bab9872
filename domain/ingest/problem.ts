/** Why an item of a frame was refused, and the text that tells the client. */
import type { Value } from "../value.ts"
import { pythonType, shortRepr } from "./repr.ts"

export interface Problem {
  /** Type and field, as `add_tag.tag_name`; null where the type itself is in doubt. */
  readonly where: string | null
  readonly text: string
  /** The reference's label of the kind of error, or `limit` for what only we refuse. */
  readonly kind: string
  readonly input: Value
}

/** An item that was refused, with its place in the frame. */
export interface Refused {
  readonly index: number
  readonly problems: readonly Problem[]
}

/** For a frame of one message the lines that the reference answers; for a batch one line for each problem, naming the item. */
export const errorText = (refused: readonly Refused[], batch: boolean): string => {
  if (!batch) return singleText(refused[0]?.problems ?? [])
  const lines = refused.slice(0, mostItems).flatMap(({ index, problems }) => problems.map((it) => lineText(index, it)))
  const more = refused.length - mostItems
  return [...lines, ...(more > 0 ? [`and ${more} more items`] : [])].join("\n")
}

/** More are only counted: a reply stays small whatever was sent. */
const mostItems = 20

const lineText = (index: number, problem: Problem): string =>
  `item ${index}: ${problem.where === null ? "" : `${problem.where}: `}${bracketed(problem)}`

const singleText = (problems: readonly Problem[]): string =>
  [
    `${problems.length} validation error${problems.length === 1 ? "" : "s"} for message`,
    ...problems.flatMap((problem) => [
      ...(problem.where === null ? [] : [problem.where]),
      `  ${bracketed(problem)}`,
      ...(problem.kind === "limit" ? [] : [`    For further information visit ${reference}/${problem.kind}`]),
    ]),
  ].join("\n")

/** Where clients of the reference are sent. */
const reference = "https://errors.pydantic.dev/2.14/v"

const bracketed = ({ text, kind, input }: Problem): string =>
  `${text} [type=${kind}, input_value=${shortRepr(input)}, input_type=${pythonType(input)}]`
