/** Clients that log: runs of many points at a steady rate, and small runs all the time. */
import { randomUUID } from "node:crypto"
import { Connection, type Message } from "./connection.ts"
import type { Kept } from "./kept.ts"
import { known, type KnownRun, valueAt } from "./known-run.ts"
import { pause, rest, type Soak } from "./soak.ts"

const perFrame = 100
const clientTime = "2026-01-01T00:00:00+00:00"

const runId = (): string => randomUUID().replaceAll("-", "")

/**
 * One run after the other. Writers with even numbers log four series in turn, as the stock client does; the others one series,
 * whose frames become columns. One frame in twenty is cut off before its reply.
 */
export const keepLogging = async (soak: Soak, kept: Kept, number: number): Promise<void> => {
  const { rate, writers, runSeconds } = soak.plan
  const everyMs = (perFrame * writers * 1_000) / rate
  const names = number % 2 === 0 ? ["loss", "accuracy", "val loss", "val accuracy"] : ["column"]
  for (let round = 0; !soak.over.aborted; round++) {
    const run = known(runId())
    const connection = new Connection(soak.frontierUrl, run.id, soak.tally)
    await connection.send(opened(run, number, round))
    const ends = performance.now() + runSeconds * 1_000
    for (let frame = 0, due = performance.now(); performance.now() < ends && !soak.over.aborted; frame++, due += everyMs) {
      await connection.send([...pointsOf(run, names), ...extrasOf(run, frame)], frame % 20 === 7)
      soak.tally.count("points", perFrame)
      await pause(soak, due + everyMs - performance.now())
    }
    await uploadInto(soak, connection, run)
    await connection.send({ type: "finish_run", client_datetime: clientTime })
    await connection.close()
    soak.tally.count("runs")
    await kept.add(run)
  }
}

const opened = (run: KnownRun, number: number, round: number): readonly Message[] => [
  { type: "create_run", client_datetime: clientTime, force_resume: false },
  { type: "set_run_property", name: `soak ${number}.${round}`, experiment: `experiment ${round % 5}` },
  { type: "log_hparams", value: { hparams: { lr: 0.001 * (1 + (round % 10)), batch: 2 ** (round % 8), writer: number } } },
  { type: "add_tag", tag_name: `tag ${round % 7}` },
  ...(run.id < "8" ? [{ type: "log_terminal_line", line: "began", step: 0 }] : []),
]

const pointsOf = (run: KnownRun, names: readonly string[]): readonly Message[] =>
  Array.from({ length: perFrame }, (_, i) => {
    const name = names[i % names.length] ?? ""
    const step = run.points.get(name) ?? 0
    run.points.set(name, step + 1)
    const value = valueAt(name, step)
    return { type: "log_metric", name, value, step, epoch: null, context: null, dtype: "float", client_datetime: clientTime }
  })

/** Now and then a record, a text, a line, an attribute. */
const extrasOf = (run: KnownRun, frame: number): readonly Message[] => {
  if (frame % 10 !== 0) return []
  const data = `sample ${frame}`
  const message = `record <${run.records++}>`
  return [
    { type: "log_record", message, level: 20, timestamp: 1_700_000_000 + frame, logger_info: ["train.py", 7], extra_args: null },
    { type: "log_custom_object", name: "samples", value: { type: "text", data }, step: frame, context: null, dtype: "text" },
    { type: "log_terminal_line", line: `epoch ${frame}`, step: frame },
    { type: "log_hparams", value: { progress: { frame } } },
  ]
}

/** As the stock client does: asks for an address, puts the bytes there, and tells of them. */
const uploadInto = async (soak: Soak, connection: Connection, run: KnownRun): Promise<void> => {
  const type = "application/octet-stream"
  const asked = { run_id: run.id, artifact_path: "model.bin", content_type: type }
  const address = await soak.ask("POST", `${soak.frontierUrl}/api/v1/rest/artifacts/presign`, asked)
  const { upload_url, s3_key } = JSON.parse(address.body.toString("utf8")) as Readonly<Record<"upload_url" | "s3_key", string>>
  const bytes = run.id.repeat(2_000)
  const put = await soak.ask("PUT", upload_url, bytes, { "content-type": type })
  if (put.status !== 200) return soak.tally.fault(`an upload was answered ${put.status}`)
  await connection.send({ type: "blob_ref", s3_key, artifact_path: "model.bin", content_type: type })
  run.artifact = bytes
  soak.tally.took("upload", put.millis)
}

/** Runs of five parameters and ten points over a connection each. */
export const keepMakingSmallRuns = async (soak: Soak, kept: Kept): Promise<void> => {
  for (let number = 0; !soak.over.aborted; number++) {
    const run = known(runId())
    const connection = new Connection(soak.frontierUrl, run.id, soak.tally)
    await connection.send({ type: "create_run", client_datetime: clientTime, force_resume: false })
    const hparams = { lr: 0.01, seed: number, model: `m${number % 10}`, layers: number % 50, small: true }
    const points = pointsOf(run, ["small loss"]).slice(0, 10)
    run.points.set("small loss", 10)
    await connection.send([{ type: "log_hparams", value: { hparams } }, ...points])
    await connection.send({ type: "finish_run", client_datetime: clientTime })
    await connection.close()
    soak.tally.count("points", 10)
    soak.tally.count("small runs")
    await kept.add(run)
    await pause(soak, soak.plan.smallEveryMs)
  }
}

/** Notes, names, flags, tags: commands of people, each answered when it can be seen. */
export const keepCommanding = async (soak: Soak, kept: Kept): Promise<void> => {
  for (let number = 0; !soak.over.aborted; number++) {
    const run = kept.runs.at(-1)
    // The newest of those that are kept is not deleted while it is changed.
    if (run !== undefined) {
      const path = `/runs/${run.id}/`
      await rest(soak, "command", ["PUT", path], { name: `renamed ${number}`, archived: number % 2 === 0 })
      await rest(soak, "command", ["POST", `${path}note/`], { content: `note ${number}` })
      await rest(soak, "command", ["POST", `${path}tags/new/`], { tag_name: `tag ${number % 7}` })
      await rest(soak, "command", ["PUT", path], { archived: false })
    }
    const made = await rest(soak, "command", ["POST", "/tags/"], { name: `passing ${number}` })
    const { id } = JSON.parse(made.body.toString("utf8")) as { readonly id: string }
    await rest(soak, "command", ["PUT", `/tags/${id}/`], { name: `passing on ${number}`, color: "#123456" })
    await rest(soak, "command", ["DELETE", `/tags/${id}/`])
    soak.tally.count("tags deleted")
    await pause(soak, 1_500)
  }
}
