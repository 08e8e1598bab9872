import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { reached } from "../../domain/milestones.ts"
import { RegistryUnavailable, SchemaIncompatible, SchemaNotFound, SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { incompatibility } from "../avro/compatibility.ts"
import { type Environment, openEnvironment } from "./environment.ts"
import { assertSound } from "./sound-file.ts"

/**
 * The registry in a folder: ids count from 1 in the order of registration, and a text keeps its id under every subject.
 * A subject's new schema must read what its latest one wrote (Confluent's BACKWARD).
 */
export const lmdbRegistry = ({ folder }: { readonly folder: string }): Layer.Layer<SchemaRegistry, RegistryUnavailable> =>
  Layer.effect(
    SchemaRegistry,
    Effect.acquireRelease(
      attempt(`the schema registry in ${folder} cannot be opened`, () => openRegistry(folder)),
      (registry) => Effect.promise(registry.close),
    ).pipe(
      Effect.map(({ db: rows, gate }) => ({
        register: (subject, schema) =>
          attempt(
            "the schema cannot be registered",
            () => known(rows, subject, schema) ?? gate.pass(() => register(rows, subject, schema)),
          ).pipe(Effect.flatMap((id) => (id instanceof SchemaIncompatible ? Effect.fail(id) : Effect.succeed(id)))),
        schemaById: (id) =>
          attempt("the schema cannot be read", () => textOf(rows, id)).pipe(
            Effect.flatMap((text) =>
              text === undefined
                ? Effect.fail(new SchemaNotFound({ message: "no schema has this id", id }))
                : Effect.succeed(text),
            ),
          ),
      })),
    ),
  )

type Rows = Environment<string, string>["db"]

/** Rows: `last` → the last id; `id <id>` → text; `text <sha256>` → id; `subject <sha256>` → its ids, by blanks. */
const openRegistry = (folder: string): Environment<string, string> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, "registry.mdb")
  assertSound(path, { isEachFlushed: true })
  // Without overlapping sync a commit is on the disk when it returns: ids are used in events at once.
  return openEnvironment({ path, encoding: "string", overlappingSync: false })
}

const attempt = <A>(message: string, act: () => A): Effect.Effect<A, RegistryUnavailable> =>
  Effect.try({ try: act, catch: (cause) => new RegistryUnavailable({ message, cause }) })

const hash = (text: string): string => createHash("sha256").update(text).digest("hex")

const idsOf = (rows: Rows, subject: string): readonly string[] => rows.get(`subject ${hash(subject)}`)?.split(" ") ?? []

const textOf = (rows: Rows, id: number): string | undefined => {
  rows.resetReadTxn()
  return rows.get(`id ${id}`)
}

/** The id of a schema that is registered under the subject. */
const known = (rows: Rows, subject: string, schema: string): number | undefined => {
  const id = rows.get(`text ${hash(schema)}`)
  return id !== undefined && idsOf(rows, subject).includes(id) ? Number(id) : undefined
}

const register = (rows: Rows, subject: string, schema: string): number | SchemaIncompatible =>
  rows.transactionSync(() => {
    const ids = idsOf(rows, subject)
    const found = rows.get(`text ${hash(schema)}`)
    if (found !== undefined && ids.includes(found)) return Number(found)
    const latest = ids.at(-1)
    const reason = incompatibility(schema, latest === undefined ? undefined : rows.get(`id ${latest}`))
    if (reason !== null) return new SchemaIncompatible({ message: reason, subject })
    const id = found ?? String(Number(rows.get("last") ?? 0) + 1)
    if (found === undefined) {
      rows.putSync("last", id)
      rows.putSync(`id ${id}`, schema)
      rows.putSync(`text ${hash(schema)}`, id)
    }
    rows.putSync(`subject ${hash(subject)}`, [...ids, id].join(" "))
    reached("registry: schema kept")
    return Number(id)
  })
