/** A network of two layers by hand: 2 inputs, a hidden layer of tanh, and a softmax over the spirals; trained with Adam. */
import { type Sample, spirals } from "./spirals.ts"

/** Weights of one layer, row by row: `outputs` rows of `inputs` numbers and a bias. */
export interface Layer {
  readonly inputs: number
  readonly outputs: number
  readonly weights: Float64Array
  /** What Adam knows of the gradients so far: their mean, and that of their squares. */
  readonly mean: Float64Array
  readonly square: Float64Array
}

export interface Network {
  readonly hidden: Layer
  readonly output: Layer
  /** Steps of training so far. */
  steps: number
}

export const newNetwork = (units: number, random: () => number): Network => {
  const layer = (inputs: number, outputs: number): Layer => {
    const size = outputs * (inputs + 1)
    const scale = 2 * Math.sqrt(3 / inputs)
    const weights = Float64Array.from({ length: size }, () => (random() - 0.5) * scale)
    return { inputs, outputs, weights, mean: new Float64Array(size), square: new Float64Array(size) }
  }
  return { hidden: layer(2, units), output: layer(units, spirals), steps: 0 }
}

/** How likely a point lies on each spiral. */
export const predict = ({ hidden, output }: Network, x: number, y: number): Float64Array =>
  softmax(through(output, through(hidden, [x, y]).map(Math.tanh)))

const through = ({ inputs, outputs, weights }: Layer, values: ArrayLike<number>): Float64Array => {
  const sums = new Float64Array(outputs)
  for (let row = 0; row < outputs; row++) {
    let sum = weights[row * (inputs + 1) + inputs]!
    for (let i = 0; i < inputs; i++) sum += weights[row * (inputs + 1) + i]! * values[i]!
    sums[row] = sum
  }
  return sums
}

const softmax = (values: Float64Array): Float64Array => {
  const powers = values.map((value) => Math.exp(value - Math.max(...values)))
  const sum = powers.reduce((total, power) => total + power)
  return powers.map((power) => power / sum)
}

/** Mean cross-entropy, and the share of samples that are told right. */
export const scoreOf = (network: Network, samples: readonly Sample[]): { readonly loss: number; readonly accuracy: number } => {
  let loss = 0
  let right = 0
  for (const { x, y, label } of samples) {
    const odds = predict(network, x, y)
    loss -= Math.log(odds[label]! + 1e-12)
    if (odds.indexOf(Math.max(...odds)) === label) right++
  }
  return { loss: loss / samples.length, accuracy: right / samples.length }
}

/** One step of Adam on a batch; answers its mean loss. */
export const train = (network: Network, batch: readonly Sample[], rate: number): number => {
  const { hidden, output } = network
  const hiddenSlope = new Float64Array(hidden.weights.length)
  const outputSlope = new Float64Array(output.weights.length)
  let loss = 0
  for (const { x, y, label } of batch) {
    const inner = through(hidden, [x, y]).map(Math.tanh)
    const odds = softmax(through(output, inner))
    loss -= Math.log(odds[label]! + 1e-12)
    const error = odds.map((share, row) => (share - (row === label ? 1 : 0)) / batch.length)
    addSlopes(output, outputSlope, error, inner)
    const back = inner.map((value, i) => {
      let sum = 0
      for (let row = 0; row < output.outputs; row++) sum += error[row]! * output.weights[row * (output.inputs + 1) + i]!
      return sum * (1 - value * value)
    })
    addSlopes(hidden, hiddenSlope, back, [x, y])
  }
  network.steps++
  descend(hidden, hiddenSlope, rate, network.steps)
  descend(output, outputSlope, rate, network.steps)
  return loss / batch.length
}

const addSlopes = ({ inputs }: Layer, slopes: Float64Array, error: Float64Array, values: ArrayLike<number>): void => {
  for (const [row, share] of error.entries()) {
    for (let i = 0; i < inputs; i++) slopes[row * (inputs + 1) + i]! += share * values[i]!
    slopes[row * (inputs + 1) + inputs]! += share
  }
}

/** Kingma and Ba, "Adam: A Method for Stochastic Optimization", with the constants that it recommends. */
const descend = ({ weights, mean, square }: Layer, slopes: Float64Array, rate: number, step: number): void => {
  for (const [i, slope] of slopes.entries()) {
    mean[i] = 0.9 * mean[i]! + 0.1 * slope
    square[i] = 0.999 * square[i]! + 0.001 * slope * slope
    weights[i]! -= (rate * (mean[i]! / (1 - 0.9 ** step))) / (Math.sqrt(square[i]! / (1 - 0.999 ** step)) + 1e-8)
  }
}
