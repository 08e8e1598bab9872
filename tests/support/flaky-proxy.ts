/** A network between clients and a server that breaks in the midst of frames, is late, and says again what clients have said. */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

export interface FlakyProxy {
  readonly port: number
  /** Ends all connections when so many more bytes of clients have come through: likely within a frame. */
  readonly cutAfter: (bytes: number) => void
  /** Until connections end the next time: what the server says is lost. */
  readonly deafen: () => void
  /** On connections from now on, what either says comes so many milliseconds late. */
  readonly delay: (millis: number) => void
  /** Says all that a client said on one connection to the server, on a new one; resolves with the bytes when that has ended. */
  readonly replay: (random: () => number) => Promise<number>
  readonly stop: () => Promise<void>
}

/** What clients said on a connection, from its beginning. */
interface Recording {
  readonly chunks: Buffer[]
  bytes: number
}

const mostBytes = 8 * 2 ** 20
const mostRecordings = 8

export const startFlakyProxy = async (target: () => { readonly host: string; readonly port: number }): Promise<FlakyProxy> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  let recordings: Recording[] = []
  let left = Infinity
  let isDeaf = false
  let late = 0

  const end = (): void => {
    left = Infinity
    isDeaf = false
    for (const [client, behind] of pairs) {
      client.destroy()
      // What got through to it is still read by the server.
      behind.end()
    }
  }
  const passTo = (to: Socket, millis: number) => (bytes: Buffer) => {
    const write = (): void => void (to.destroyed || to.write(bytes))
    if (millis === 0) write()
    else setTimeout(write, millis)
  }
  const hear = (bytes: Buffer, recording: Recording, pass: (bytes: Buffer) => void): void => {
    if (recording.bytes < mostBytes) recording.chunks.push(bytes)
    recording.bytes += bytes.length
    pass(bytes.subarray(0, left))
    left -= bytes.length
    if (left <= 0) end()
  }

  const server = createServer((client) => {
    const behind = connect(target())
    const pair = [client, behind] as const
    const recording: Recording = { chunks: [], bytes: 0 }
    recordings = [...recordings, recording].slice(-mostRecordings)
    pairs.add(pair)
    for (const [socket, other] of [pair, [behind, client]] as const) {
      socket.setNoDelay(true)
      socket.on("error", () => {})
      socket.once("close", () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
    const [toServer, toClient] = [passTo(behind, late), passTo(client, late)]
    client.on("data", (bytes) => hear(bytes, recording, toServer))
    behind.on("data", (bytes) => {
      if (!isDeaf) toClient(bytes)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("a listening server has no port")
  return {
    port: address.port,
    cutAfter: (bytes) => {
      left = bytes
    },
    deafen: () => {
      isDeaf = true
    },
    delay: (millis) => {
      late = millis
    },
    replay: (random) => {
      const whole = recordings.filter(({ bytes }) => bytes > 0 && bytes <= mostBytes)
      const recording = whole[Math.floor(random() * whole.length)]
      return recording === undefined ? Promise.resolve(0) : saidAgain(Buffer.concat(recording.chunks), target())
    },
    stop: async () => {
      end()
      server.close()
      await once(server, "close")
    },
  }
}

/** Says it all at once, and goes without waiting for the answers. */
const saidAgain = async (bytes: Buffer, to: { readonly host: string; readonly port: number }): Promise<number> => {
  const socket = connect(to)
  socket.on("error", () => {})
  socket.resume()
  socket.end(bytes)
  await once(socket, "close")
  return bytes.length
}
