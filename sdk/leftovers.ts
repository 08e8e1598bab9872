/** Sends what earlier processes left in their spools: at the next start, or by hand. */
import type { Platform, Spool, SpoolSettings } from "./platform.ts"
import { type Sender, senderOf } from "./sender.ts"
import { lanesOf, leftShipmentOf, type Shipment } from "./shipment.ts"

/** How far the sending of one run's leftovers is. */
export interface LeftoverProgress {
  readonly runId: string
  readonly url: string
  /** Bytes that were there at first, and that are not acknowledged yet. */
  readonly bytes: number
  readonly left: number
}

export interface LeftoverReport extends LeftoverProgress {
  /** Whether nothing is left. */
  readonly isDone: boolean
  /** What the server refused, and what could not be read or reached, each once. */
  readonly problems: readonly string[]
}

export interface SendOptions {
  /** Where to send it, if not to where each was meant for. */
  readonly to?: string
  readonly onProgress?: (progress: LeftoverProgress) => void
  /** Ends it; what is not sent stays. */
  readonly signal?: AbortSignal
  /** Milliseconds without an answer after which a run is left; for ever unless given. */
  readonly patience?: number
}

export interface LeftoverOptions extends SendOptions {
  /** Only what is meant for this ingestion gateway. */
  readonly url?: string
  /** Only what belongs to this run. */
  readonly runId?: string
}

const runsAtOnce = 2
const keepBytes = 2 ** 18

/** Sends what is left at a place and nobody holds, run by run, the oldest first. Never rejects for what the server does. */
export const sendLeftovers = async (
  platform: Platform,
  place: SpoolSettings,
  options: LeftoverOptions,
): Promise<readonly LeftoverReport[]> => {
  const { url, runId } = options
  const filter = { ...(url === undefined ? {} : { url }), ...(runId === undefined ? {} : { runId }) }
  return sendSpools(platform, await platform.leftovers(place, filter), options)
}

/** Sends spools that were taken hold of, those of one run in their order, and lets go of them. */
export const sendSpools = async (
  platform: Platform,
  spools: readonly Spool[],
  options: SendOptions,
): Promise<readonly LeftoverReport[]> => {
  const byRun = new Map<string, Spool[]>()
  for (const spool of spools) {
    const name = `${spool.url} ${spool.runId}`
    byRun.set(name, [...(byRun.get(name) ?? []), spool])
  }
  const runs = [...byRun.values()]
  const reports: LeftoverReport[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < runs.length; i = next++) reports[i] = await sendRun(platform, runs[i]!, options)
  }
  await Promise.all(Array.from({ length: runsAtOnce }, work))
  return reports
}

const sendRun = async (platform: Platform, spools: readonly Spool[], options: SendOptions): Promise<LeftoverReport> => {
  const { runId, url: meantFor } = spools[0]!
  const url = options.to ?? meantFor
  const { signal, patience } = options
  const problems = new Set<string>()
  const problem = (text: string): void => void problems.add(text)
  const left = (): number => spools.reduce((sum, { bytes }) => sum + bytes, 0)
  const bytes = left()
  let shipments: readonly Shipment[] | null = null
  const isDone = (): boolean => shipments?.every((shipment) => shipment.isDone()) === true

  let end = (): void => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  let stopPatience = (): void => {}
  const tick = (): void => {
    stopPatience()
    options.onProgress?.({ runId, url, bytes, left: left() })
    if (isDone() || signal?.aborted === true) end()
    else if (patience !== undefined) stopPatience = platform.later(patience, end)
  }
  const onReady = (): void => {
    sender?.pump()
    tick()
  }
  signal?.addEventListener("abort", end)
  const shipping = { platform, url, isOffline: false, keepBytes, onReady, problem }
  let sender: Sender | null = null
  shipments = await Promise.all(spools.map((spool) => leftShipmentOf({ ...shipping, spool }, tick)))
  sender = senderOf({ lanes: lanesOf(shipments), platform, url, runId, bufferBytes: keepBytes, onAnswer: tick, problem })
  tick()
  await ended
  stopPatience()
  signal?.removeEventListener("abort", end)
  sender.close()
  const report = { runId, url, bytes, left: left(), isDone: isDone(), problems: [...problems] }
  for (const shipment of shipments) await shipment.close()
  return report
}
