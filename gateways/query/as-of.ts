/** Reads as of a time or positions: any read may name a generation that was folded so, and is answered from it alone. */
import { AsyncLocalStorage } from "node:async_hooks"
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { AsOf, NamedAsOf } from "../../projections/as-of-generations.ts"
import { foldVersion } from "../../projections/subspaces.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest, HttpFault, notFound } from "./errors.ts"
import { isRead } from "./openapi.ts"

const asked = new AsyncLocalStorage<number>()

/** The id of the generation that the request under way is to be answered from; undefined: the serving one. */
export const asOfAsked = (): number | undefined => asked.getStore()

/** To be called before the routes are registered; only those below the prefix are concerned. */
export const readAsOf = (server: FastifyInstance, named: (name: string) => Promise<NamedAsOf>, prefix: string): void => {
  const found = new WeakMap<FastifyRequest, number>()
  server.addHook("onRequest", async (request, reply) => {
    const { url } = request.routeOptions
    if (url?.startsWith(`${prefix}/`) !== true) return
    const method = request.method === "HEAD" ? "GET" : request.method
    if (!isRead(`${method} ${url.replace(/(.)\/$/, "$1")}`, prefix)) {
      if (parameters.asksAsOf(request)) throw badRequest("as_of: only reads are answered as of a time, not this request")
      return
    }
    const [parameter, header] = [parameters.asOf.read(request), parameters.asOfHeader.read(request)]
    const name = parameter ?? header
    if (name === undefined) return
    const { id } = usable(name, await named(name))
    found.set(request, id)
    reply.header("x-matyan-as-of", id)
  })
  // Bodies are read in between, in a context of their own, so the handler's is entered only now.
  server.addHook("preHandler", (request, _reply, done) => {
    const id = found.get(request)
    return id === undefined ? done() : asked.run(id, done)
  })
}

const usable = (name: string, { found, all }: NamedAsOf): AsOf => {
  if (found === undefined) throw notFound(unknown(name, all))
  const again = `matyan rebuild --as-of "${found.asked}"`
  if (found.foldVersion !== foldVersion)
    throw conflict(`as_of: generation ${found.id} was folded by another version of this software; ${again} makes it anew`)
  if (!found.isComplete)
    throw conflict(`as_of: generation ${found.id} is not folded to its end yet; ${again} goes on where it was ended`)
  return found
}

const unknown = (name: string, all: readonly AsOf[]): string => {
  const names = all.map(({ id, asked: words }) => `${id} (${words})`).join(", ")
  const said = name.slice(0, 200)
  return `as_of: there is no generation "${said}"; ${names === "" ? "there is none yet" : `there are ${names}`}. matyan rebuild --as-of "${said}" makes one`
}

const conflict = (message: string): HttpFault => new HttpFault(409, message)
