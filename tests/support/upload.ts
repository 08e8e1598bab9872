import { expect } from "vitest"
import { openSocket } from "./client-frames.ts"
import type { Server } from "./server.ts"

/** As the stock client does: asks for an address, puts the bytes there, and tells of them. */
export const upload = async (
  { frontierUrl }: Pick<Server, "frontierUrl">,
  run: string,
  path: string,
  text: string,
): Promise<void> => {
  const type = "application/octet-stream"
  const asked = await fetch(`${frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: run, artifact_path: path, content_type: type }),
  })
  const { upload_url, s3_key, headers } = (await asked.json()) as {
    readonly upload_url: string
    readonly s3_key: string
    readonly headers: Readonly<Record<string, string>> | null
  }
  const put = await fetch(upload_url, { method: "PUT", headers: { ...headers, "content-type": type }, body: text })
  expect(put.status).toBe(200)
  const socket = await openSocket(frontierUrl, run)
  expect(await socket.send({ type: "blob_ref", s3_key, artifact_path: path, content_type: type })).toMatchObject({ status: "ok" })
  socket.close()
}
