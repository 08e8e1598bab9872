/** Browsers and their workers. */
import type { Platform } from "../platform.ts"
import { captureConsole } from "./console.ts"
import { connectSocket } from "./socket.ts"
import { browserLeftovers, openBrowserSpool } from "./spool.ts"

export const browserPlatform: Platform = {
  name: "browser",
  environment: () => undefined,
  defaultPlace: () => "matyan-spool",
  openSpool: openBrowserSpool,
  leftovers: browserLeftovers,
  connect: connectSocket,
  later: (millis, callback) => {
    const timer = setTimeout(callback, millis)
    return () => clearTimeout(timer)
  },
  atEnd: (_onIdle, onExit) => {
    const onHidden = (): void => {
      if (globalThis.document?.visibilityState === "hidden") onExit()
    }
    // Workers hear of neither: what they log is sealed within milliseconds all the same.
    globalThis.addEventListener?.("pagehide", onExit)
    globalThis.addEventListener?.("visibilitychange", onHidden, true)
    return () => {
      globalThis.removeEventListener?.("pagehide", onExit)
      globalThis.removeEventListener?.("visibilitychange", onHidden, true)
    }
  },
  captureConsole,
  systemSample: () => null,
  systemParameters: async () => ({ executable: navigator.userAgent }),
  files: null,
}
