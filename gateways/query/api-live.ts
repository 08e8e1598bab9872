/** The named schemas of what the stream of changes tells; docs/live.md says what each event means. */
import { anyObject, flag, integer, type JsonSchema, list, number, object, orNull, ref, text, time } from "./api-schema.ts"

/** The data of the stream's events, by their names. */
export const liveEvents: Readonly<Record<string, JsonSchema>> = {
  run: ref("RunEvent"),
  points: ref("PointsEvent"),
  entity: ref("EntityEvent"),
  reread: ref("RereadEvent"),
}

const matches = { matches: { ...flag, description: "With `q`: whether the run matches now" } }

const changeOf = (...words: readonly string[]): JsonSchema => ({ type: "string", enum: words })

export const liveSchemas: Readonly<Record<string, JsonSchema>> = {
  RunEvent: object(
    { id: text("The run's"), change: changeOf("created", "changed", "deleted", "restored", "rewound"), at: time, ...matches },
    ["matches"],
  ),
  PointsEvent: object(
    {
      run: text(),
      sequences: list(
        object({
          name: text(),
          context: anyObject,
          contextId: number(),
          lastStep: orNull(integer("Of the sequence, when the event was sent")),
          count: integer("How many were logged"),
        }),
      ),
      ...matches,
    },
    ["matches"],
  ),
  EntityEvent: object({
    kind: changeOf("experiment", "tag", "note", "dashboard", "app", "report", "pinned"),
    id: text(),
    change: changeOf("created", "changed", "deleted"),
  }),
  RereadEvent: object({ reason: changeOf("lag", "filter") }),
}
