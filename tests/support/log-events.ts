/** Small events to append where only their order and number matter. */
import { TagCreated } from "../../events/entity.ts"
import type { AnyEvent, EventOf } from "../../events/index.ts"
import { RunRenamed } from "../../events/run.ts"

let seq = 0
const meta = () => ({
  id: crypto.randomUUID(),
  at: 1,
  serverTime: 2,
  project: "00000000",
  actor: "tests",
  cause: null,
  writer: "tests",
  seq: seq++,
  part: 0,
})

export const renamed = (runId: string, name: string): EventOf<"RunRenamed"> => ({ ...RunRenamed({ runId, name }), meta: meta() })

export const tagged = (name: string): EventOf<"TagCreated"> => ({
  ...TagCreated({ id: crypto.randomUUID(), name, color: "", description: "" }),
  meta: meta(),
})

export const ids = (events: readonly AnyEvent[]): readonly string[] => events.map((event) => event.meta.id)
