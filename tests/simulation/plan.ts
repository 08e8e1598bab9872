/** What happens in a simulation, made from its seed: plain data, of which parts can be left out to find what matters. */
import { Random } from "./random.ts"
import type { Place, Rates } from "./weather.ts"
import { type CommandDeed, type FrameDeed, someCommand, someFrame } from "./deeds.ts"

/** `at` is in milliseconds from the beginning. */
export type Deed = { readonly at: number } & (
  | FrameDeed
  | CommandDeed
  | { readonly kind: "read"; readonly run: number }
  | { readonly kind: "upload"; readonly run: number; readonly path: string }
  | { readonly kind: "poison"; readonly run: number; readonly form: number }
  | { readonly kind: "freeze"; readonly process: string; readonly millis: number }
  | { readonly kind: "crash"; readonly process: string; readonly millis: number }
  | { readonly kind: "jump"; readonly process: string; readonly millis: number }
  | { readonly kind: "away" | "full"; readonly place: Place; readonly millis: number }
  | { readonly kind: "cut"; readonly client: number }
  | { readonly kind: "rebalance" }
  | { readonly kind: "evict"; readonly process: string }
  | { readonly kind: "rebuild"; readonly keep: boolean }
  | { readonly kind: "rollback" }
  | { readonly kind: "as of" }
  | { readonly kind: "upgrade" }
)

export interface Plan {
  readonly seed: number
  readonly partitions: number
  /** Whether views of the store last. */
  readonly viewsLast: boolean
  /** Most bytes of a transaction that can be cut. */
  readonly mostDivisible: number
  readonly rates: Rates
  /** How long a request is usually on its way, in milliseconds. */
  readonly delay: number
  /** A role that is not started again once it has crashed; null: none. */
  readonly gone: string | null
  /** How far clocks are ahead at the beginning, in milliseconds, by process. */
  readonly skews: Readonly<Record<string, number>>
  readonly deeds: readonly Deed[]
}

export const roles = ["ingest-0", "ingest-1", "query-0", "query-1", "projector-0", "projector-1", "projector-2", "control-0"]

const usualDeeds = 160
export const runs = 5
export const clientsPerRun = 2

const hour = 3_600_000

export const planOf = (seed: number, deeds = usualDeeds): Plan => {
  const random = Random.named(seed, "plan")
  const often = random.pick([0, 0.02, 0.2])
  const length = random.pick([4_000, 12_000, 24_000])
  return {
    seed,
    partitions: random.pick([1, 2, 3]),
    viewsLast: random.chance(0.5),
    mostDivisible: random.pick([1_000_000, 30_000, 4_000]),
    delay: random.pick([1, 5, 30]),
    rates: {
      conflict: random.pick([0, 0.05, 0.2]),
      lostCommit: often,
      refusedCommit: often / 10,
      oldView: random.pick([0, 0.0005, 0.003]),
      lostAppend: random.pick([0, 0.05, 0.2]),
      refusedAppend: random.pick([0, 0.05]),
      redelivery: random.pick([0, 0.3]),
      crash: random.pick([0, 0.002, 0.02]),
      brokenUpload: random.pick([0, 0.3]),
    },
    gone: random.chance(0.3) ? "projector-2" : null,
    skews: random.chance(0.5) ? { "ingest-0": 600_000, "query-1": -600_000 } : {},
    deeds: Array.from({ length: deeds }, () => someDeed(random, length))
      .flatMap((deed) => [deed, ...broughtBack(random, deed)])
      .sort((one, other) => one.at - other.at),
  }
}

/** `length` is for how long deeds go on, in milliseconds. */
const someDeed = (random: Random, length: number): Deed => ({ at: Math.floor(random.next() * length), ...someKind(random) })

/** Some of what is deleted is wanted back while it is in the trash. */
const broughtBack = (random: Random, deed: Deed): readonly Deed[] =>
  deed.kind === "command" && deed.what.startsWith("delete run") && random.chance(0.6)
    ? [{ ...deed, at: deed.at + random.int(1_500), what: "restore run" }]
    : []

const someKind = (random: Random) => {
  const run = random.int(runs)
  const drawn = random.int(100)
  if (drawn < 40) return someFrame(random, run, random.int(clientsPerRun))
  if (drawn < 74) return someCommand(random, run)
  if (drawn < 80) return { kind: "read", run } as const
  if (drawn < 82) return { kind: "upload", run, path: `file-${random.int(3)}` } as const
  if (drawn < 85) return { kind: "poison", run, form: random.int(3) } as const
  return someTrouble(random)
}

const someTrouble = (random: Random) => {
  const process = random.pick([...roles, "operator-0"])
  const millis = 100 + random.int(4_000)
  switch (random.int(17)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: "crash", process, millis } as const
    case 4:
    case 5:
      return { kind: "freeze", process, millis: random.pick([500, 3_000, 8_000]) } as const
    case 6:
      return { kind: "jump", process, millis: random.pick([-24, 24]) * hour } as const
    case 7:
    case 8:
      return { kind: "away", place: random.pick<Place>(["store", "log", "blobs", "registry"]), millis } as const
    case 9:
      return { kind: "full", place: random.pick<Place>(["store", "log"]), millis } as const
    case 10:
      return { kind: "cut", client: random.int(runs * clientsPerRun) } as const
    case 11:
      return { kind: "rebalance" } as const
    case 12:
      return { kind: "evict", process: random.pick(["projector-0", "projector-1"]) } as const
    case 13:
    case 14:
      return random.pick([{ kind: "rollback" }, { kind: "as of" }, { kind: "as of" }, { kind: "upgrade" }] as const)
    default:
      return { kind: "rebuild", keep: random.chance(0.4) } as const
  }
}
