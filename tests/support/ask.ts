import type { FastifyInstance, InjectOptions } from "fastify"

export type Method = NonNullable<InjectOptions["method"]>

/** A request below the API's prefix, its answer read as JSON. */
export const ask = async (server: FastifyInstance, method: Method, path: string, payload?: object) => {
  const reply = await server.inject({ method, url: `/api/v1/rest${path}`, ...(payload === undefined ? {} : { payload }) })
  return { status: reply.statusCode, body: reply.body === "" ? null : JSON.parse(reply.body), headers: reply.headers }
}
