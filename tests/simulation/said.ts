/** What clients say and what the log says of it, as texts that can be compared and counted. */
import { toJson } from "../../domain/json-text.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { isMap, type Value } from "../../domain/value.ts"
import type { Recorded } from "../../events/index.ts"

type Message = Readonly<Record<string, unknown>>

/** What is said by a message: `once` if nobody else says the same, so that it can be counted. */
export interface Said {
  readonly text: string
  readonly once: boolean
}

const once = (...parts: readonly unknown[]): Said => ({ text: JSON.stringify(parts), once: true })
const often = (...parts: readonly unknown[]): Said => ({ text: JSON.stringify(parts), once: false })

export const saidBy = (message: Message): readonly Said[] => {
  const { type, name, experiment, archived } = message
  switch (type) {
    case "log_metric":
      return [once("point", name, JSON.stringify(message["context"] ?? {}), message["step"], message["value"])]
    case "log_terminal_line":
      return [once("line", message["step"], message["line"])]
    case "log_record":
      return [once("record", message["message"])]
    case "log_hparams":
      // Each top-level key replaces what stands there; none of the plans' has a map of a single key, which would lead further down.
      return Object.entries(message["value"] ?? {}).map(([key, value]) => often("set", key, JSON.stringify(value)))
    case "set_run_property":
      return [
        ...(name === null ? [] : [once("name", name)]),
        ...(experiment === null ? [] : [often("experiment", experiment)]),
        ...(archived === null ? [] : [often("archived", archived)]),
      ]
    case "add_tag":
      return [often("tagged", message["tag_name"])]
    // Which tag that was, only its id tells.
    case "remove_tag":
      return [often("untagged")]
    case "create_run":
      return [often("created")]
    case "finish_run":
      return [often("finished")]
    default:
      throw new Error(`nothing is known of what ${String(type)} says`)
  }
}

/** The texts of what an event says; none for what no client says. */
export const saidIn = (record: Recorded): readonly string[] => textsIn(record).map(({ text }) => text)

const textsIn = ({ type, data }: Recorded): readonly Said[] => {
  switch (type) {
    case "PointsLogged": {
      const context = jsonOf(decodeValue(data.context))
      return data.values.map((value, i) => once("point", data.name, context, data.steps[i] ?? null, value))
    }
    case "TerminalLinesLogged":
      return data.lines.map((line, i) => once("line", data.steps[i] ?? null, line))
    case "LogRecordsLogged":
      return data.records.map((record) => once("record", messageIn(decodeValue(record))))
    case "AttributesSet":
      return data.paths.map((path, i) => often("set", path.join("/"), jsonOf(decodeValue(data.values[i]!))))
    case "RunRenamed":
      return [once("name", data.name)]
    case "RunExperimentSet":
      return [often("experiment", data.name)]
    case "RunArchived":
    case "RunUnarchived":
      return [often("archived", type === "RunArchived")]
    case "RunTagged":
      return [often("tagged", data.name)]
    case "RunUntagged":
      return [often("untagged")]
    case "RunCreated":
      return [often("created")]
    case "RunFinished":
      return [often("finished")]
    default:
      return []
  }
}

/** As `JSON.stringify` writes it: floats that are whole have no point there. */
const jsonOf = (value: Value): string => JSON.stringify(JSON.parse(toJson(value)))

const messageIn = (record: Value): Value => (isMap(record) ? (record.get("message") ?? null) : null)
