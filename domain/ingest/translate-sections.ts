/** A frame of the protocol `matyan.v1` to the facts it states: pure, and each message and section stands alone. */
import type { Frame, PointsSection, Section } from "../frame.ts"
import { parseJson } from "../json.ts"
import { bytesOf, nameProblem, reservedNames } from "../limits.ts"
import { isMap } from "../value.ts"
import { contentProblem } from "./content.ts"
import { FrameFacts } from "./frame-facts.ts"
import type { ContextRef, RunIntake, Series } from "./intake.ts"
import { type BindName, cutTime, type Desk, dtypeProblem, metricDtype } from "./messages.ts"
import { type Translation, translateMessages } from "./translate.ts"

/** Places of one section: more than the messages that fit into one. With the most sections and parts it stays a safe integer. */
const placesPerSection = 2 ** 24
/** More problems are only counted: an answer stays small whatever was sent. */
const mostProblems = 20

/** What the good messages and sections of a frame state, for the intake's run. `now` is Unix seconds by the gateway's clock. */
export const translateSections = (frame: Frame, intake: RunIntake, now: number, bind: BindName): Translation => {
  const desk = { intake, facts: new FrameFacts(intake), bind, now: Math.floor(now * 1e6) }
  const problems: string[] = []
  const counts = new Map<string, number>()
  for (const [index, section] of frame.sections.entries()) {
    const problem = translateSection(section, { ...desk, firstPlace: index * placesPerSection }, counts)
    if (problem !== null) problems.push(`section ${index}: ${problem}`)
  }
  const more = problems.length - mostProblems
  const error = [...problems.slice(0, mostProblems), ...(more > 0 ? [`and ${more} more sections`] : [])].join("\n")
  return { stated: desk.facts.done(), error: error === "" ? null : error, counts }
}

type Placed = Desk & { readonly firstPlace: number }

/** What is wrong with a section, or null. */
const translateSection = (section: Section, desk: Placed, counts: Map<string, number>): string | null => {
  const add = (type: string, count: number): unknown => counts.set(type, (counts.get(type) ?? 0) + count)
  if (section.kind === "points") {
    const problem = translatePoints(section, desk)
    add(problem === null ? "log_metric" : "invalid", problem === null ? section.values.length : 1)
    return problem === null ? null : `points of ${shown(section.name)} ${shown(section.context)}: ${problem}`
  }
  const read = translateMessages(section.json, desk)
  if (read === "not-messages") return "it is not a JSON array of objects"
  for (const [type, count] of read.counts) add(type, count)
  return read.error
}

const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

/** What is wrong with a section of points, of which nothing is kept then; or null. */
const translatePoints = (section: PointsSection, { intake, facts, now, firstPlace }: Placed): string | null => {
  const { name, context, dtype, steps, epochs, values } = section
  facts.at(firstPlace)
  const problem = dtypeProblem(dtype)
  if (problem !== null) return problem
  const series = seriesOf(name, context, intake)
  if (typeof series === "string") return series
  const times = new Float64Array(section.times)
  for (let i = 0; i < times.length; i++) times[i] = cutTime(times[i]!, now)
  facts.columns(series, metricDtype(dtype), { steps, epochs, times, values })
  return null
}

/** The sequence, or what is wrong with its name or context. */
const seriesOf = (name: string, text: string, intake: RunIntake): Series | string => {
  const context = contextOf(text, intake)
  if (typeof context === "string") return `context: ${context}`
  const known = context.series.get(name)
  if (known !== undefined) return known
  const problem = nameProblem("name", name, intake.limits.nameBytes)
  if (problem !== null) return problem
  if (context.id === 0 && reservedNames.has(name)) return `${name} without a context is reserved for the run's own logs`
  return intake.series(context, name)
}

const contextOf = (text: string, intake: RunIntake): ContextRef | string => {
  if (text === "") return intake.noContext
  const known = intake.knownContext(text)
  if (known !== undefined) return known
  if (bytesOf(text) > 4 * intake.limits.contextBytes) return `${bytesOf(text)} bytes of JSON are too many`
  const parsed = parseJson(text, { deepest: intake.limits.depth + 1, cut: true })
  if ("error" in parsed) return parsed.error
  if (!isMap(parsed.value)) return "it is not a JSON object"
  return contentProblem(parsed.value, "whole", intake.limits) ?? intake.context(parsed.value)
}
