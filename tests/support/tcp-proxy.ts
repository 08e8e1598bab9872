/** Stands between a client and a server, and can lose what one of them says. */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

export interface TcpProxy {
  readonly port: number
  /** From now on what the server says is lost; what clients say still reaches it. */
  readonly deafen: () => void
  /** From now on what the server says comes so many milliseconds late. */
  readonly delay: (ms: number) => void
  /** Ends all connections, and takes no new ones. */
  readonly cut: () => void
  /** Ends all connections, and lets new ones be, as at first. */
  readonly restore: () => void
  /** How many bytes of the server's were lost since {@link deafen}. */
  readonly lost: () => number
  readonly stop: () => Promise<void>
}

type Mode = "open" | "deaf" | "cut"

/** `target` is asked for at each connection, so that a server may come back elsewhere, or later than its proxy. */
export const startTcpProxy = async (target: () => { readonly host: string; readonly port: number }): Promise<TcpProxy> => {
  let mode: Mode = "open"
  let lost = 0
  let lateMs = 0
  const sockets = new Set<Socket>()
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    if (mode === "cut") return void client.destroy()
    const behind = connect(target())
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.once("error", () => other.destroy())
      socket.once("close", () => {
        sockets.delete(socket)
        // What it said last may still be on its way.
        if (socket === behind && lateMs > 0) setTimeout(() => other.destroy(), lateMs)
        else other.destroy()
      })
    }
    client.on("data", (bytes) => behind.write(bytes))
    behind.on("data", (bytes) => {
      if (mode === "deaf") lost += bytes.length
      else if (lateMs > 0) setTimeout(() => client.destroyed || client.write(bytes), lateMs)
      else client.write(bytes)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("a listening server has no port")
  return {
    port: address.port,
    deafen: () => {
      lost = 0
      mode = "deaf"
    },
    delay: (ms) => {
      lateMs = ms
    },
    cut: () => {
      mode = "cut"
      end()
    },
    restore: () => {
      mode = "open"
      lateMs = 0
      end()
    },
    lost: () => lost,
    stop: async () => {
      end()
      server.close()
      await once(server, "close")
    },
  }
}
