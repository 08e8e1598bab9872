/** Made-up trainings that look like real ones; drawn from a seed, so that they can be made again. */
import { createHash } from "node:crypto"

export interface DemoRun {
  readonly id: string
  readonly frames: readonly string[]
  readonly points: number
}

const epochs = 30
const batches = 10
const messagesPerFrame = 100
const day = 86_400

/** The messages of run number `index` of a sweep, in frames; `now` in Unix seconds. */
export const demoRun = (seed: number, index: number, now: number): DemoRun => {
  const random = randomOf(seed, index)
  const id = createHash("md5").update(`demo ${seed} ${index}`).digest("hex")
  const setting = settingOf(random)
  const started = now - random() * 14 * day
  const messages: object[] = [...opening(setting, index, started)]
  let points = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const logged = epochOf(setting, epoch, started, random)
    messages.push(...logged)
    points += logged.filter(({ type }) => type === "log_metric").length
  }
  messages.push(...closing(setting, started))
  return { id, frames: framesOf(messages), points }
}

interface Setting {
  readonly lr: number
  readonly batchSize: number
  readonly optimizer: string
  readonly layers: readonly number[]
  readonly diverges: boolean
}

const settingOf = (random: () => number): Setting => {
  const lr = 10 ** (-4 + 3.3 * random())
  return {
    lr: Number(lr.toPrecision(3)),
    batchSize: 2 ** (4 + Math.floor(random() * 5)),
    optimizer: ["sgd", "adam", "adamw", "lion"][Math.floor(random() * 4)]!,
    layers: Array.from({ length: 1 + Math.floor(random() * 3) }, () => 32 * (1 + Math.floor(random() * 8))),
    diverges: lr > 0.12 && random() < 0.5,
  }
}

const opening = ({ lr, batchSize, optimizer, layers }: Setting, index: number, started: number): readonly object[] => [
  { type: "create_run", client_datetime: started, force_resume: false },
  {
    type: "set_run_property",
    experiment: index % 3 === 0 ? "digits-baseline" : "digits-sweep",
    name: `digits ${optimizer} ${index}`,
  },
  {
    type: "log_hparams",
    value: { hparams: { lr, batch_size: batchSize, optimizer, layers, seed: index, schedule: { name: "cosine", warmup: 3 } } },
  },
  { type: "log_hparams", value: { dataset: { name: "digits", train: 1437, val: 360 } } },
  ...(index % 10 === 0 ? [{ type: "add_tag", tag_name: "reviewed" }] : []),
  { type: "log_record", message: "training started", level: 20, timestamp: started, extra_args: { epochs } },
]

interface Message {
  readonly type: string
}

const epochOf = (setting: Setting, epoch: number, started: number, random: () => number): readonly Message[] => {
  const speed = Math.min(1, setting.lr * 20) * (setting.optimizer === "sgd" ? 0.5 : 1)
  const fit = 2.3 * Math.exp(-speed * epoch * 0.25) + 0.08
  const at = (batch: number) => started + epoch * 60 + batch * 6
  const metric = (name: string, subset: string, step: number, value: number, when: number) => ({
    type: "log_metric",
    name,
    value,
    step,
    epoch,
    context: { subset },
    dtype: "float",
    client_datetime: when,
  })
  const noisy = (value: number) => (setting.diverges && epoch > 12 ? Number.NaN : value * (1 + 0.1 * (random() - 0.5)))
  const train = Array.from({ length: batches }, (_, batch) =>
    metric("loss", "train", epoch * batches + batch, noisy(fit * (1 - 0.01 * batch)), at(batch)),
  )
  const loss = noisy(fit + 0.05 + 0.004 * epoch)
  return [
    ...train,
    metric("loss", "val", epoch, loss, at(batches)),
    metric("accuracy", "val", epoch, Number.isNaN(loss) ? 0.1 : Math.max(0.1, 1 - loss / 2.4), at(batches)),
    { type: "log_terminal_line", line: `epoch ${epoch}: loss ${loss.toFixed(4)}`, step: epoch } as Message,
  ]
}

const closing = ({ diverges, lr }: Setting, started: number): readonly object[] => [
  {
    type: "log_custom_object",
    name: "summary",
    dtype: "text",
    step: 0,
    value: { type: "text", data: diverges ? "loss became NaN" : `converged at lr ${lr}` },
  },
  {
    type: "log_custom_object",
    name: "weights",
    dtype: "distribution",
    step: 0,
    value: {
      type: "distribution",
      bin_count: 16,
      range: [-1, 1],
      data: Array.from({ length: 16 }, (_, i) => Math.round(500 * Math.exp(-((i - 7.5) ** 2) / 8))),
    },
  },
  {
    type: "log_record",
    message: diverges ? "diverged" : "training finished",
    level: diverges ? 40 : 20,
    timestamp: started + epochs * 60,
  },
  { type: "finish_run", client_datetime: started + epochs * 60 },
]

/** Python clients write NaN as it is, which JSON.stringify would not. */
const framesOf = (messages: readonly object[]): readonly string[] =>
  Array.from({ length: Math.ceil(messages.length / messagesPerFrame) }, (_, i) =>
    JSON.stringify(messages.slice(i * messagesPerFrame, (i + 1) * messagesPerFrame)).replaceAll('"value":null', '"value":NaN'),
  )

/** Mulberry32, a small generator of numbers in [0, 1) that is good enough for a demonstration. */
const randomOf = (seed: number, index: number): (() => number) => {
  let state = (seed * 0x9e3779b9 + index * 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
