/** While a simulation runs, nothing may take time or chance from the real world: that is steered, or fails loudly. */
import crypto from "node:crypto"
import { syncBuiltinESMExports } from "node:module"
import { beginning } from "./process.ts"
import type { World } from "./world.ts"

const barred = (what: string) => (): never => {
  throw new Error(`${what} was called within a simulation: take it from the process instead`)
}

/** Bars timers and ids, and steers what only measures; answers what undoes it. */
export const barRealTime = (world: World): (() => void) => {
  const random = world.random("unsteered")
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    setImmediate: globalThis.setImmediate,
    now: Date.now,
    measure: performance.now,
    random: Math.random,
    randomUUID: crypto.randomUUID,
  }
  Object.assign(globalThis, {
    setTimeout: barred("setTimeout"),
    setInterval: barred("setInterval"),
    setImmediate: barred("setImmediate"),
  })
  Date.now = () => Math.floor(beginning + world.now)
  performance.now = () => world.now
  Math.random = () => random.next()
  crypto.randomUUID = barred("randomUUID")
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, { setTimeout: real.setTimeout, setInterval: real.setInterval, setImmediate: real.setImmediate })
    Date.now = real.now
    performance.now = real.measure
    Math.random = real.random
    crypto.randomUUID = real.randomUUID
    syncBuiltinESMExports()
  }
}
