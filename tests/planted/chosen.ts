/** The bug that this process is to have, if any. */
import { bugs } from "./bugs/index.ts"
import type { PlantedBug } from "./planted.ts"

export const bugNamed = (name: string): PlantedBug => {
  const bug = bugs.find((one) => one.name === name)
  if (bug === undefined) throw new Error(`no planted bug is called "${name}"`)
  return bug
}

/** As the environment says; undefined where it names none. */
export const chosenBug = (): PlantedBug | undefined => {
  const name = process.env["MATYAN_PLANTED"]
  return name === undefined || name === "" ? undefined : bugNamed(name)
}
