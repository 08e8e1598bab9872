/**
 * To be loaded before the program: sets the wall clock of each of its threads by a file, `MATYAN_CLOCK_FILE`, which holds
 * `shift <milliseconds>` or `frozen <Unix milliseconds>` and is read again and again. What is steady, timers among it, stays as it is.
 */
import { readFileSync } from "node:fs"

const file = process.env["MATYAN_CLOCK_FILE"] ?? ""
const realNow = Date.now.bind(Date)
const RealDate = Date
const realOrigin = performance.timeOrigin

let said = "shift 0"
const look = (): void => {
  try {
    said = readFileSync(file, "utf8")
  } catch {
    // Not written yet, or just being written: as before.
  }
}
look()
setInterval(look, 20).unref()

const now = (): number => {
  const [how, millis = "0"] = said.split(" ")
  return how === "frozen" ? Number(millis) : realNow() + Number(millis)
}

class SteeredDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(now())
    // As many arguments as were given, whatever they are.
    else super(...(given as ConstructorParameters<typeof Date>))
  }

  static override now(): number {
    return now()
  }
}

globalThis.Date = SteeredDate as DateConstructor
Object.defineProperty(performance, "timeOrigin", { get: () => realOrigin + now() - realNow() })
