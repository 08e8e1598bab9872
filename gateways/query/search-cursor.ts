/** Where a page of runs, newest first, ended: opaque to clients, and signed so that no other text is taken for one. */
import { createHmac, timingSafeEqual } from "node:crypto"
import type { DatedRun } from "../../projections/search-dates.ts"

const macBytes = 16

/** `secret` may be any text. */
export const sealCursor = ({ run, at }: DatedRun, secret: string): string => {
  const body = Buffer.alloc(8 + Buffer.byteLength(run))
  body.writeDoubleBE(at)
  body.write(run, 8)
  return Buffer.concat([macOf(body, secret), body]).toString("base64url")
}

/** The run that a cursor names, which may be gone by now; undefined where the secret did not make it. Never throws. */
export const openCursor = (cursor: string, secret: string): DatedRun | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  if (bytes.length <= macBytes + 8) return undefined
  const body = bytes.subarray(macBytes)
  if (!timingSafeEqual(bytes.subarray(0, macBytes), macOf(body, secret))) return undefined
  return { at: body.readDoubleBE(), run: body.toString("utf8", 8) }
}

const macOf = (body: Buffer, secret: string): Buffer =>
  createHmac("sha256", `cursor ${secret}`).update(body).digest().subarray(0, macBytes)
