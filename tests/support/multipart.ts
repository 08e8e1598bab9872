/** What a client does that uploads in parts, in the few words of the tests. */
import { createHash } from "node:crypto"
import type { Json } from "./rest.ts"

export interface Said {
  readonly status: number
  readonly body: Json
}

export const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** Asks one of the routes: "" begins, the others are `/parts`, `/complete` and `/abort`. */
export const askMultipart = async (frontierUrl: string, path: string, body: unknown): Promise<Said> => {
  const response = await fetch(`${frontierUrl}/api/v1/rest/artifacts/multipart${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Json }
}

/** Puts bytes at a signed address. */
export const putAt = async (url: string, body: Uint8Array): Promise<{ readonly status: number; readonly etag: string }> => {
  const response = await fetch(url, { method: "PUT", body: Buffer.from(body) })
  await response.text()
  return { status: response.status, etag: response.headers.get("etag") ?? "" }
}
