/** Reading the query gateway as anybody may: JSON and binary trees, as plain JavaScript values. */
import { Float } from "../../domain/value.ts"
import { type Decoded, decodeTree } from "./stream-decoder.ts"

export type Json = null | boolean | number | string | Uint8Array | readonly Json[] | { readonly [key: string]: Json }

export interface Rest {
  /** The status and body of any request; a path is below the API's prefix, `body` is sent as JSON. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<{ readonly status: number; readonly body: Json }>
  /** The body of a GET that must succeed. */
  readonly get: (path: string) => Promise<Json>
  /** The tree of a binary GET, or POST where a body is given, that must succeed. Progress frames are left out. */
  readonly tree: (path: string, body?: unknown) => Promise<{ readonly [key: string]: Json }>
  readonly bytes: (path: string) => Promise<Uint8Array>
}

export const restOf = (backendUrl: string): Rest => {
  const fetched = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${backendUrl}/api/v1/rest${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    })
  const successful = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetched(method, path, body)
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
    return response
  }
  return {
    ask: async (method, path, body) => {
      const response = await fetched(method, path, body)
      const text = await response.text()
      const isJson = response.headers.get("content-type")?.includes("json") === true
      return { status: response.status, body: isJson ? (JSON.parse(text) as Json) : text }
    },
    get: async (path) => (await (await successful("GET", path)).json()) as Json,
    tree: async (path, body) => {
      const response = await successful(body === undefined ? "GET" : "POST", path, body)
      const tree = plain(decodeTree(new Uint8Array(await response.arrayBuffer())))
      const entries = Object.entries(tree as { readonly [key: string]: Json })
      return Object.fromEntries(entries.filter(([key]) => !key.startsWith("progress_")))
    },
    bytes: async (path) => new Uint8Array(await (await successful("GET", path)).arrayBuffer()),
  }
}

/** Follows keys into an answer; undefined where there is nothing. */
export const at = (json: Json | undefined, ...path: readonly (string | number)[]): Json | undefined => {
  let node = json
  for (const key of path) {
    if (typeof node !== "object" || node === null || node instanceof Uint8Array) return undefined
    node = (node as { readonly [key: string]: Json })[key]
  }
  return node
}

const plain = (decoded: Decoded): Json => {
  if (decoded instanceof Map) return Object.fromEntries([...decoded].map(([key, item]) => [String(key), plain(item)]))
  if (Array.isArray(decoded)) return decoded.map(plain)
  if (decoded instanceof Float) return decoded.value
  if (typeof decoded === "bigint") return Number(decoded)
  return decoded as Json
}

/** The doubles of a numeric array as searches send it. */
export const doubles = (array: Json | undefined): readonly number[] => {
  const blob = at(array, "blob")
  if (!(blob instanceof Uint8Array)) throw new Error("no numeric array")
  return [...new Float64Array(blob.slice().buffer)]
}
