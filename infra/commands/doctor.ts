import { Effect } from "effect"
import { settings } from "../config.ts"
import { examine } from "../doctor/doctor.ts"
import { findingsText } from "../doctor/findings.ts"
import { type Command, runCommand } from "./command.ts"

export const doctorCommand: Command = {
  summary: "look at everything that the settings need, and say what to do",
  help: `Asks the registry, the log, the store, the objects and the projections, and says what to mend first. It may run beside a
server, and changes nothing, but that a registry learns our schemas from whoever comes first. Exits with 1 where something is broken.

  matyan doctor
  matyan doctor --json | jq '.[] | select(.state != "ok")'
`,
  options: { json: { type: "boolean", says: "print the findings as JSON" } },
  run: ({ json }) =>
    runCommand(
      Effect.scoped(
        Effect.map(Effect.flatMap(settings, examine), (findings) => {
          process.stdout.write(json === true ? `${JSON.stringify(findings, null, 2)}\n` : findingsText(findings))
          return findings.some(({ state }) => state === "broken") ? 1 : 0
        }),
      ),
    ),
}
