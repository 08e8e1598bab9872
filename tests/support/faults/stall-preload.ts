/**
 * Loaded before all else where MATYAN_STALLS names milliseconds: stops each thread again and again, mostly for a moment and at
 * times for up to so long, as a machine does that has other work to do. A test that holds by luck of timing fails under it.
 */
const longest = Number(process.env["MATYAN_STALLS"])
// As they are before a simulation steers them.
const { random } = Math
const { setTimeout: later } = globalThis
const never = new Int32Array(new SharedArrayBuffer(4))

const stall = (): void => {
  Atomics.wait(never, 0, 0, random() * (random() < 0.8 ? 20 : longest))
  later(stall, random() * 150).unref()
}
stall()
