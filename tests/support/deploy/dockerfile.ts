/** The Dockerfile as data; BuildKit's own parser is asked whether it is one in tests/full. */
import { textOf } from "./program.ts"

export interface Instruction {
  readonly name: string
  readonly rest: string
}

export interface Stage {
  readonly name: string
  readonly from: string
  readonly instructions: readonly Instruction[]
}

export const dockerfileText = (): string => textOf("infra/deploy/Dockerfile")

/** Its stages in order, with the variables that have defaults put in. */
export const stages = (text: string = dockerfileText()): readonly Stage[] => {
  const lines = text
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join("\n")
    .replaceAll("\\\n", " ")
    .split("\n")
  const instructions = lines.map((line) => {
    const [, name = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    return { name, rest }
  })
  const defaults = new Map(
    instructions.filter(({ name }) => name === "ARG").map(({ rest }) => [rest.split("=")[0] ?? "", rest.split("=")[1] ?? ""]),
  )
  const filled = (rest: string) => rest.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => defaults.get(name) || whole)
  const found: { name: string; from: string; instructions: Instruction[] }[] = []
  for (const { name, rest } of instructions) {
    if (name === "FROM") {
      const [from = "", , as = "final"] = filled(rest).split(/\s+/)
      found.push({ name: as, from, instructions: [] })
    } else found.at(-1)?.instructions.push({ name, rest: filled(rest) })
  }
  return found
}

/** The stage of that name; throws where there is none. */
export const stage = (name: string): Stage => {
  const found = stages().find((one) => one.name === name)
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`)
  return found
}

export const all = ({ instructions }: Stage, name: string): readonly string[] =>
  instructions.filter((one) => one.name === name).map(({ rest }) => rest)

/** What an instruction in its JSON form says. */
export const words = (rest: string): readonly string[] => JSON.parse(rest.slice(rest.indexOf("["))) as readonly string[]
