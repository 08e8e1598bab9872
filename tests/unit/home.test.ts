import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { homePage, homePolicy, type HomeData, type HomeRun } from "../../gateways/query/home-page.ts"
import { liveBed } from "../support/live.ts"
import { until } from "../support/wait.ts"

const run: HomeRun = {
  id: "0123",
  name: "first",
  experiment: "base",
  active: true,
  createdAt: 1_767_225_600,
  metrics: [{ name: "loss", context: "subset=train", last: 0.123456789, lastStep: 99 }],
  others: 2,
}

const data = (over: Partial<HomeData> = {}): HomeData => ({
  version: "1.2.3",
  backendUrl: "http://localhost:53800",
  ingestionUrl: "http://localhost:53801",
  runs: 1_234,
  activeRuns: 1,
  behind: 0,
  newest: [run],
  ...over,
})

/** The text between the page's tags, as a reader sees it. */
const shown = (page: string): string =>
  page
    .replaceAll(/<(style|script)>[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, " ")

describe("the home page", () => {
  test("tells what runs here, the newest runs and how to log one", () => {
    const text = shown(homePage(data()))
    expect(text).toContain("1.2.3")
    expect(text).toContain("Runs 1,234 1 active")
    expect(text).toContain("up to date")
    expect(text).toContain("first active 0123 base 2026-01-01 00:00 UTC loss subset=train 0.12346 2 more")
    expect(text).toContain('os.environ["MATYAN_BACKEND_URL"] = "http://localhost:53800"')
    expect(text).toContain('os.environ["MATYAN_FRONTIER_URL"] = "http://localhost:53801"')
    expect(shown(homePage(data({ behind: 12_000 })))).toContain("12,000 events behind")
  })

  test("without runs it begins with how to log one", () => {
    const text = shown(homePage(data({ newest: [] })))
    expect(text).toContain("No runs yet")
    expect(text.indexOf("Log a run")).toBeLessThan(text.indexOf("Newest runs"))
    const other = shown(homePage(data()))
    expect(other.indexOf("Log a run")).toBeGreaterThan(other.indexOf("Newest runs"))
  })

  test("whatever runs are called shows as text", () => {
    const evil = `<script>alert(1)</script>"'&<img src=x onerror=alert(2)>`
    const metric = { name: evil, context: evil, last: Number.NaN, lastStep: 0 }
    const odd: HomeRun = { ...run, id: evil, name: evil, experiment: evil, metrics: [metric] }
    const page = homePage(data({ version: evil, backendUrl: evil, ingestionUrl: evil, newest: [odd, { ...odd, name: "" }] }))
    expect(page.match(/<script/g)?.length).toBe(1)
    expect(page).not.toContain("<img")
    expect(page).not.toMatch(/=[^"]*onerror[^"]*"[^>]*onerror/)
    expect(shown(page)).toContain(evil)
    expect(page).toContain(`href="api/v1/rest/runs/${encodeURIComponent(evil).replaceAll("'", "&#39;")}/info/"`)
  })

  test("numbers keep what matters, and a time that no calendar holds is left out", () => {
    const lasts = [12_345_678.9, 1e-9, null, Number.POSITIVE_INFINITY]
    const metrics = lasts.map((last, i) => ({ name: `m${i}`, context: "", last, lastStep: 0 }))
    const text = shown(homePage(data({ newest: [{ ...run, createdAt: 1e300, metrics }] })))
    expect(text).toContain("m0 12345679 m1 1e-9 m2 – m3 Infinity")
    expect(text).not.toContain("UTC")
  })

  test("its policy names its own style and script, and lets it ask this server alone", () => {
    const inline = [...homePage(data()).matchAll(/<(style|script)>([^]*?)<\/\1>/g)]
    expect(inline.length).toBe(2)
    for (const [, kind, text = ""] of inline)
      expect(homePolicy).toContain(`${kind}-src 'sha256-${createHash("sha256").update(text).digest("base64")}'`)
    expect(homePolicy).toContain("default-src 'none'")
    expect(homePolicy).toContain("connect-src 'self'")
  })
})

test("the query gateway serves it, with what the projections show", async () => {
  const bed = await liveBed()
  await bed.folded(
    await bed.say(
      { type: "RunCreated", data: { runId: "run-1", clientStart: null } },
      { type: "RunRenamed", data: { runId: "run-1", name: "<script>" } },
      { type: "RunExperimentSet", data: { runId: "run-1", experimentId: "e", name: "base" } },
    ),
  )
  const answer = await fetch(`${bed.url}/`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8")
  expect(answer.headers.get("content-security-policy")).toBe(homePolicy)
  const text = shown(await answer.text())
  expect(text).toContain("<script> active run-1 base")
  expect(text).toContain(`Reading ${bed.url} Logging http://127.0.0.1:53801`)
  await bed.folded(await bed.say({ type: "RunDeleted", data: { runId: "run-1" } }))
  const page = () => fetch(`${bed.url}/`).then((answer) => answer.text())
  await until("the run to be gone", page, (text) => shown(text).includes("No runs yet"))
})
