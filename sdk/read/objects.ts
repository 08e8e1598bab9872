/** Images, audio, texts, distributions and figures: what was logged at which step, and the bytes. */
import type { Operations } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { entriesOf, isProgress } from "./entries.ts"
import { type ReadOptions, seen } from "./runs.ts"

/** The kinds of objects, as queries and addresses name them. */
export type ObjectKind = "images" | "audios" | "texts" | "distributions" | "figures"

/** A run with the sequences of one kind that match, as `GET /runs/search/{kind}` answers. */
export type ObjectsFound<K extends ObjectKind> = Operations[`GET /runs/search/${K}`]["tree"][string]

/** Steps of one sequence of a kind; `values` has an item, or the items, of each step of `iters`. */
export type ObjectSequence<K extends ObjectKind> = Operations[`POST /runs/{id}/${K}/get-batch`]["tree"]

/** The items of one step. */
export type ObjectStep<K extends ObjectKind> = Operations[`POST /runs/{id}/${K}/get-step`]["tree"]

/** Which steps, and which items of each. */
export interface ObjectWindow {
  /** Steps from the first to before the second; null: no bound. */
  readonly steps?: readonly [number | null, number | null]
  /** Most steps, spread evenly (50); 0: all. */
  readonly mostSteps?: number
  /** Items of a step from the first to before the second. */
  readonly items?: readonly [number | null, number | null]
  /** Most items of a step, spread evenly (5); 0: all. */
  readonly mostItems?: number
}

interface Named {
  readonly name: string
  readonly context?: Readonly<Record<string, unknown>>
}

/** What can be done with objects. */
export interface Objects {
  /** Runs with sequences that match a query over `run` and the kind's name, such as `images.name == "samples"`; newest first. */
  readonly query: <K extends ObjectKind>(
    kind: K,
    q?: string,
    options?: ObjectWindow & ReadOptions,
  ) => AsyncIterable<{ readonly run: string } & ObjectsFound<K>>
  /** Steps of one sequence of a run; empty where it has none of that name. */
  readonly sequence: <K extends ObjectKind>(
    run: string,
    kind: K,
    named: Named,
    options?: ObjectWindow & ReadOptions,
  ) => Promise<ObjectSequence<K>>
  /** One step of a sequence; the last one without a step. */
  readonly step: <K extends ObjectKind>(
    run: string,
    kind: K,
    named: Named & { readonly step?: number },
    options?: Pick<ObjectWindow, "items" | "mostItems"> & ReadOptions,
  ) => Promise<ObjectStep<K>>
  /** The bytes of images or audio by the `blob_uri` of items; what is gone is empty, what is no URI is left out. */
  readonly bytes: (
    kind: "images" | "audios",
    uris: readonly string[],
    options?: ReadOptions,
  ) => Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>>
}

/** What can be done with objects over a connection. */
export const objectsOf = (connection: Connection): Objects => ({
  query: (kind, q = "", options = {}) => found(connection, kind, q, options),
  sequence: async (run, kind, named, options = {}) => {
    const given = { path: { id: run }, query: windowOf(options), body: [sequenceOf(named)], signal: options.signal }
    const operation: `POST /runs/{id}/${ObjectKind}/get-batch` = `POST /runs/{id}/${kind}/get-batch`
    const { body } = await connection.request(operation, given)
    // One of five operations of one form: which, the compiler does not follow.
    return body as ObjectSequence<typeof kind>
  },
  step: async (run, kind, named, options = {}) => {
    const query = { ...windowOf(options), ...(named.step === undefined ? {} : { record_step: named.step }) }
    const given = { path: { id: run }, query, body: [sequenceOf(named)], signal: options.signal }
    const operation: `POST /runs/{id}/${ObjectKind}/get-step` = `POST /runs/{id}/${kind}/get-step`
    const { body } = await connection.request(operation, given)
    return body as ObjectStep<typeof kind>
  },
  bytes: async (kind, uris, options = {}) => {
    const given = { query: seen(options), body: uris, signal: options.signal }
    return new Map(Object.entries((await connection.request(`POST /runs/${kind}/get-batch`, given)).body))
  },
})

async function* found<K extends ObjectKind>(
  connection: Connection,
  kind: K,
  q: string,
  options: ObjectWindow & ReadOptions,
): AsyncGenerator<{ readonly run: string } & ObjectsFound<K>, undefined> {
  const query = { q, report_progress: false, ...windowOf(options) }
  const operation: `GET /runs/search/${ObjectKind}` = `GET /runs/search/${kind}`
  const response = await connection.open(operation, { query, signal: options.signal })
  for await (const { key, value } of entriesOf(response, "the search", options.signal))
    if (!isProgress(key)) yield { run: String(key), ...(value as ObjectsFound<K>) }
}

const sequenceOf = ({ name, context = {} }: Named) => ({ name, context })

const windowOf = (options: ObjectWindow & ReadOptions) => ({
  ...(options.steps === undefined ? {} : { record_range: rangeOf(options.steps) }),
  ...(options.mostSteps === undefined ? {} : { record_density: options.mostSteps }),
  ...(options.items === undefined ? {} : { index_range: rangeOf(options.items) }),
  ...(options.mostItems === undefined ? {} : { index_density: options.mostItems }),
  ...seen(options),
})

/** A range as the API writes it: `start:stop`, without the last. */
export const rangeOf = ([start, stop]: readonly [number | null, number | null]): string => `${start ?? ""}:${stop ?? ""}`
