/** One simulation: a plan carried out, its end awaited, and everything held against the oracles. */
import { Context, Effect, Layer } from "effect"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { onMilestone } from "../../domain/milestones.ts"
import { EventCodec, eventCodec } from "../../infra/avro/codec.ts"
import { barRealTime } from "./barred.ts"
import { Cluster } from "./cluster.ts"
import { findDifferences } from "./oracles.ts"
import type { Plan } from "./plan.ts"
import { connectRegistry, Schemas } from "./registry.ts"
import { isAtRest } from "./rest.ts"
import { Town } from "./town.ts"
import { Weather } from "./weather.ts"
import { World } from "./world.ts"

export interface Result {
  readonly violations: readonly string[]
  readonly traceHash: string
  readonly trace: readonly string[]
  readonly steps: number
  readonly events: number
}

/** Steps and virtual milliseconds after which a simulation that does not come to rest is taken to hang. */
const mostSteps = 3_000_000
const mostRest = 600_000

export const simulate = async (plan: Plan, keepsTrace = false): Promise<Result> => {
  const world = new World(plan.seed, keepsTrace)
  const weather = new Weather(world, plan.rates, plan.mostDivisible)
  const codec = await codecFor(weather)
  const undo = barRealTime(world)
  const escaped: unknown[] = []
  const onEscape = (error: unknown): void => void escaped.push(error)
  process.on("unhandledRejection", onEscape)
  try {
    const cluster = new Cluster(plan, world, weather, codec)
    onMilestone((milestone) => cluster.atMilestone(milestone))
    const town = new Town(cluster)
    for (const deed of plan.deeds) world.after(deed.at, () => town.do(deed))
    const last = plan.deeds.at(-1)?.at ?? 0
    await world.until(() => world.now > last + 1, mostSteps)
    weather.calm()
    cluster.putClocksRight()
    cluster.startAll()
    const rested = await isAtRest(cluster, () => town.isIdle, { mostSteps, mostMillis: mostRest })
    if (!rested) cluster.violate("the installation does not come to rest")
    else for (const difference of await findDifferences(cluster, town)) cluster.violate(difference)
    for (const error of escaped) cluster.violate(`nobody took: ${String(error)}`)
    const events = cluster.records.ends().reduce((sum, { offset }) => sum + offset, 0)
    return { violations: cluster.violations, traceHash: world.traceHash(), trace: world.lines, steps: world.steps, events }
  } finally {
    process.off("unhandledRejection", onEscape)
    onMilestone(() => undefined)
    undo()
  }
}

/** Made before real time is barred: compiling takes no part in what is simulated. */
const codecFor = (weather: Weather): Promise<EventCodec["Service"]> => {
  const registry = connectRegistry(new Schemas(), { away: () => weather.away("registry") })
  const layer = eventCodec().pipe(Layer.provide(Layer.succeed(SchemaRegistry, registry)))
  return Effect.runPromise(Effect.scoped(Effect.map(Layer.build(layer), (built) => Context.get(built, EventCodec))))
}
