/** What lives in a server after its garbage is collected, through the inspector that it was started with. */

/** Lets a server be inspected, at any port that is free; to be among its environment. */
export const inspectable = { NODE_OPTIONS: "--max-semi-space-size=16 --inspect=127.0.0.1:0" }

interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: unknown
  readonly params?: { readonly sessionId: string; readonly message: string }
}

type Call = (method: string, params?: Readonly<Record<string, unknown>>) => Promise<unknown>

/** MiB that live in the heaps of the main thread and of each other that there was when it was connected. */
export interface LiveHeaps {
  /** Rejects where the server is gone. */
  readonly measure: () => Promise<readonly number[]>
  readonly close: () => void
}

/** `stderr` is what the server has said: where it can be inspected. */
export const liveHeaps = async (stderr: string): Promise<LiveHeaps> => {
  const [, address] = /Debugger listening on (ws:\S+)/.exec(stderr) ?? []
  if (address === undefined) throw new Error(`the server cannot be inspected: ${stderr}`)
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve)
    socket.addEventListener("error", reject)
  })
  const gone = new Promise<never>((_, reject) => {
    socket.addEventListener("close", () => reject(new Error("the server went while it was inspected")))
  })
  // Nobody may be measuring when it goes.
  gone.catch(() => undefined)
  const waiting = new Map<number, (result: unknown) => void>()
  const workers: string[] = []
  let asked = 0
  const hear = ({ id, method, result, params }: Message): void => {
    if (id !== undefined) waiting.get(id)?.(result)
    else if (method === "NodeWorker.attachedToWorker" && params !== undefined) workers.push(params.sessionId)
    else if (method === "NodeWorker.receivedMessageFromWorker" && params !== undefined)
      hear(JSON.parse(params.message) as Message)
  }
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(String(data)) as Message))
  const answered = (send: (id: number) => void): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++asked
      waiting.set(id, resolve)
      send(id)
    })
  const main: Call = (method, params = {}) => answered((id) => socket.send(JSON.stringify({ id, method, params })))
  const within =
    (sessionId: string): Call =>
    (method, params = {}) =>
      answered(
        (id) => void main("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id, method, params }) }),
      )
  await Promise.race([main("NodeWorker.enable", { waitForDebuggerOnStart: false }), gone])
  // Collections drop the code of what was not called lately, and calls compile it anew: 2 MiB up and down that nobody keeps.
  await Promise.race([main("Runtime.evaluate", { expression: keepCode }), gone])
  const measured = async (): Promise<readonly number[]> => {
    const live: number[] = []
    for (const call of [main, ...workers.map(within)]) live.push(await liveIn(call))
    return live
  }
  return {
    measure: () => Promise.race([measured(), gone]),
    close: () => socket.close(),
  }
}

const keepCode = 'process.getBuiltinModule("v8").setFlagsFromString("--no-flush-bytecode")'

const liveIn = async (call: Call): Promise<number> => {
  // What the first frees may free more.
  for (let i = 0; i < 2; i++) await call("HeapProfiler.collectGarbage")
  const expression = "process.memoryUsage().heapUsed + process.memoryUsage().external"
  const { result } = (await call("Runtime.evaluate", { expression, returnByValue: true })) as { result: { value: number } }
  return result.value / 2 ** 20
}
