/** Runs that hold something of every kind, logged through the ingestion gateway as a client would. */
import { type Message, metric, openSocket, type Socket, tag } from "../support/client-frames.ts"
import { png, wav } from "./pictures.ts"

/** Four runs of one experiment with everything; the last of them goes on. */
export const studyRuns = [1, 2, 3, 4].map((number) => `${number}`.repeat(8).padEnd(32, "0"))
export const archivedRun = "a".repeat(32)
export const deletedRun = "d".repeat(32)
/** Exists so that the test can delete it in the browser. */
export const doomedRun = "e".repeat(32)

const steps = 40
const pictures = [0, 10, 20, 30]
const hour = 3_600

/** Resolves when all is acknowledged. `now` in Unix seconds; the runs began in the days before. */
export const fillServer = async (frontierUrl: string, now: number): Promise<void> => {
  await Promise.all(studyRuns.map((_, index) => logStudyRun(frontierUrl, index, now - (60 - 7 * index) * hour)))
  await logSmallRun(frontierUrl, archivedRun, "archived run", now - 90 * hour, [{ type: "set_run_property", archived: true }])
  await logSmallRun(frontierUrl, deletedRun, "deleted run", now - 91 * hour)
  await logSmallRun(frontierUrl, doomedRun, "doomed run", now - 92 * hour)
}

/** Logs more points to the run that goes on, from `step` on. */
export const logMore = async (frontierUrl: string, run: string, step: number, count: number): Promise<void> => {
  const socket = await openSocket(frontierUrl, run)
  const points = Array.from({ length: count }, (_, i) => metric("loss", step + i, 3 + i, { subset: "train" }))
  await accepted(socket, [...points, { type: "log_terminal_line", line: `later line ${step}`, step: 1_000 + step }])
  socket.close()
}

const logStudyRun = async (frontierUrl: string, index: number, began: number): Promise<void> => {
  const run = studyRuns[index]!
  const socket = await openSocket(frontierUrl, run)
  await accepted(socket, [
    { type: "create_run", client_datetime: began, force_resume: false },
    {
      type: "set_run_property",
      name: `study ${index + 1}`,
      experiment: "study",
      description: `number ${index + 1} of the study`,
    },
    tag("keeper"),
    ...(index === 0 ? [tag("first")] : []),
    { type: "log_hparams", value: { hparams: paramsOf(index), dataset: { name: "digits", classes: 10 } } },
    { type: "log_hparams", value: { __system_params: systemParams } },
  ])
  await accepted(socket, metricsOf(index, began))
  await accepted(socket, objectsOf(index))
  await accepted(socket, linesOf(index, began))
  await logBlobs(frontierUrl, socket, run, index)
  if (index < studyRuns.length - 1)
    await accepted(socket, [{ type: "finish_run", client_datetime: began + (index + 1) * hour + 90 }])
  socket.close()
}

const logSmallRun = async (
  frontierUrl: string,
  run: string,
  name: string,
  began: number,
  more: readonly Message[] = [],
): Promise<void> => {
  const socket = await openSocket(frontierUrl, run)
  await accepted(socket, [
    { type: "create_run", client_datetime: began, force_resume: false },
    { type: "set_run_property", name, experiment: "leftovers" },
    { ...metric("loss", 0, 0.5, { subset: "train" }), client_datetime: began + 1 },
    ...more,
    { type: "finish_run", client_datetime: began + 60 },
  ])
  socket.close()
}

const accepted = async (socket: Socket, messages: readonly Message[]): Promise<void> => {
  // Python clients write NaN as it is, which JSON.stringify would not.
  const reply = await socket.send(JSON.stringify(messages).replaceAll('"value":null', '"value":NaN'))
  if (reply.status !== "ok") throw new Error(`the gateway refused: ${reply.error}`)
}

const paramsOf = (index: number): Message => ({
  lr: [0.1, 0.01, 0.001, 0.0001][index],
  batch_size: 32 * (index + 1),
  optimizer: ["adam", "sgd", "adam", "lion"][index],
  layers: [64, 32],
  nested: { deep: { flag: index % 2 === 0, none: null } },
})

const systemParams = {
  executable: "/usr/bin/python3",
  arguments: ["train.py", "--fast"],
  packages: { numpy: "2.3.4", torch: "2.9.0" },
  env_variables: { LANG: "C.UTF-8" },
  git_info: {
    branch: "main",
    remote_origin_url: "https://example.org/study.git",
    commit: { hash: "abc123def", timestamp: "2026-01-02T03:04:05", author: "A Person <person@example.org>" },
  },
}

