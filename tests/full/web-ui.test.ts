import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { archivedRun, deletedRun, doomedRun, fillServer, logMore, studyRuns } from "../browser/filling.ts"
import { WebUi } from "../browser/web-ui.ts"
import { at, type Json, type Rest, restOf } from "../support/rest.ts"
import { endAll, runCli, type Server, startServer } from "../support/server.ts"
import { serveUi, stockUi, type UiServer } from "../support/ui-server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-web-ui-"))
const [first = "", second = "", , ongoing = ""] = studyRuns
const ofStudy = 'run.experiment == "study"'

let pages: UiServer
let server: Server
let rest: Rest
let ui: WebUi

beforeAll(async () => {
  pages = await serveUi(await stockUi())
  server = await startServer(folder, { CORS_ORIGINS: JSON.stringify([pages.url]) })
  pages.pointAt(server.backendUrl)
  rest = restOf(server.backendUrl)
  await fillServer(server.frontierUrl, Date.now() / 1000)
  expect((await runCli(folder, ["demo", "--runs", "60", "--url", server.frontierUrl])).stderr).not.toContain("refused")
  expect((await rest.ask("DELETE", `/runs/${deletedRun}/`)).status).toBe(200)
  ui = await WebUi.open(pages.url, server.backendUrl)
}, 600_000)

afterEach(() => expect(ui.troubles()).toEqual([]))

