/** Fills a server with something of everything that the API can show. */
import { demoRun } from "../../infra/demo/runs.ts"
import { Sender } from "../../infra/demo/sender.ts"
import { createRun, type Message, metric, openSocket, params, record, terminalLine, text } from "./client-frames.ts"

/** The run that has something of every kind. */
export const fullRun = "f".repeat(32)

/** A run with everything, and `more` made-up trainings; all acknowledged when it resolves. */
export const fillForApi = async (frontierUrl: string, more: number): Promise<void> => {
  for (let i = 0; i < more; i++) {
    const { id, frames } = demoRun(1, i, 1_767_225_600)
    await new Sender(frontierUrl, id).sendAll(frames)
  }
  const socket = await openSocket(frontierUrl, fullRun)
  const file = (path: string, type: string, content: string) => upload(frontierUrl, path, type, content)
  const frames: readonly (readonly Message[])[] = [
    [createRun(), { type: "set_run_property", name: "full", experiment: "everything" }, { type: "add_tag", tag_name: "whole" }],
    [params({ hparams: { lr: 0.01, layers: [64, 32], none: null }, __system_params: { host: "h" } })],
    [
      metric("loss", 0, 1, { subset: "train" }),
      metric("loss", 1, 0.5, { subset: "train" }),
      metric("accuracy", 1, 0.7, { subset: "train" }),
    ],
    [text("says", 0, "hello"), text("says", 4, "wörld")],
    [
      object("weights", 0, { type: "distribution", bin_count: 3, range: [-1, 1.5], data: [1, 0, 2.5] }),
      object("plot", 2, { type: "figure", data: { data: [{ y: [1, 2.5, null] }], layout: {} } }),
      object("shown", 1, { type: "image", format: "png", caption: "c", width: 2, height: 1, s3_key: `${fullRun}/seq/shown/1` }),
      object("heard", 1, { type: "audio", format: "wav", caption: "", rate: 8_000, s3_key: `${fullRun}/seq/heard/1` }),
    ],
    [terminalLine("epoch 0", 0), terminalLine("epoch 1", 1), record("began", 1_767_225_600)],
    [
      await file("seq/shown/1", "image/png", "PNG"),
      await file("seq/heard/1", "audio/wav", "RIFF"),
      await file("models/best model.bin", "application/x-model", "weights"),
    ],
  ]
  for (const frame of frames) {
    const { status, error } = await socket.send(frame)
    if (status !== "ok") throw new Error(`a frame was refused: ${error}`)
  }
  socket.close()
}

const object = (name: string, step: number, value: Message): Message => ({ ...text(name, step, ""), value, dtype: value["type"] })

const upload = async (frontierUrl: string, path: string, type: string, content: string): Promise<Message> => {
  const presigned = await fetch(`${frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: fullRun, artifact_path: path, content_type: type }),
  })
  const { upload_url, s3_key } = (await presigned.json()) as { readonly upload_url: string; readonly s3_key: string }
  const put = await fetch(upload_url, { method: "PUT", headers: { "content-type": type }, body: content })
  if (!put.ok) throw new Error(`an upload was answered ${put.status}`)
  return { type: "blob_ref", s3_key, artifact_path: path, content_type: type }
}
