/** What clients send and people ask for, as data. */
import type { Random } from "./random.ts"

type Message = Readonly<Record<string, unknown>>

export interface FrameDeed {
  readonly kind: "frame"
  readonly run: number
  /** Which of the run's clients sends it. */
  readonly client: number
  readonly messages: readonly Message[]
  /** Whether it may be sent again on another connection: all that it says is said once however often it comes. */
  readonly isRepeatable: boolean
}

/** A command with places for ids, which are filled when it is sent: `name` and `other` are among a few names. */
export interface CommandDeed {
  readonly kind: "command"
  readonly gateway: number
  readonly what: (typeof commandKinds)[number]
  readonly run: number
  readonly other: number
  readonly name: string
  readonly flag: boolean
}

const clientTime = "2026-09-21T00:00:00+00:00"
export const nameOf = (index: number): string => ["base", "best", "x", "other"][index]!
export const sequenceOf = (index: number): string => ["loss", "acc", "lr", "auto"][index]!

/** Counts points, so that each has a value and a step of its own. */
const unique = (random: Random): number => random.int(2 ** 30)

export const someFrame = (random: Random, run: number, client: number): FrameDeed => {
  const isRepeatable = random.chance(0.7)
  const messages = Array.from({ length: 1 + random.int(4) }, () => someMessages(random, isRepeatable)).flat()
  return { kind: "frame", run, client, messages, isRepeatable }
}

const someMessages = (random: Random, isRepeatable: boolean): readonly Message[] => {
  const name = nameOf(random.int(4))
  switch (random.int(12)) {
    case 0:
      return [{ type: "create_run", client_datetime: clientTime, force_resume: false }]
    case 1:
      return [{ type: "log_hparams", value: { lr: random.pick([0.1, 1, "high", null]), opt: { name, depth: random.int(3) } } }]
    case 2:
      return [{ type: random.chance(0.6) ? "add_tag" : "remove_tag", tag_name: name }]
    case 3:
      return [
        {
          type: "set_run_property",
          name: random.chance(0.5) ? `run ${unique(random)}` : null,
          experiment: random.chance(0.7) ? name : null,
          archived: random.chance(0.2) ? random.chance(0.5) : null,
        },
      ]
    case 4:
      return [{ type: "log_terminal_line", line: `line ${unique(random)}`, step: random.int(8) }]
    case 5:
      return random.chance(0.5)
        ? [{ type: "finish_run", client_datetime: clientTime }]
        : [
            {
              type: "log_record",
              message: `record ${unique(random)}`,
              level: 20,
              timestamp: unique(random),
              logger_info: ["train.py", 7],
              extra_args: {},
            },
          ]
    default:
      return Array.from({ length: 1 + random.int(6) }, () => somePoint(random, isRepeatable))
  }
}

const somePoint = (random: Random, isRepeatable: boolean): Message => {
  const isAuto = !isRepeatable && random.chance(0.5)
  const value = unique(random)
  return {
    type: "log_metric",
    name: isAuto ? sequenceOf(3) : sequenceOf(random.int(3)),
    value,
    step: isAuto ? null : value,
    epoch: null,
    context: random.chance(0.3) ? { subset: "val" } : null,
    dtype: "float",
    client_datetime: clientTime,
  }
}

const commandKinds = [
  "rename run",
  "describe run",
  "archive run",
  "set experiment",
  "set experiment",
  "leave experiment",
  "finish run",
  "reopen run",
  "delete run",
  "delete run",
  "delete runs",
  "restore run",
  "restore run",
  "restore run",
  "rewind run",
  "rewind run",
  "lift tombstone",
  "lift tombstone",
  "tag run",
  "untag run",
  "create experiment",
  "create experiment",
  "rename experiment",
  "rename experiment",
  "archive experiment",
  "delete experiment",
  "create tag",
  "rename tag",
  "rename tag",
  "delete tag",
  "create note",
  "edit note",
  "delete note",
  "create dashboard",
  "delete dashboard",
  "create report",
  "edit report",
  "pin",
  "discard letter",
  "discard letter",
] as const

export const someCommand = (random: Random, run: number): CommandDeed => ({
  kind: "command",
  gateway: random.int(2),
  what: random.pick(commandKinds),
  run,
  other: random.int(4),
  name: nameOf(random.int(4)),
  flag: random.chance(0.5),
})