afterAll(async () => {
  process.stdout.write(`screenshots of the web UI: ${ui?.screenshots}\n`)
  await ui?.close()
  await endAll()
  await pages?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const loss = 'loss subset="val"'

const experiment = async (name: string): Promise<string> => {
  const found = ((await rest.get("/experiments/")) as readonly Json[]).find((one) => at(one, "name") === name)
  return String(at(found, "id"))
}

const isArchived = async (run: string) => at(await rest.get(`/runs/${run}/info/`), "props", "archived")

/** What the browser makes of each picture on the page: its width in pixels, 0 where it could not be decoded. */
const widths = () =>
  ui.page
    .locator("img[src*=base64], img[src^=blob]")
    .evaluateAll((all) => all.map((one) => Reflect.get(one, "naturalWidth") as number))

describe("the stock web UI", () => {
  it("shows counts, experiments, tags, active runs and activity on its first page", async () => {
    await ui.go("/")
    await ui.sees(
      "home",
      "Total runs: 66",
      "Experiments (4)",
      "Tags (3)",
      "Active runs (1)",
      "study 4",
      "Contributions",
      "Started a run",
    )
    expect(await ui.page.getByText("deleted run").count()).toBe(0)
  })

  it("finds the archived runs and last week's from its first page", async () => {
    await ui.go("/")
    await ui.text("Archived runs").click()
    await ui.sees("runs-archived", "run.archived == True", "archived run")
    await ui.go("/")
    await ui.text("Last week's runs").click()
    await ui.sees("runs-last-week", "<= run.created_at <", "study 2")
  })

  it("lists runs with their times, tags, last values and parameters, and pages on as one scrolls", async () => {
    await ui.go("/runs")
    await ui.sees("runs", "digits adam 18", "digits-baseline", "30min", "reviewed")
    await ui.page.mouse.move(800, 600)
    const scrolled = async () => {
      await ui.page.mouse.wheel(0, 2_000)
      return ui.page.getByText("study 4", { exact: true }).count()
    }
    // The first page has 45 of the 65, by name; the rest is fetched as the end comes near.
    await until("the last page", scrolled, (count) => count > 0)
    await ui.sees("runs-scrolled", "study 1", "study 4")
    await ui.search(ofStudy)
    await ui.sees("runs-found", "study 1", "1hrs 1min", "0.18604651", "1day 15hrs")
    expect(await ui.page.getByText("digits adam 18").count()).toBe(0)
  })

  it("shows what a search found when it is run with a comparison of numbers", async () => {
    await ui.go("/runs")
    await ui.text("digits adam 18").waitFor()
    await ui.search(`${ofStudy} and run.hparams.lr > 0.005 and run.metrics["loss", {"subset": "val"}].last < 0.23`)
    await ui.sees("runs-compared", "study 1")
    expect(await ui.page.getByText("study 2", { exact: true }).count()).toBe(0)
  })

  it.each([
    ["runs", []],
    ["params", ["hparams.lr"]],
    ["metrics", ["loss"]],
    ["images", ["sample"]],
  ])("points at the place where a query is wrong, in %s", async (page, options) => {
    await ui.go(`/${page}`)
    await ui.page.locator(".monaco-editor").first().waitFor()
    if (options.length > 0) await ui.choose(...options)
    await ui.search("run.hparams.lr > > 0.005")
    await ui.sees(`${page}-wrong-query`, "Query syntax error at line (1, 18)")
    const refused: string[] = []
    await until(
      "the refusal",
      () => refused.push(...ui.troubles()),
      (troubles) => troubles >= 2,
    )
    expect(refused.filter((trouble) => !/answered 400|status of 400/.test(trouble))).toEqual([])
  })

  it("draws metrics with contexts, NaN and all, over steps, epochs, time and another metric", async () => {
    await ui.go("/metrics")
    await ui.choose("loss", "accuracy", "tilted", "CPU (%)")
    await ui.search(ofStudy)
    await ui.sees("metrics", '"tilted"', '"__system__cpu"', "Mixed: 2 values")
    const lines = ui.page.locator("svg path[id*=Line], svg path[class*=Line]")
    expect(await lines.count()).toBeGreaterThanOrEqual(20)
    await ui.page.locator(".Controls__anchor:has(.icon-axes-props)").click()
    for (const alignment of ["Epoch", "Relative Time", "Absolute Time", "accuracy"]) {
      await ui.page.getByPlaceholder("Select Alignment").click()
      await ui.page.getByRole("option", { name: alignment, exact: true }).click()
      await ui.sees(`metrics-by-${alignment.toLowerCase().replaceAll(" ", "-")}`, '"tilted"', '"__system__cpu"')
      expect(await lines.count(), alignment).toBeGreaterThanOrEqual(20)
    }
  })

  it("draws metrics in its second explorer", async () => {
    await ui.go("/metrics_v2")
    await ui.choose("loss")
    await ui.search(ofStudy)
    await ui.sees("metrics-v2", 'metric.name="loss"', 'metric.context.subset="train"', `"${first}"`)
  })

  it("draws parameters as parallel coordinates, keeps that as a bookmark, and opens it again", async () => {
    await ui.go("/params")
    await ui.choose("hparams.lr", "hparams.batch_size", "hparams.optimizer", loss)
    await ui.search(ofStudy)
    await ui.sees("params", "study 4", "0.001", "128", "lion")
    await ui.page.getByText("Bookmark", { exact: true }).click()
    await ui.page.getByRole("dialog").getByRole("textbox").first().fill("learning rates")
    await ui.page.getByRole("dialog").getByRole("textbox").nth(1).fill("of the study")
    await ui.press("Save", "[role=dialog]")
    await until(
      "the bookmark",
      () => rest.get("/dashboards/"),
      (all) => at(all, 0, "name") === "learning rates",
    )
    await ui.go("/bookmarks")
    await ui.sees("bookmarks", "learning rates", "of the study", ofStudy)
    await ui.text("View Bookmark").click()
    await ui.sees("bookmark-opened", "hparams.optimizer", "study 4")
  })

  it("draws a scatter of a parameter and a metric", async () => {
    await ui.go("/scatters")
    const axes = ui.page.locator("[class$=-container]:has(> div [data-value])")
    for (const [i, option] of ["hparams.lr", loss].entries()) {
      await axes.nth(i).click()
      await ui.page.keyboard.type(option)
      await ui.page.keyboard.press("Enter")
    }
    await ui.search(ofStudy)
    await ui.sees("scatters", "study 4")
    expect(await ui.page.locator("svg circle").count()).toBeGreaterThanOrEqual(4)
  })

  it("shows images, decoded", async () => {
    await ui.go("/images")
    await ui.choose("sample")
    await ui.search(ofStudy)
    await ui.sees("images", "step 30", "study 4")
    const seen = await until("the pictures", widths, (all) => all.length >= 12 && all.every((width) => width === 64))
    expect(seen.length).toBeLessThanOrEqual(16)
  })

  it.each([
    ["figures", "curve", "figure of run 3"],
    ["audios", "tone", "tone 20"],
    ["text", "remark", "remark of run 3 at step 0"],
  ])("shows %s", async (page, name, text) => {
    await ui.go(`/${page}`)
    await ui.choose(name)
    await ui.search(ofStudy)
    await ui.sees(page, text, 'run.name: "study 1"')
  })

  it("shows each tab of a run", async () => {
    const tabs: readonly (readonly [string, readonly string[]])[] = [
      ["Overview", ["hparams.optimizer", "[64, 32]", "readme.txt", "number 1 of the study", "0.18604651"]],
      ["Run Params", ['"layers":', "2 items", '"adam"', "None"]],
      ["Notes", ["Save"]],
      ["Logs", ["epoch 29 of run 1"]],
      ["Messages", ["record 2 of run 1", "ERROR", "WARNING"]],
      ["Metrics", ["accuracy", "tilted"]],
      ["System", ["CPU (%)"]],
      ["Distributions", ["weights", "layer=1", "Step 0"]],
      ["Images", ["sample", "step 30"]],
      ["Audios", ["tone 30"]],
      ["Texts", ["remark of run 1 at step 20"]],
      ["Figures", ["figure of run 1"]],
      ["Settings", ["Archive Run", "Delete Run"]],
    ]
    await ui.go(`/runs/${first}`)
    for (const [tab, texts] of tabs) {
      await ui.page.locator("a.MuiTab-root", { hasText: tab }).first().click()
      await ui.sees(`run-${tab.toLowerCase().replace(" ", "-")}`, "study 1", "1hrs 1min", ...texts)
      if (tab === "Images") await until("the pictures", widths, (all) => all.length >= 3 && all.every((width) => width === 64))
    }
  })

  it("plays a sound", async () => {
    await ui.go(`/runs/${first}/audios`)
    await ui.text("tone 30").waitFor()
    await ui.page.locator(".AudioBox__controllers__player").first().click()
    // Half a second, rounded: its length is known only once it is decoded.
    await ui.sees("run-audio-played", "/00:01")
  })

  it("renames a run, and keeps a note and its changes", async () => {
    await ui.go(`/runs/${second}/settings`)
    await ui.page.locator("input[type=text], .MuiInputBase-input").first().fill("study two")
    await ui.press("Save")
    await until(
      "the name",
      () => rest.get(`/runs/${second}/info/`),
      (info) => at(info, "props", "name") === "study two",
    )
    await ui.go(`/runs/${second}/notes`)
    await ui.page.locator(".ProseMirror").click()
    await ui.page.keyboard.type("Worth a second look")
    await ui.press("Save")
    await until(
      "the note",
      () => rest.get(`/runs/${second}/note/`),
      (notes) => at(notes, 0, "content") === "Worth a second look",
    )
    await ui.go(`/runs/${second}/notes`)
    await ui.sees("run-note", "Worth a second look", "study two")
    await ui.page.locator(".ProseMirror").click()
    await ui.page.keyboard.press("ControlOrMeta+End")
    await ui.page.keyboard.type(" or a third")
    await ui.press("Save")
    await until(
      "the change",
      () => rest.get(`/runs/${second}/note/`),
      (notes) => String(at(notes, 0, "content")).endsWith("a third"),
    )
  })

  it("archives a run and takes it back", async () => {
    await ui.go(`/runs/${second}/settings`)
    await ui.press("Archive")
    await ui.sees("run-archived", "Unarchive")
    // The page does not wait for the answer.
    await until("the archive", () => isArchived(second), (archived) => archived === true) // prettier-ignore
    await ui.press("Unarchive")
    await until("the run", () => isArchived(second), (archived) => archived === false) // prettier-ignore
    expect(await isArchived(archivedRun)).toBe(true)
  })

  it("deletes a run", async () => {
    await ui.go(`/runs/${doomedRun}/settings`)
    await ui.press("Delete")
    await ui.sees("run-delete", "Are you sure you want to delete this run?")
    await ui.press("Delete", "[role=dialog]")
    await until(
      "the end",
      () => rest.ask("GET", `/runs/${doomedRun}/info/`),
      ({ status }) => status === 404,
    )
    await ui.sees("run-deleted", "Runs")
  })

  it("makes a tag, and tells which runs bear one", async () => {
    await ui.go("/tags")
    await ui.press("Create Tag")
    await ui.page.getByPlaceholder("Name").fill("made here")
    await ui.page.getByPlaceholder("Comment").first().fill("by a person")
    await ui.page.getByRole("button", { name: "Create", exact: true }).click()
    await ui.sees("tags", "4 Tags", "made here", "by a person", "keeper")
    await ui.text("keeper").click()
    await ui.sees("tag-runs", "study 4", "study 1")
  })

  it("shows each tab of an experiment", async () => {
    const tabs: readonly (readonly [string, readonly string[]])[] = [
      ["Overview", ["Total runs: 4", "Finished", "Contributions", "Started a run"]],
      ["Runs", ["Experiment Runs", "study 4", "step: 39"]],
      ["Notes", ["Save"]],
      ["Settings", ["Delete Experiment"]],
    ]
    await ui.go(`/experiments/${await experiment("study")}`)
    for (const [tab, texts] of tabs) {
      await ui.page.locator("a.MuiTab-root", { hasText: tab }).first().click()
      await ui.sees(`experiment-${tab.toLowerCase()}`, "study", ...texts)
    }
  })

  it("writes a report and shows it", async () => {
    await ui.go("/reports/new")
    await ui.page.locator(".monaco-editor").first().click()
    await ui.page.keyboard.type("# What we found\nLower is better.")
    await ui.press("Save")
    await ui.page.getByRole("dialog").getByRole("textbox").first().fill("findings")
    await ui.press("Save", "[role=dialog]")
    const saved = await until(
      "the report",
      () => rest.get("/reports/"),
      (all) => at(all, 0, "name") === "findings",
    )
    await ui.page.waitForURL(/\/reports\/[^/]+\/edit/)
    await ui.sees("report-edited", "What we found", "Lower is better.")
    await ui.go("/reports")
    await ui.sees("reports", "findings")
    await ui.go(`/reports/${String(at(saved, 0, "id"))}`)
    await ui.sees("report", "What we found", "Lower is better.")
  })

  it("shows by itself what a run logs while one looks on", async () => {
    await ui.go("/runs")
    await ui.text("digits adam 18").waitFor()
    await ui.search(ofStudy)
    await ui.sees("live-before", "study 4", "0.30434783")
    await ui.page.locator(".LiveUpdateSettings button, button.Switcher").first().click()
    await logMore(server.frontierUrl, ongoing, 60, 3)
    await ui.text(/^5$/).waitFor()
    await ui.sees("live-after", "study 4")
    await ui.go(`/runs/${ongoing}/logs`)
    await ui.text("later line 60").waitFor()
    await logMore(server.frontierUrl, ongoing, 70, 1)
    await ui.sees("live-logs", "later line 70")
  })
})
