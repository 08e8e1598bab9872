/** What the fault tests on real engines share: a cluster under load, and what must hold when the faults are over. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from "vitest"
import { type Cluster, type Engines, startCluster, startEngines } from "./cluster.ts"
import { seeded } from "./hammer.ts"
import { Load } from "./load.ts"
import { endAll } from "./server.ts"

/** Else the clients would have the machine to themselves, and all that is killed would take long to come back. */
const restMs = 80

/** Tells in a test's name what {@link LoadedCluster.expectLaws} looks at. */
export const laws = "what was acknowledged is there, once, and equals the log"

/** Filled in before the first test of the file that asks for it; `load` is new for each test. */
export interface LoadedCluster {
  engines: Engines
  cluster: Cluster
  load: Load
  readonly random: () => number
  /** Ends the load, and finds all that was acknowledged there, and the projections equal to the log. */
  readonly expectLaws: () => Promise<void>
}

/** Starts engines and roles for the tests of this file; MATYAN_SEED says which faults they meet, and is printed. */
export const loadedCluster = (options: { readonly projectors?: number } = {}): LoadedCluster => {
  const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)
  const random = seeded(seed)
  const expectLaws = async (): Promise<void> => {
    await at.load.finish(at.cluster)
    await at.load.expectAll(at.cluster)
    expect(await at.cluster.verify()).toMatch(/^equal: \d+ rows/)
  }
  // The hooks fill in the rest.
  const at = { random, expectLaws } as LoadedCluster
  let loads = 0
  beforeAll(async () => {
    process.stdout.write(`MATYAN_SEED=${seed}\n`)
    at.engines = await startEngines()
    at.cluster = await startCluster(at.engines.folder, at.engines, options)
  })
  afterAll(async () => {
    await endAll()
    await at.engines.dispose()
  })
  beforeEach(() => {
    at.load = new Load(random, `${++loads}`, restMs)
    onTestFinished(() => at.load.finish(at.cluster))
  })
  return at
}
