/** Asks a role in this container whether it is ready: `node infra/deploy/healthy.ts <port>…`; ends with 1 where one is not. */
const ask = async (port: string): Promise<string | null> => {
  try {
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/health/ready/`, { signal: AbortSignal.timeout(4_000) })
    return ok ? null : `answered ${status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const ports = process.argv.slice(2)
const answers = await Promise.all(ports.map(async (port) => ({ port, problem: await ask(port) })))
for (const { port, problem } of answers) if (problem !== null) process.stderr.write(`port ${port}: ${problem}\n`)
process.exitCode = ports.length > 0 && answers.every(({ problem }) => problem === null) ? 0 : 1
