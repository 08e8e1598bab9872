import { once } from "node:events"
import { createServer } from "node:net"

/**
 * Below those that the system gives to whoever asks for any, so that a server that is started again finds its own free: each
 * worker of the tests has 2,000 to itself. None is among the ports that `fetch` refuses.
 */
const first = 12_000 + 2_000 * ((Number(process.env["VITEST_POOL_ID"] ?? 1) - 1) % 10)
/** Each file of tests begins elsewhere, for what the last one started may not be gone yet. */
let next = Date.now() % 2_000

/** A TCP port that nobody listens at. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = first + (next++ % 2_000)
    if (await isFree(port)) return port
  }
}

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer().listen(port)
  try {
    await once(probe, "listening")
  } catch {
    return false
  }
  probe.close()
  await once(probe, "close")
  return true
}
