/** Which tests on real servers are run: `MATYAN_TEST_BACKENDS` names backends, with commas between; without it all are. */

/** The tests of one backend alone, by the names of their files. What has none of these names needs a whole system. */
const testsOf = { kafka: "kafka-*", registry: "*registry*", s3: "s3-*", fdb: "fdb-*" } as const

export type Backend = keyof typeof testsOf

const all = Object.keys(testsOf) as readonly Backend[]

/** What a whole system stands on. */
const system: readonly Backend[] = ["kafka", "registry", "s3"]

/** The backends that are named, each of which must be there; null where none is. Throws for one that is not known. */
export const namedBackends = (text = process.env["MATYAN_TEST_BACKENDS"] ?? ""): ReadonlySet<Backend> | null => {
  const names = text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]))
  const unknown = names.filter((name) => !all.some((backend) => backend === name))
  if (unknown.length > 0)
    throw new Error(`MATYAN_TEST_BACKENDS names ${unknown.join(", ")}; it may name ${all.join(", ")}, with commas between`)
  return names.length === 0 ? null : new Set(all.filter((backend) => names.includes(backend)))
}

/** Patterns of the tests that need what is not named. */
export const otherTests = (named: ReadonlySet<Backend> | null): readonly string[] => {
  if (named === null) return []
  const alone = all.filter((backend) => !named.has(backend)).map((backend) => `tests/infra/${testsOf[backend]}.test.ts`)
  const isWhole = system.every((backend) => named.has(backend))
  return isWhole ? alone : [...alone, `tests/infra/!(${Object.values(testsOf).join("|")}).test.ts`]
}
