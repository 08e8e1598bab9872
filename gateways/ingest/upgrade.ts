/** The handshake: which sockets are let in. */
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import { runIdProblem } from "../../domain/limits.ts"
import { frameProtocol } from "./frame-dialect.ts"
import type { IngestGatewayOptions } from "./options.ts"
import type { Sockets } from "./sockets.ts"

const route = /^\/api\/v1\/ws\/runs\/([^/?]+)(?:\?|$)/

/** A frame in more pieces than this is taken for an attack on memory. */
const mostFragments = 1_024

/** Answers upgrades of the server. `refusal` tells why no socket may be opened now. */
export const acceptSockets = (server: Server, sockets: Sockets, options: IngestGatewayOptions): void => {
  const handshakes = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: options.limits.frameBytes,
    maxFragments: mostFragments,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(frameProtocol) ? frameProtocol : first(offered)),
  })
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until `ws` has the socket nobody else listens for its faults.
    socket.on("error", () => socket.destroy())
    const verdict = judge(request, sockets, options)
    if (typeof verdict !== "string") refuse(socket, verdict)
    else handshakes.handleUpgrade(request, socket, head, (webSocket) => sockets.open(webSocket, verdict))
  })
}

/** Who asks for another protocol is told its first wish, without which browsers would not go on; it is the stock one all the same. */
const first = (offered: ReadonlySet<string>): string | false => [...offered][0] ?? false

interface Refusal {
  readonly status: string
  readonly text: string
}

/** The run whose socket it is to be. */
const judge = (request: IncomingMessage, sockets: Sockets, options: IngestGatewayOptions): string | Refusal => {
  const part = route.exec(request.url ?? "")?.[1]
  if (part === undefined) return { status: "403 Forbidden", text: "no socket is opened here" }
  const runId = decoded(part)
  const problem = runId === undefined ? "run id is not valid" : runIdProblem(runId, options.limits)
  if (runId === undefined || problem !== null) return { status: "400 Bad Request", text: problem ?? "" }
  if (!options.allowsOrigin(request.headers.origin)) return { status: "403 Forbidden", text: "this origin may not connect" }
  const { refusal } = sockets
  return refusal === null ? runId : { status: "503 Service Unavailable", text: refusal }
}

const decoded = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

const refuse = (socket: Duplex, { status, text }: Refusal): void => {
  const head = [
    `HTTP/1.1 ${status}`,
    "Connection: close",
    "Content-Type: text/plain",
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  socket.once("finish", () => socket.destroy())
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`)
}
