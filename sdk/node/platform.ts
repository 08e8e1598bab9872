/** Node, and what has its modules: Bun and Deno. */
import { homedir } from "node:os"
import { join } from "node:path"
import type { Platform } from "../platform.ts"
import { captureConsole } from "./console.ts"
import { files } from "./files.ts"
import { connectSocket } from "./socket.ts"
import { fileLeftovers, openFileSpool } from "./spool.ts"
import { systemParameters, systemSample } from "./system.ts"

export const nodePlatform: Platform = {
  name: "node",
  environment: (name) => process.env[name],
  defaultPlace: () => join(stateFolder(), "matyan", "spool"),
  openSpool: openFileSpool,
  leftovers: fileLeftovers,
  connect: connectSocket,
  later: (millis, callback) => {
    const timer = setTimeout(callback, millis)
    timer.unref()
    return () => clearTimeout(timer)
  },
  atEnd: (onIdle, onExit) => {
    process.on("beforeExit", onIdle)
    process.on("exit", onExit)
    return () => {
      process.off("beforeExit", onIdle)
      process.off("exit", onExit)
    }
  },
  captureConsole,
  systemSample,
  systemParameters,
  files,
}

/** Where programs keep what is theirs alone and outlives them, by the custom of each system. */
const stateFolder = (): string => {
  if (process.platform === "win32") return process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local")
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support")
  const told = process.env["XDG_STATE_HOME"]
  return told !== undefined && told !== "" ? told : join(homedir(), ".local", "state")
}
