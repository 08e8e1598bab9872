import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { clientEnvironment, python } from "../support/python.ts"
import { at, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { endPython, steeredPython } from "../support/steered-python.ts"
import { until } from "../support/wait.ts"

const run = promisify(execFile)
const id = "11fe".repeat(8)

let interpreter: string
beforeAll(async () => {
  interpreter = await python()
}, 900_000)
afterEach(async () => {
  endPython()
  await endAll()
})

const begin = async () => {
  const folder = freshFolder()
  const data = join(folder, "data")
  mkdirSync(data)
  const server = await startServer(data)
  const rest = restOf(server.backendUrl)
  const client = () => steeredPython(interpreter, folder, clientEnvironment(server, folder))
  return { folder, server, rest, client }
}

const info = (rest: Rest) => () => rest.ask("GET", `/runs/${id}/info/`)
const isActive =
  (active: boolean) =>
  ({ body }: { readonly body: Json }): boolean =>
    at(body, "props", "active") === active
const loss = (rest: Rest) => () =>
  rest.ask("POST", `/runs/${id}/metric/get-batch/?record_density=0`, [{ name: "loss", context: {} }])
const hasStep =
  (step: number) =>
  ({ body }: { readonly body: Json }): boolean =>
    (at(body, 0, "iters") as readonly Json[] | undefined)?.includes(step) === true

const create = `r = Run(run_hash="${id}", experiment="life")`
const statements = [create, `r.name = "one"`, `r.add_tag("t")`, `r["hparams"] = {"lr": 1.0}`, `r.track({"loss": 0.5}, step=0)`]

describe("a run that the stock client opens again", () => {
  it.each(["force_resume=True", "force_resume=False"])("goes on where it was, with %s", async (how) => {
    const { server, rest, client } = await begin()
    const first = client()
    for (const statement of [...statements, "r.track(0.25, name='loss', step=1)", "r.close()"]) await first.run(statement)
    const before = await until("the end", info(rest), isActive(false))
    expect(await first.end()).toBe(0)

    const second = client()
    await second.run(`r = Run(run_hash="${id}", ${how})`)
    await until("the run to be active", info(rest), isActive(true))
    for (const statement of ["r.track(0.125, name='loss', step=2)", `r["hparams.second"] = 2`]) await second.run(statement)
    const series = await until("the new point", loss(rest), hasStep(2))
    expect(series.body).toEqual([{ name: "loss", context: {}, iters: [0, 1, 2], values: [0.5, 0.25, 0.125] }])
    const open = await until("the new parameter", info(rest), ({ body }) => at(body, "params", "hparams", "second") === 2)
    expect(at(open.body, "props", "end_time")).toBeNull()
    await second.run("r.close()")
    const after = await until("the second end", info(rest), isActive(false))
    for (const property of ["name", "experiment", "tags", "creation_time"])
      expect(at(after.body, "props", property), property).toEqual(at(before.body, "props", property))
    expect(Number(at(after.body, "props", "end_time"))).toBeGreaterThan(Number(at(before.body, "props", "end_time")))
    expect(at(after.body, "params", "hparams")).toEqual({ lr: 1, second: 2 })
    await second.end()
    expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  })

  it("stays active, with all it logged, where the script ends without closing it, and can be ended by hand", async () => {
    const { rest, client } = await begin()
    const script = client()
    for (const statement of statements) await script.run(statement)
    await until("the point", loss(rest), hasStep(0))
    await script.end()
    expect(isActive(true)(await info(rest)())).toBe(true)
    expect(await rest.ask("POST", "/runs/finish-batch/", [id])).toEqual({ status: 200, body: { status: "OK" } })
    expect(isActive(false)(await info(rest)())).toBe(true)
  })
})

describe("a server that goes away while the stock client trains", () => {
  it.each(["stop", "kill"] as const)(
    "is found again after %s; at most the client's one batch under way is missing",
    async (end) => {
      const { server, rest, client } = await begin()
      const script = client()
      for (const statement of statements) await script.run(statement)
      await until("the first point", loss(rest), hasStep(0))
      await server[end]()
      // Ten messages, which the client tries on the socket that is gone, and drops.
      for (let step = 1; step <= 10; step++) await script.run(`r.track(${step}, name="loss", step=${step})`)
      const again = await server.restart()
      let step = 100
      const reached = async () => {
        await script.run(`r.track(${(step += 1)}, name="loss", step=${step})`)
        return loss(rest)()
      }
      const { body } = await until(
        "points after the restart",
        reached,
        ({ body }) => Number((at(body, 0, "iters") as Json[]).at(-1)) > 100,
      )
      const first = (at(body, 0, "iters") as readonly number[]).find((each) => each > 10) ?? Infinity
      await script.run("r.close()")
      const { body: whole } = await until("the end", loss(rest), hasStep(step))
      const arrived = (at(whole, 0, "iters") as readonly number[]).filter((each) => each >= first)
      expect(arrived).toEqual(Array.from({ length: step - first + 1 }, (_, i) => first + i))
      await until("the run's end", info(rest), isActive(false))
      await script.end()
      expect(await again.verify()).toMatch(/^equal: \d+ rows/)
    },
  )
})

describe("Law 4: a run that is deleted", () => {
  it("stays deleted while the client that made it logs on; its id is free again once the tombstone is cleared", async () => {
    const { folder, server, rest, client } = await begin()
    const [old, other] = [client(), client()]
    writeFileSync(join(folder, "file.bin"), "file")
    for (const statement of [...statements, `r.log_artifact("file.bin")`]) await old.run(statement)
    await until("the artifact", info(rest), ({ body }) => at(body, "artifacts", 0, "path") === "file.bin")

    await other.run("repo = Repo()")
    expect(await other.run(`answer = [repo.run_exists("${id}"), repo.delete_run("${id}"), repo.run_exists("${id}")]`)).toEqual([
      true,
      true,
      false,
    ])
    expect(await other.run(`answer = [repo.list_all_runs(), repo.query_metrics("")]`)).toEqual([[], []])
    for (const statement of [
      "r.track(0.1, name='loss', step=1)",
      "r.log_info('still here')",
      `r.add_tag("undead")`,
      `r["hparams"] = {"lr": 2.0}`,
      `r.track(Text("boo"), name="says", step=0)`,
      `r.log_artifact("file.bin", name="again.bin")`,
      "r.close()",
    ])
      await old.run(statement)
    await old.end()
    expect((await info(rest)()).status).toBe(404)
    expect(await other.run(`answer = repo.list_all_runs()`)).toEqual([])
    expect(at(await rest.get("/experiments/"), 0, "run_count")).toBe(0)

    expect(await other.run(`answer = repo._http.clear_run_tombstone("${id}")`)).toBeNull()
    expect((await info(rest)()).status).toBe(404)
    const anew = client()
    for (const statement of [`r = Run(run_hash="${id}")`, "r.track(9, name='loss', step=7)", "r.close()"])
      await anew.run(statement)
    const series = await until("the new point", loss(rest), hasStep(7))
    expect(series.body).toEqual([{ name: "loss", context: {}, iters: [7], values: [9] }])
    const { body } = await until("the end", info(rest), isActive(false))
    expect(body).toMatchObject({ params: {}, artifacts: [], props: { name: `Run: ${id}`, experiment: { name: null }, tags: [] } })
    await anew.end()
    await other.end()
    expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  })

  it("is one of many, or its experiment goes: what is left stays whole", async () => {
    const { server, rest, client } = await begin()
    const script = client()
    for (let i = 0; i < 4; i++)
      for (const statement of [
        `r${i} = Run(run_hash="${i}".zfill(32), experiment="e${i % 2}", capture_terminal_logs=False)`,
        `r${i}.track(${i}, name="n", step=0)`,
        `r${i}.close()`,
      ])
        await script.run(statement)
    await script.run("repo = Repo()")
    const count = () => script.run("answer = [repo.total_runs_count(), len(repo.list_active_runs())]")
    await until("all runs", count, (answer) => JSON.stringify(answer) === "[4,0]")
    expect(await script.run(`answer = repo.delete_runs(["0".zfill(32), "1".zfill(32)])`)).toEqual([true, []])
    expect(await script.run("answer = sorted(repo.list_all_runs())")).toEqual(["2".padStart(32, "0"), "3".padStart(32, "0")])
    await script.run("e1 = next(e['id'] for e in repo._http.list_experiments() if e['name'] == 'e1')")
    expect(await script.run("answer = repo.delete_experiment(e1)")).toBe(true)
    expect(await script.run(`answer = [f["hash"] for f in repo.query_runs('run.experiment == "e1"')]`)).toEqual([])
    expect(await script.run(`answer = repo.get_run("3".zfill(32)).props["experiment"]["name"]`)).toBeNull()
    expect(await script.run("answer = [[e['name'], e['run_count']] for e in repo._http.list_experiments()]")).toEqual([["e0", 1]])
    expect(await script.run(`answer = repo.run_exists("nobody")`)).toBe(false)
    expect(await script.run(`answer = repo.delete_run("nobody")`)).toBe(false)
    await script.end()
    expect(at(await rest.get("/projects/activity/"), "num_runs")).toBe(2)
    expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  })
})

describe("what the client does over REST alone", () => {
  it("makes experiments and tags, tags a read-only run, and refuses a second of the same name", async () => {
    const { client } = await begin()
    const script = client()
    for (const statement of [...statements, "r.close()", "repo = Repo()", "http = repo._http"]) await script.run(statement)
    const names = () => script.run(`answer = [t["name"] for t in http.list_tags()]`)
    await until("the tag", names, (tags) => (tags as readonly Json[]).includes("t"))
    expect(await script.run(`answer = http.create_experiment("planned")["status"]`)).toBe("OK")
    await expect(script.run(`http.create_experiment("planned")`)).rejects.toThrow("400")
    expect(await script.run(`answer = http.create_tag("red", color="#f00", description="d")["status"]`)).toBe("OK")
    await script.run(`known = repo.get_run("${id}")`)
    await script.run(`answer = http.add_tag_to_run("${id}", "red")`)
    expect(await script.run("answer = sorted(known.tags)")).toEqual(["red", "t"])
    await script.run(`red = next(t["id"] for t in http.list_tags() if t["name"] == "red")`)
    await script.run(`http.remove_tag_from_run("${id}", red)`)
    expect(await script.run("answer = known.tags")).toEqual(["t"])
    await script.run(`http.update_run("${id}", name="two", archived=True)`)
    expect(await script.run(`answer = [known.props["name"], known.props["archived"], repo.list_all_runs()]`)).toEqual([
      "two",
      true,
      [],
    ])
    expect(await script.run(`answer = len(repo.query_runs("run.archived == True"))`)).toBe(1)
    await script.end()
  })
})

describe("the client's command line", () => {
  const matyan = async (server: Server, folder: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(join(dirname(interpreter), "matyan-client"), [...args], {
      cwd: folder,
      env: clientEnvironment(server, folder),
    })
    return stdout
  }

  it("finds both gateways", async () => {
    const { server, folder } = await begin()
    expect(await matyan(server, folder, "status")).toMatch(
      /Backend +OK +0\.[\s\S]*Frontier +OK +0\.[\s\S]*Client +\(local\) +0\.3\.0/,
    )
  })

  it("backs runs up and gives them to another server", async () => {
    const [from, to] = [await begin(), await begin()]
    const script = from.client()
    for (const statement of [...statements, "r.description = 'd'", `sys.stderr.write("said\\n")`, "r.close()"])
      await script.run(statement)
    await until("the end", info(from.rest), isActive(false))
    await script.end()
    expect(await matyan(from.server, from.folder, "backup", "out")).toContain("Backup complete: 1 run(s)")
    const [name = ""] = readdirSync(join(from.folder, "out"))
    const backup = join(from.folder, "out", name)
    expect(JSON.parse(readFileSync(join(backup, "manifest.json"), "utf8"))).toMatchObject({ run_hashes: [id] })
    expect(await matyan(to.server, to.folder, "restore-reingest", backup)).toContain("Restored: 1 run(s)")
    const restored = await until("the restored run", info(to.rest), isActive(false))
    const original = await info(from.rest)()
    for (const property of ["name", "description", "archived"])
      expect(at(restored.body, "props", property)).toEqual(at(original.body, "props", property))
    expect(at(restored.body, "props", "experiment", "name")).toBe("life")
    expect(at(restored.body, "params")).toEqual(at(original.body, "params"))
    expect((await loss(to.rest)()).body).toEqual((await loss(from.rest)()).body)
    expect(await to.rest.tree(`/runs/${id}/logs/`)).toEqual(await from.rest.tree(`/runs/${id}/logs/`))
    expect(await to.server.verify()).toMatch(/^equal: \d+ rows/)
  })
})
