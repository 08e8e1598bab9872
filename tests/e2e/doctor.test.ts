import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { json, registryServer } from "../support/registry-server.ts"
import { endAll, runCli, startServer } from "../support/server.ts"

afterAll(endAll)

it("finds all well beside a server, and changes nothing", async () => {
  const server = await startServer(freshFolder())
  const before = await server.dumpHash()
  const { code, stdout, stderr } = await runCli(server.folder, ["doctor"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  for (const what of ["node", "data folder", "exposure", "log", "store", "objects", "projections"])
    expect(stdout).toMatch(new RegExp(`^ok +${what} `, "m"))
  expect(await server.dumpHash()).toBe(before)
})

// Side by side: they wait for what does not answer.
describe.concurrent("in a folder that was used before", () => {
  // Not one that is removed after the first test.
  const folder = mkdtempSync(join(tmpdir(), "matyan-doctor-"))
  beforeAll(async () => (await startServer(folder)).stop())
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    ["a broker that is away", { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" }, "log", "topics check"],
    [
      "a bucket that is away",
      { S3_ENDPOINT: "http://127.0.0.1:1", S3_ACCESS_KEY: "a", S3_SECRET_KEY: "b" },
      "objects",
      "S3_ENDPOINT",
    ],
    ["a public address", { HOST: "0.0.0.0" }, "exposure", "authenticates"],
  ])("names %s and what to do", async (_, env, what, advice) => {
    const { code, stdout } = await runCli(folder, ["doctor", "--json"], env)
    const findings = JSON.parse(stdout) as readonly { readonly what: string; readonly state: string; readonly advice?: string }[]
    expect(findings.filter(({ state }) => state === "broken").map((finding) => finding.what)).toEqual([what])
    expect(findings.find((finding) => finding.what === what)?.advice).toContain(advice)
    expect(code).toBe(1)
  })
})

it("names a registry that is away although the log can do without it for now, and tells nobody its password", async () => {
  const [folder, registry] = [freshFolder(), await registryServer()]
  const env = { SCHEMA_REGISTRY_USERNAME: "doctor", SCHEMA_REGISTRY_PASSWORD: "kept-to-itself" }
  const server = await startServer(folder, { ...env, SCHEMA_REGISTRY_URL: registry.url })
  await server.stop()
  registry.misbehave = (_, response) => json(response, 503, {})
  const { code, stdout, stderr } = await runCli(folder, ["doctor"], { ...env, SCHEMA_REGISTRY_URL: registry.url })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^BROKEN +registry .*\n +See SCHEMA_REGISTRY_URL/m)
  expect(stdout).toMatch(/^ok +log /m)
  expect(stdout + stderr).not.toContain("kept-to-itself")
})

it("names a log that is damaged", async () => {
  const folder = freshFolder()
  mkdirSync(join(folder, "log"), { recursive: true })
  writeFileSync(join(folder, "log", "log.mdb"), "no database at all, but long enough to be taken for one".repeat(1_000))
  const { code, stdout } = await runCli(folder, ["doctor"])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^BROKEN +log /m)
  expect(stdout).toContain("source of truth")
})
