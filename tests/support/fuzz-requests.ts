/** Requests of every operation that the API's document tells: good ones, and bad ones of many kinds. */
import type { ApiOperation, ApiParameter, OpenApi } from "../../gateways/query/openapi.ts"
import { queryOf } from "./fuzz-queries.ts"
import * as values from "./fuzz-values.ts"
import { type Random, randomOf } from "./fuzz-values.ts"

export interface FuzzRequest {
  readonly method: string
  /** The operation's, as the document has it. */
  readonly path: string
  /** As it stands in the request line. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
  readonly isIngestion: boolean
  readonly isEndless: boolean
  /** Whether a stream that is answered is one of trees. */
  readonly isTree: boolean
}

/** Ids and the like that are there, by what they stand for in paths: `runs`, `experiments`, …; and words to be forged. */
export interface Pool {
  readonly ids: ReadonlyMap<string, readonly string[]>
  /** Runs that may be deleted. */
  readonly doomed: readonly string[]
  readonly blobUris: readonly string[]
  readonly cursors: readonly string[]
}

interface Told {
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

export const operationsIn = (document: OpenApi): readonly Told[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation }))
      .filter(({ operation }) => operation.responses["101"] === undefined),
  )

export const requestOf = (told: readonly Told[], pool: Pool, seed: number, index: number): FuzzRequest => {
  const random = randomOf(seed, index)
  const one = told[index % told.length]!
  const badness = random.oneOf([0, 0, 0.3, 1])
  const isBad = () => random.next() < badness
  const query = queryString(one, pool, random, isBad)
  const body = bodyOf(one, pool, random, isBad)
  const odd = isBad() && random.next() < 0.4 ? random.oneOf(values.hostileHeaders) : {}
  const type = body === undefined ? {} : { "content-type": "application/json" }
  return {
    method:
      isBad() && random.next() < 0.1 ? random.oneOf(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]) : one.method,
    path: one.path,
    target: filled(one, pool, random, isBad) + (random.next() < 0.3 ? "/" : "") + (query === "" ? "" : `?${query}`),
    headers: { ...type, ...headersOf(one, pool, random, isBad), ...odd },
    body,
    isIngestion: one.operation.tags.includes("Ingestion"),
    isTree: one.operation.responses["200"]?.content?.["application/octet-stream"]?.["x-tree"] !== undefined,
    isEndless: one.operation.responses["200"]?.content?.["text/event-stream"] !== undefined,
  }
}

const filled = ({ method, path }: Told, pool: Pool, random: Random, isBad: () => boolean): string =>
  path.replaceAll(/\/(\w+)\/\{(\w+)\}/g, (_, owner: string) => {
    if (isBad()) return `/${owner}/${random.oneOf(values.hostileParts)}`
    const ids = method === "DELETE" && path.endsWith("/runs/{id}") ? pool.doomed : (pool.ids.get(owner) ?? [])
    return `/${owner}/${encodeURIComponent(ids.length === 0 ? "none" : random.oneOf(ids))}`
  })

const queryString = ({ operation }: Told, pool: Pool, random: Random, isBad: () => boolean): string => {
  const told = (operation.parameters ?? []).filter(({ in: where }) => where === "query")
  const parts = told.flatMap((parameter) => {
    if (!parameter.required && random.next() < 0.6) return []
    const value = isBad() ? hostileOf(parameter, pool, random) : validOf(parameter, pool, random)
    const text = encoded(value)
    return random.next() < 0.05 ? [`${parameter.name}=${text}`, `${parameter.name}=${text}`] : [`${parameter.name}=${text}`]
  })
  if (isBad() && random.next() < 0.2)
    parts.push(
      random.oneOf(["__proto__=1", "q[]=1", "q[a]=b", "=", "&&&", "%", "%ff=%ff", "limit", "a=b;c=d", `x=${"y".repeat(9_000)}`]),
    )
  return parts.join("&")
}

/** Percent-encoded; a lone surrogate as the bytes that it would have. */
const encoded = (text: string): string =>
  text.isWellFormed() ? encodeURIComponent(text) : `${encodeURIComponent(text.toWellFormed())}%ED%A0%80`

