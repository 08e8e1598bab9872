import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeAll, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { clientEnvironment, python } from "../support/python.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { endPython, steeredPython } from "../support/steered-python.ts"
import { until } from "../support/wait.ts"

const id = "0da7a000".repeat(4)

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
  const script = steeredPython(interpreter, folder, clientEnvironment(server, folder))
  for (const statement of ["import math, datetime, numpy as np", "repo = Repo()", "http = repo._http"])
    await script.run(statement)
  return { server, script, rest: restOf(server.backendUrl) }
}

it("keeps numbers that JSON has not, large integers, and tells 1 from 1.0", async () => {
  const { server, script } = await begin()
  await script.run(`r = Run(run_hash="${id}", capture_terminal_logs=False)`)
  await script.run(
    `r["n"] = {"nan": math.nan, "inf": math.inf, "big": 2**62, "one": 1, "float": 1.0, "minus": -0.0, "tiny": 5e-324}`,
  )
  await script.run(`r["1"] = {"0": "zero", "a.b": [1, 1.0, [], {}, None, True]}`)
  for (const [step, value] of ["math.nan", "math.inf", "-math.inf", "np.float32(0.1)", "True", "10**400 // 10**390"].entries())
    await script.run(`r.track(${value}, name="odd", step=${step})`)
  for (const context of ["{'k': 1}", "{'k': 1.0}", "{'k': True}", "{'k': '1'}"])
    await script.run(`r.track(1, name="apart", step=0, context=${context})`)
  await script.run("r.close()")
  const ended = () => script.run(`answer = (known := repo.get_run("${id}")) is not None and not known.props["active"]`)
  await until("the end", ended, (so) => so === true)
  // JSON has no NaN, so its answers say null there; the binary ones keep every bit.
  const seen = await script.run(
    `answer = [repr(v) for s in http.get_run_metric_batch("${id}", [{"name": "odd", "context": {}}]) for v in s["values"]]`,
  )
  expect(seen).toEqual(["None", "None", "None", "0.10000000149011612", "1.0", "10000000000.0"])
  await script.run(`found = repo.query_metrics('metric.name == "odd"')[0]["traces"][0]["values"]`)
  expect(await script.run(`answer = [repr(float(v)) for v in np.frombuffer(found["blob"])]`)).toEqual([
    "nan",
    "inf",
    "-inf",
    ...(seen as readonly Json[]).slice(3),
  ])
  await script.run(`params = repo.query_runs('run.hash == "${id}"')[0]["params"]`)
  expect(await script.run(`answer = repr([params["n"][k] for k in ("nan", "inf", "big", "one", "float")])`)).toBe(
    "[nan, inf, 4611686018427387904, 1, 1.0]",
  )
  expect(await script.run(`answer = repr(repo.get_run("${id}")["n"])`)).toBe(
    "{'big': 4611686018427387904, 'float': 1.0, 'inf': None, 'minus': -0.0, 'nan': None, 'one': 1, 'tiny': 5e-324}",
  )
  expect(await script.run(`answer = repr(http.get_run_info("${id}")["params"]["1"])`)).toBe(
    "{'0': 'zero', 'a.b': [1, 1.0, [], {}, None, True]}",
  )
  const contexts = await script.run(
    `answer = sorted(repr(m["context"]["k"]) for m in repo.get_run("${id}").metrics() if m["name"] == "apart")`,
  )
  expect(contexts).toEqual(["'1'", "1", "1.0", "True"])
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
})

it("takes names as people write them, in metrics, pictures, files and tags", async () => {
  const { server, script } = await begin()
  const names = ["train/loss", "доля ошибок, %", "a b+c&d=e?#", "日本", 'say "x"', "back\\slash", "🙂"]
  await script.run(`names = ${JSON.stringify(names)}`)
  await script.run(`r = Run(run_hash="${id}", experiment=names[1], capture_terminal_logs=False)`)
  await script.run(`[r.track(i, name=n, step=0, context={n: n}) for i, n in enumerate(names)]`)
  await script.run(`[r.track(Image(np.full((2, 3), i, dtype=np.uint8), caption=n), name=n, step=0) for i, n in enumerate(names)]`)
  await script.run(`[r.add_tag(n) for n in names]`)
  await script.run(`open("file.bin", "wb").write(bytes(range(256)))`)
  await script.run(`[r.log_artifact("file.bin", name=f"dir/{n}") for n in names if n != "a b+c&d=e?#"]`)
  await script.run("r.close()")
  await script.run(`known = Run(run_hash="${id}", read_only=True)`)
  await until("the end", () => script.run("answer = known.props['active']"), (active) => active === false) // prettier-ignore
  expect(await script.run("answer = [m['name'] for m in known.metrics()]")).toEqual(expect.arrayContaining(names))
  expect(await script.run("answer = all(known.get_metric(n, {n: n})['last_value'] == i for i, n in enumerate(names))")).toBe(true)
  expect(await script.run("answer = sorted(known.tags)")).toEqual((await script.run("answer = sorted(names)")) as readonly Json[])
  expect(await script.run("answer = known.props['experiment']['name']")).toBe(names[1])
  await script.run(`found = repo.query_images('run.hash == "${id}"')[0]["traces"].values()`)
  await script.run("uris = {t['name']: t['values'][0][0]['blob_uri'] for t in found}")
  await script.run("blobs = http.get_blob_batch('images', list(uris.values()))")
  await script.run("import io, PIL.Image")
  await script.run("pixel = lambda n: PIL.Image.open(io.BytesIO(blobs[uris[n]])).getpixel((2, 1))")
  expect(await script.run("answer = [pixel(n) for n in names]")).toEqual(names.map((_, i) => i))
  expect(await script.run("answer = [len(known.get_artifact(a['path'])) for a in known.artifacts]")).toEqual(
    names.slice(1).map(() => 256),
  )
  expect(await script.run(`answer = len(repo.query_runs(f'"{names[1]}" in run.tags and run.experiment == "{names[1]}"'))`)).toBe(
    1,
  )
  await script.run("r = None")
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
})

it("pages through many runs, newest first, each once", async () => {
  const { server, script, rest } = await begin()
  const ids = Array.from({ length: 120 }, (_, i) => i.toString(16).padStart(32, "0"))
  for (const [i, each] of ids.entries()) {
    const socket = await openSocket(server.frontierUrl, each)
    const at = new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString()
    await socket.send([{ ...createRun(), client_datetime: at }, metric("n", 0, i)])
    socket.close()
  }
  const count = async () => Object.keys(await rest.tree("/runs/search/run/?exclude_params=true")).length
  await until("all runs", count, (found) => found === ids.length)
  const pages = await script.run(`answer = [[f["hash"] for f in page] for page in repo.query_runs("", paginated=True)]`)
  expect((pages as readonly (readonly Json[])[]).map((page) => page.length)).toEqual([50, 50, 20])
  expect((pages as readonly (readonly Json[])[]).flat()).toEqual(ids.toReversed())
  const some = await script.run(
    `answer = [[f["hash"] for f in page] for page in repo.query_runs('run.metrics["n"].last >= 100', paginated=True, limit=7)]`,
  )
  expect((some as readonly (readonly Json[])[]).flat()).toEqual(ids.slice(100).toReversed())
  expect(await script.run(`answer = len(repo.query_metrics('metric.name == "n" and metric.last < 30'))`)).toBe(30)
  await script.end()
  expect(at(await rest.get("/projects/activity/"), "num_runs")).toBe(120)
})