const metricsOf = (index: number, began: number): readonly Message[] => {
  const at = (step: number, message: Message): Message => ({
    ...message,
    epoch: Math.floor(step / 10),
    client_datetime: began + 60 * step,
  })
  return Array.from({ length: steps }, (_, step) => [
    at(step, metric("loss", step, 2 / (1 + step / (4 + index)), { subset: "train" })),
    at(step, metric("loss", step, 2.2 / (1 + step / (4 + index)), { subset: "val" })),
    at(step, metric("accuracy", step, 1 - 0.9 / (1 + step / (2 + index)), { subset: "val" })),
    at(step, metric("tilted", step, step === 7 ? Number.NaN : step - 20)),
    at(step, metric("__system__cpu", step, 50 + 30 * Math.sin(step / 3 + index))),
  ]).flat()
}

const object = (name: string, step: number, value: Message, context: Message | null = null): Message => ({
  type: "log_custom_object",
  name,
  value,
  step,
  epoch: Math.floor(step / 10),
  context,
  dtype: value["type"],
})

const objectsOf = (index: number): readonly Message[] =>
  pictures.flatMap((step, i) => [
    object("remark", step, { type: "text", data: `remark of run ${index + 1} at step ${step}` }, { subset: "val" }),
    object(
      "weights",
      step,
      {
        type: "distribution",
        bin_count: 24,
        range: [-1 - i / 4, 1 + i / 4],
        data: Array.from({ length: 24 }, (_, bin) => Math.round(100 * Math.exp(-((bin - 8 - 2 * i) ** 2) / 20))),
      },
      { layer: 1 },
    ),
    object("curve", step, {
      type: "figure",
      data: {
        data: [{ type: "scatter", mode: "lines+markers", x: [0, 1, 2, 3], y: [index, i, index + i, 2 * i] }],
        layout: { title: { text: `figure of run ${index + 1}` }, width: 400, height: 300 },
      },
    }),
  ])

const linesOf = (index: number, began: number): readonly Message[] => [
  ...Array.from({ length: 30 }, (_, step) => ({ type: "log_terminal_line", line: `epoch ${step} of run ${index + 1}`, step })),
  ...[20, 30, 40, 10].map((level, i) => ({
    type: "log_record",
    message: `record ${i} of run ${index + 1}`,
    level,
    timestamp: began + 600 * i,
    logger_info: ["train.py", 10 + i],
    extra_args: { epoch: i },
  })),
]

const logBlobs = async (frontierUrl: string, socket: Socket, run: string, index: number): Promise<void> => {
  const put = (path: string, type: string, bytes: Uint8Array) => upload(frontierUrl, run, path, type, bytes)
  for (const [i, step] of pictures.entries()) {
    const image = await put(`seq/sample/${step}.png`, "image/png", png(64, index / 4, 0.2 + 0.2 * i))
    const audio = await put(`seq/tone/${step}.wav`, "audio/wav", wav(220 * (index + 1) + 50 * i))
    const picture = { type: "image", format: "PNG", caption: `step ${step}`, width: 64, height: 64 }
    await accepted(socket, [
      object("sample", step, { ...picture, s3_key: image["s3_key"] }, { subset: "val" }),
      object("tone", step, { type: "audio", format: "wav", caption: `tone ${step}`, rate: 8_000, s3_key: audio["s3_key"] }),
      image,
      audio,
    ])
  }
  const weights = await put("models/best.bin", "application/octet-stream", Buffer.alloc(2_000, index))
  await accepted(socket, [weights, await put("readme.txt", "text/plain", Buffer.from("a text"))])
}

/** Uploads a file as the stock client does; the message that tells of it. */
const upload = async (frontierUrl: string, run: string, path: string, type: string, bytes: Uint8Array): Promise<Message> => {
  const presigned = await fetch(`${frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: run, artifact_path: path, content_type: type }),
  })
  const { upload_url, s3_key, headers } = (await presigned.json()) as Readonly<Record<"upload_url" | "s3_key", string>> & {
    readonly headers: Readonly<Record<string, string>> | null
  }
  const put = await fetch(upload_url, { method: "PUT", headers: { "content-type": type, ...headers }, body: Buffer.from(bytes) })
  if (!put.ok) throw new Error(`the upload of ${path} answered ${put.status}: ${await put.text()}`)
  return { type: "blob_ref", s3_key, artifact_path: path, content_type: type }
}
