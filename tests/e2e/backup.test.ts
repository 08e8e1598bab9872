/** The commands, beside a server that runs. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, type Server, startServer } from "../support/server.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const logRun = async (server: Server, run: string): Promise<void> => {
  const socket = await openSocket(server.frontierUrl, run)
  expect(await socket.send([createRun(), metric("loss", 0, 1), metric("loss", 1, 0.5)])).toMatchObject({ status: "ok" })
  socket.close()
  await upload(server, run, "model.bin", "weights")
  const artifact = () => restOf(server.backendUrl).ask("GET", `/runs/${run}/artifacts/download?path=model.bin`)
  await until("the artifact", artifact, ({ status }) => status === 200)
}

/** Runs a command on a data folder that need not be there. */
const runOn = (data: string, args: readonly string[]) => runCli(freshFolder(), args, { MATYAN_DATA_DIR: data })

const statusOf = async (server: Server, run: string): Promise<number> =>
  (await restOf(server.backendUrl).ask("GET", `/runs/${run}/info`)).status

/** A dozen processes, one after the other. */
const patience = 180_000

it(
  "backs up beside a server, refuses to restore beside it, and restores into an installation of its own",
  async () => {
    const [folder, out] = [freshFolder(), freshFolder()]
    const server = await startServer(folder)
    await logRun(server, "one")

    const log = await runCli(folder, ["backup", out, "--log", "--quiet"])
    expect({ ...log, stdout: log.stdout.trim() }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`${out}/matyan-log-`) as string,
      stderr: "",
    })
    const runs = await runCli(folder, ["backup", out, "--compress"])
    expect(runs).toMatchObject({ code: 0, stdout: expect.stringMatching(/matyan-backup-\d{8}-\d{6}\.tar\.gz\n$/) as string })
    expect(runs.stderr).toContain("1 runs, 1 objects")

    const none = freshFolder()
    const otherKind = await runCli(folder, ["backup", none, "--log", "--since-backup", runs.stdout.trim()])
    expect(otherKind.code).toBe(1)
    expect(otherKind.stderr).toMatch(/^matyan: \S+matyan-backup-\S+ is no backup of the log, [^\n]+\n$/)
    const absent = await runCli(folder, ["backup", none, "--runs", "one,other", "--quiet"])
    expect(absent).toMatchObject({ code: 1, stderr: "matyan: there is no run other, so no backup was made\n" })
    const typo = await runCli(folder, ["backup", none, "--experiment", "bsae", "--quiet"])
    expect(typo).toMatchObject({ code: 1, stderr: "matyan: there is no experiment bsae, so no backup was made\n" })
    const file = join(freshFolder(), "file")
    writeFileSync(file, "")
    const onFile = await runCli(folder, ["backup", file])
    expect(onFile).toMatchObject({ code: 1, stderr: `matyan: ${file} is no folder to write a backup into\n` })
    expect(readdirSync(none)).toEqual([])

    const refused = await runCli(folder, ["restore", log.stdout.trim()])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/a server runs on this data folder.*Stop it, restore/)
    // Not even looked at, for it may be large.
    expect((await runCli(folder, ["restore", join(folder, "no-archive")])).stderr).toBe(refused.stderr)
    const tried = await runCli(folder, ["restore", log.stdout.trim(), "--dry-run"])
    expect(tried.stdout).toMatch(
      /^nothing was changed; a restore would append 0 events \(\d+ were there\) and put 0 objects \(1 were there\)/,
    )
    const hash = await server.dumpHash()
    await server.stop()
    rmSync(join(folder, "store"), { recursive: true })
    const unfolded = await runCli(folder, ["restore", log.stdout.trim(), "--dry-run"])
    expect({ ...unfolded, stderr: "" }).toEqual({ ...tried, stderr: "" })

    const fresh = join(freshFolder(), "data")
    const dry = await runOn(fresh, ["restore", log.stdout.trim(), "--dry-run"])
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("would append") as string })
    expect(existsSync(fresh)).toBe(false)
    expect(await runOn(fresh, ["restore", log.stdout.trim()])).toMatchObject({ code: 0 })
    const again = await startServer(fresh)
    expect(await statusOf(again, "one")).toBe(200)
    expect(await again.dumpHash()).toBe(hash)
    expect(await again.verify()).toMatch(/^equal/)
    await again.stop()

    const other = join(freshFolder(), "data")
    expect(await runOn(other, ["restore", runs.stdout.trim()])).toMatchObject({ code: 0 })
    expect((await runOn(other, ["verify", "--quiet"])).stdout).toMatch(/^equal/)
  },
  patience,
)

it.each([
  [["backup"], "one folder"],
  [["backup", "out", "--log", "--runs", "a"], "no choice of runs"],
  [["backup", "out", "--since-backup", "x"], "goes with --log"],
  [["backup", "out", "--since", "yesterday"], "no time in ISO 8601"],
  [["backup", "out", "--since", "foo 1"], "no time in ISO 8601"],
  [["backup", "out", "--since", "2026-02-31"], "no time in ISO 8601"],
  [["backup", "out", "--runs", " ,"], "--runs names no run"],
  [["backup", "out", "--include-blobs", "--no-blobs"], "--no-blobs"],
  [["backup", ""], "one folder"],
  [["restore"], "path of one backup"],
  [["restore", ""], "path of one backup"],
])("refuses %j with 2", async (args, why) => {
  const { code, stderr } = await runCli(freshFolder(), args)
  expect(code).toBe(2)
  expect(stderr).toContain(why)
})
