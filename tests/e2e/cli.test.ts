import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { runCli } from "../support/server.ts"

const commands = ["serve", "demo", "events", "dump", "verify", "rebuild", "dead-letters"]

describe("the command line", () => {
  it("teaches: commands, a first run and every setting with its default", async () => {
    const { code, stdout, stderr } = await runCli(freshFolder(), ["--help"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, "m"))
    expect(stdout).toContain("matyan-client==0.3.0")
    for (const [name, fallback] of [
      ["MATYAN_DATA_DIR", ".matyan"],
      ["MATYAN_BACKEND_PORT", "53800"],
      ["MATYAN_FRONTIER_PORT", "53801"],
      ["HOST", "127.0.0.1"],
      ["MATYAN_TRASH_HOURS", "168"],
    ] as const)
      expect(stdout).toMatch(new RegExp(`^  ${name} .*\\(.*${fallback}\\)$`, "m"))
    expect((await runCli(freshFolder(), [])).stdout).toBe(stdout)
  })

  it.each(commands)("explains %s with an example and its options", async (command) => {
    const { code, stdout } = await runCli(freshFolder(), [command, "--help"])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^ {2}(MATYAN_\\S+ )?matyan ${command}`, "m"))
    expect(stdout).toContain("--help")
  })

  it.each([
    [["sevre"], `no command "sevre"`],
    [["serve", "--prot", "1"], "--prot"],
    [["dump", "extra"], "extra"],
    [["rebuild", "--as-of", "-5"], "--as-of=-XYZ"],
  ])("refuses %j by name, with 2", async (args, said) => {
    const { code, stdout, stderr } = await runCli(freshFolder(), args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(said)
    expect(stderr).toContain("--help")
    expect(stderr.trimEnd()).not.toContain("\n")
  })

  it("tells its version", async () => {
    const { stdout } = await runCli(freshFolder(), ["--version"])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each(["events", "dump", "verify"])("%s on a folder that is no data folder says so and makes none", async (command) => {
    const folder = freshFolder()
    const { code, stderr } = await runCli(folder, [command], { MATYAN_DATA_DIR: join(folder, "typo") })
    expect(code).toBe(1)
    expect(stderr).toContain("typo")
    expect(existsSync(join(folder, "typo"))).toBe(false)
  })
})
