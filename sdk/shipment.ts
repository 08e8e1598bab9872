/** A spool on its way to the server: its frames, and its blobs beside them. */
import type { Lane } from "./lane.ts"
import { type Outbox, outboxOf } from "./outbox.ts"
import type { Platform, Spool } from "./platform.ts"
import { type Uploads, uploadsOf } from "./uploads.ts"

/** What goes out of one spool: its frames and its blobs. */
export interface Shipment {
  readonly spool: Spool
  readonly outbox: Outbox
  readonly uploads: Uploads
  readonly isDone: () => boolean
  /** What is not done stays in the spool. */
  readonly close: () => Promise<void>
}

/** What is sent, and who is told. */
export interface ShipmentOptions {
  readonly spool: Spool
  readonly platform: Platform
  /** Of the ingestion gateway. */
  readonly url: string
  /** Whether nothing is to be sent now. */
  readonly isOffline: boolean
  /** Bytes of frames in memory besides the spool. */
  readonly keepBytes: number
  readonly onReady: () => void
  readonly problem: (text: string) => void
}

/** How a spool is sent. */
export const shipmentOf = (options: ShipmentOptions): Shipment => {
  const { spool } = options
  const outbox = outboxOf(spool, options)
  const uploads = uploadsOf(options)
  return {
    spool,
    outbox,
    uploads,
    isDone: () => outbox.isDone() && uploads.isDone(),
    close: async () => {
      uploads.leave()
      await spool.close()
    },
  }
}

/** The lanes of several, in the order in which their frames are sent; blobs are beside that order. */
export const lanesOf = (shipments: readonly Shipment[]): readonly Lane[] => [
  ...shipments.map(({ uploads }) => uploads),
  ...shipments.map(({ outbox }) => outbox),
]

/** A spool that an earlier process left. */
export const leftShipmentOf = async (options: ShipmentOptions, onProgress?: () => void): Promise<Shipment> => {
  const duties = await options.spool.duties()
  const shipment = shipmentOf(options)
  for (const duty of duties) void shipment.uploads.add(duty, onProgress)
  return shipment
}
