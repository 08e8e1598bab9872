/** The browser's own WebSocket. */
import type { Socket } from "../platform.ts"

/** What a connection is said to have ended with when nobody said how (RFC 6455, 7.1.5). */
const abnormal = 1006

/** Opens a connection; one that cannot even be tried, such as `ws:` from a page of `https:`, ends at once. */
export const connectSocket = (url: string, subprotocol: string): Socket => {
  let socket: WebSocket | null = null
  const own: Socket = {
    onOpen: () => {},
    onText: () => {},
    onClose: () => {},
    send: (bytes) => {
      // A view of a buffer that is not shared; the compiler cannot know.
      if (socket?.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>)
    },
    buffered: () => socket?.bufferedAmount ?? 0,
    close: () => socket?.close(),
  }
  try {
    socket = new WebSocket(url, subprotocol)
  } catch (error) {
    // Whoever asked has not set its functions yet.
    setTimeout(() => own.onClose(abnormal, String(error)))
    return own
  }
  socket.binaryType = "arraybuffer"
  socket.addEventListener("open", () => own.onOpen())
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") own.onText(data)
  })
  // Browsers keep to themselves why a connection failed.
  socket.addEventListener("close", ({ code, reason }) => own.onClose(code, reason))
  return own
}
