/**
 * Trains a small network to tell three spirals apart, and logs all of it. With the server running (`npm start`):
 *
 *     node examples/typescript/train_spirals.ts --epochs 60 --lr 0.03
 *
 * MATYAN_FRONTIER_URL tells where another server is.
 */
import { parseArgs } from "node:util"
import { init, type Run } from "../../sdk/node.ts"
import { trackEval } from "../../sdk/track-eval.ts"
import { type Network, newNetwork, predict, scoreOf, train } from "./network.ts"
import { drawSamples, randomOf, type Sample } from "./spirals.ts"

const { values: given } = parseArgs({
  options: {
    epochs: { type: "string", default: "60" },
    lr: { type: "string", default: "0.03" },
    hidden: { type: "string", default: "24" },
    seed: { type: "string", default: "7" },
  },
})
const config = {
  epochs: Number(given.epochs),
  lr: Number(given.lr),
  hidden: Number(given.hidden),
  seed: Number(given.seed),
  batch: 32,
  noise: 0.3,
}

const main = async (): Promise<void> => {
  // The run ends with this block, however it is left.
  await using run = await init({
    experiment: "spirals",
    name: `${config.hidden} units, lr ${config.lr}`,
    config,
    tags: ["example"],
  })
  const random = randomOf(config.seed)
  const samples = drawSamples(300, config.noise, random)
  const [learnt, held] = [samples.slice(0, 600), samples.slice(600)]
  const network = newNetwork(config.hidden, random)
  run.info("training begins", { samples: learnt.length, weights: network.hidden.weights.length + network.output.weights.length })

  for (let epoch = 0; epoch < config.epochs; epoch++) {
    for (let first = 0; first < learnt.length; first += config.batch)
      run.log({ batch_loss: train(network, learnt.slice(first, first + config.batch), config.lr) }, { epoch })
    run.log(scoreOf(network, learnt), { step: epoch, epoch, context: { subset: "train" } })
    run.log(scoreOf(network, held), { step: epoch, epoch, context: { subset: "val" } })
    if (epoch % 10 === 9 || epoch === config.epochs - 1) logNetwork(run, network, epoch)
  }

  const evaluation = await evaluate(run, network, held)
  run.set("result", { accuracy: evaluation.scores["right"]?.mean })
  void run.artifact({ text: JSON.stringify(network, asList) }, { path: "models/spirals.json" })
  run.info("training is over", { right: evaluation.scores["right"]?.mean, of: evaluation.examples })
  console.log(`run ${run.id}`)
}

/** What the network has come to: its weights, and the plane as it sees it. */
const logNetwork = (run: Run, network: Network, epoch: number): void => {
  run.distribution("weights", network.hidden.weights, { step: epoch, epoch, context: { layer: "hidden" } })
  run.distribution("weights", network.output.weights, { step: epoch, epoch, context: { layer: "output" } })
  run.image("plane", planeOf(network, 96), { step: epoch, epoch, caption: `the plane after epoch ${epoch}` })
}

/** The plane from -1 to 1 as pixels: how red, green and blue a point is says how likely it lies on each spiral. */
const planeOf = (network: Network, side: number) => {
  const data = new Uint8Array(side * side * 3)
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const odds = predict(network, (2 * column) / side - 1, 1 - (2 * row) / side)
      data.set(
        odds.map((share) => 255 * share),
        (row * side + column) * 3,
      )
    }
  return { width: side, height: side, data }
}

/** Each sample that was not learnt from, with what the network says of it. */
const evaluate = (run: Run, network: Network, held: readonly Sample[]) =>
  trackEval({
    run,
    name: "held",
    dataset: held.slice(0, 50).map(({ x, y, label }) => ({ input: { x, y }, expected: label })),
    task: ({ input }) => [...predict(network, input.x, input.y)],
    scorers: {
      right: ({ expected }, odds) => odds.indexOf(Math.max(...odds)) === expected,
      odds: ({ expected }, odds) => odds[expected] ?? 0,
    },
  })

const asList = (_name: string, value: unknown): unknown => (value instanceof Float64Array ? [...value] : value)

await main()
