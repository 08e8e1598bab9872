/** Preloaded (`--import`) into Node processes that run the source as it stands: plants the chosen bug. */
import { registerHooks } from "node:module"
import { chosenBug } from "./chosen.ts"
import { withBug } from "./planted.ts"

const bug = chosenBug()
if (bug !== undefined) {
  const url = new URL(`../../${bug.file}`, import.meta.url).href
  registerHooks({
    load: (asked, context, nextLoad) => {
      const loaded = nextLoad(asked, context)
      if (asked !== url) return loaded
      const { source: text = "" } = loaded
      const source = typeof text === "string" ? text : new TextDecoder().decode(text ?? undefined)
      return { ...loaded, source: withBug(source, bug) }
    },
  })
}