const validOf = ({ name, schema, example }: ApiParameter, pool: Pool, random: Random): string => {
  if (name === "q")
    return random.oneOf(["", "run.hparams.hparams.lr < 0.01", "run.active", "'digits' in run.name", "run.duration > 5"])
  if (name === "cursor") return random.oneOf(["", ...pool.cursors])
  if (name === "offset" || name === "run") return random.oneOf(pool.ids.get("runs") ?? [""])
  if (schema["type"] === "integer")
    return String(random.oneOf([schema["default"], schema["minimum"], schema["maximum"], 1, 5]) ?? 7)
  if (schema["type"] === "boolean") return random.oneOf(["true", "false", "0", "YES"])
  const items = schema["items"] as { readonly enum?: readonly string[] } | undefined
  return items?.enum === undefined ? (example ?? "") : random.oneOf(items.enum)
}

const hostileOf = ({ name, schema }: ApiParameter, pool: Pool, random: Random): string => {
  if (random.next() < 0.15) return random.oneOf(values.hostileTexts)
  if (name === "q") return queryOf(random)
  if (name === "sort") return random.oneOf(values.hostileSorts)
  if (name === "cursor") return forged(random.oneOf(["", "AAAA", ...pool.cursors]), random)
  if (name.endsWith("_range")) return random.oneOf(values.hostileRanges)
  return schema["type"] === "string" ? random.oneOf(values.hostileTexts) : random.oneOf(values.hostileNumbers)
}

const headersOf = ({ operation }: Told, pool: Pool, random: Random, isBad: () => boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (operation.parameters ?? [])
      .filter(({ in: where }) => where === "header" && random.next() < 0.4)
      .map(({ name }) => {
        if (name === "Last-Event-ID") return [name, isBad() ? forged(random.oneOf(["", ...pool.cursors]), random) : ""]
        return [
          name,
          isBad() ? random.oneOf(values.hostileNumbers.filter((text) => text.length < 300 && !text.includes("１"))) : "-120",
        ]
      }),
  )

/** A word with one character changed, cut off or put in. */
const forged = (word: string, random: Random): string => {
  const at = random.below(word.length + 1)
  return word.slice(0, at) + random.oneOf(["A", "-", "_", "=", "/", "é", ""]) + word.slice(at + random.below(2))
}

const bodyOf = ({ path, operation }: Told, pool: Pool, random: Random, isBad: () => boolean): string | Buffer | undefined => {
  const media = operation.requestBody?.content["application/json"]
  if (media === undefined) return isBad() && random.next() < 0.1 ? random.oneOf(values.hostileBodies) : undefined
  const good = JSON.stringify(goodBody(path, media.example, pool, random))
  if (!isBad()) return good
  const draw = random.next()
  if (draw < 0.4) return random.oneOf(values.hostileBodies)
  if (draw < 0.45) return undefined
  if (draw < 0.5) return Buffer.from(good, "utf16le")
  if (draw < 0.55)
    return Buffer.concat([Buffer.from(good.slice(0, 5)), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(good.slice(5))])
  if (draw < 0.6) return good.replace(":", ':1,"__proto__":').replace(/[0-9]+/, "1e400")
  return JSON.stringify(mutated(JSON.parse(good), random))
}

const goodBody = (path: string, example: unknown, pool: Pool, random: Random): unknown => {
  if (/runs\/(images|audios)\/get-batch$/.test(path))
    return [random.oneOf(pool.blobUris), forged(random.oneOf(pool.blobUris), random)]
  if (path.endsWith("delete-batch")) return [random.oneOf(pool.doomed), "ghost"]
  if (path.endsWith("-batch") && !path.includes("{")) return [random.oneOf(pool.ids.get("runs") ?? []), "ghost"]
  const sequence = ["shown", "says", "weights", "heard", "plot", "loss"].map((name) => ({ name, context: {} }))
  if (/get-(batch|step)$/.test(path)) return [random.oneOf(sequence)]
  if (typeof example !== "object" || example === null || !("name" in example)) return example
  return { ...example, name: `${example.name} ${random.below(1e9)}` }
}

/** With one value, somewhere within, replaced, or a key added. */
const mutated = (value: unknown, random: Random): unknown => {
  const other = random.oneOf(values.hostileJson)
  if (typeof value !== "object" || value === null || random.next() < 0.1) return other
  if (Array.isArray(value)) {
    if (value.length === 0 || random.next() < 0.1) return [...value, other]
    const at = random.below(value.length)
    return value.map((item: unknown, i) => (i === at ? mutated(item, random) : item))
  }
  const keys = Object.keys(value)
  if (keys.length === 0 || random.next() < 0.15)
    return { ...value, [random.oneOf(["", "x", "constructor", "\0", "k".repeat(5_000)])]: other }
  const key = random.oneOf(keys)
  if (random.next() < 0.1) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  return { ...value, [key]: mutated((value as Readonly<Record<string, unknown>>)[key], random) }
}
