import { globSync } from "node:fs"
import { expect, it } from "vitest"
import { namedBackends, otherTests } from "../support/backends.ts"

const files = (named: string): readonly string[] => {
  const others = new Set(otherTests(namedBackends(named)).flatMap((pattern) => globSync(pattern)))
  return globSync("tests/infra/*.test.ts").filter((file) => !others.has(file))
}

it("runs the tests on all real servers where none is named", () => {
  expect(files("")).toEqual(globSync("tests/infra/*.test.ts"))
  expect(files("").length).toBeGreaterThan(10)
})

it.each(["kafka", "registry", "s3", "fdb"])("runs the tests of %s alone where only that is named", (backend) => {
  const some = files(backend)
  expect(some.length).toBeGreaterThan(0)
  for (const file of some) expect(file).toContain(backend)
})

it("runs the tests of a whole system where all that it stands on is named", () => {
  const whole = files("").filter((file) => !/kafka|registry|s3|fdb/.test(file))
  expect(whole.length).toBeGreaterThan(1)
  expect(files("kafka, registry, s3")).toEqual(expect.arrayContaining([...whole]))
  for (const file of whole) expect(files("kafka,s3,fdb")).not.toContain(file)
})

it("refuses a name that it does not know", () => {
  expect(() => namedBackends("kafka,fbd")).toThrow(/names fbd; it may name kafka, registry, s3, fdb/)
})
