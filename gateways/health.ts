/** Whether a gateway lives, and whether what it stands on does. */
import { Effect } from "effect"
import type { FastifyInstance } from "fastify"

/** One thing to look at: answers "ok", or what is wrong in a few words. It must not reject. */
export interface HealthCheck {
  readonly name: string
  readonly check: () => Promise<string>
  /** Without it the gateway is not ready; else its trouble is only told. */
  readonly vital: boolean
}

/** `GET /health/live/`, and `GET /health/ready/` (503 when a vital check fails). */
export const healthRoutes = (server: FastifyInstance, checks: readonly HealthCheck[]): void => {
  server.get("/health/live/", async () => ({ status: "ok" }))
  server.get("/health/ready/", async (_request, reply) => {
    const answers = await Promise.all(checks.map(async ({ name, check, vital }) => ({ name, vital, answer: await check() })))
    const ready = answers.every(({ vital, answer }) => !vital || answer === "ok")
    return reply.code(ready ? 200 : 503).send({
      status: ready ? "ok" : "unavailable",
      checks: Object.fromEntries(answers.map(({ name, answer }) => [name, answer])),
    })
  })
}

/** "ok", or why an effect fails or does not end, within two seconds: who asks for health does not wait for long. */
export const said = (effect: Effect.Effect<unknown, { readonly message: string }>): Effect.Effect<string> =>
  effect.pipe(
    Effect.timeout("2 seconds"),
    Effect.as("ok"),
    Effect.catch(({ message }) => Effect.succeed(message)),
    Effect.catchDefect(() => Effect.succeed("failed unexpectedly")),
  )
