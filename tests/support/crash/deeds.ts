/** What people do to the system beside training, again and again, and what of it they were told is done. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { at, restOf } from "../rest.ts"
import type { Server } from "../server.ts"
import { upload } from "../upload.ts"
import { until } from "../wait.ts"

type Gateways = Pick<Server, "backendUrl" | "frontierUrl">

/** The run that files are uploaded to. */
const keeper = "d".repeat(32)

export class Deeds {
  readonly #tags = new Set<string>()
  readonly #files = new Map<string, string>()
  readonly #doomed = new Set<string>()
  #number = 0

  /** How much of it was acknowledged. */
  get acknowledged(): number {
    return this.#tags.size + this.#files.size + this.#doomed.size
  }

  /** Makes tags until the server is gone. */
  async makeTags({ backendUrl }: Gateways): Promise<never> {
    for (;;) {
      const name = `made ${this.#number++}`
      const { status } = await restOf(backendUrl).ask("POST", "/tags", { name })
      if (status === 200) this.#tags.add(name)
    }
  }

  /** Uploads files until the server is gone. */
  async uploadFiles(server: Gateways): Promise<never> {
    for (;;) {
      const path = `file ${this.#number++}`
      const text = `${path} `.repeat(1_000)
      await upload(server, keeper, path, text)
      this.#files.set(path, text)
    }
  }

  /** Makes runs with a file each and deletes them. */
  async doom(server: Gateways, runs: number): Promise<void> {
    const rest = restOf(server.backendUrl)
    for (let i = 0; i < runs; i++) {
      const run = `doomed${this.#number++}`.padEnd(32, "0")
      await upload(server, run, "weights", "weights".repeat(100))
      const info = () => rest.ask("GET", `/runs/${run}/info`)
      await until("the run", info, ({ body }) => at(body, "artifacts", 0, "path") === "weights")
      expect(await rest.ask("DELETE", `/runs/${run}`)).toMatchObject({ status: 200 })
      this.#doomed.add(run)
    }
  }

  /** Everything that was acknowledged is there, and nothing of what was deleted. */
  async expectAll({ backendUrl, folder }: Server): Promise<void> {
    const rest = restOf(backendUrl)
    const tags = (await rest.get("/tags")) as readonly { readonly name: string }[]
    const names = tags.map(({ name }) => name).filter((name) => name.startsWith("made "))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining([...this.#tags]))
    for (const [path, text] of this.#files) {
      const bytes = await rest.bytes(`/runs/${keeper}/artifacts/download?path=${encodeURIComponent(path)}`)
      expect(Buffer.from(bytes).toString(), path).toBe(text)
    }
    for (const run of this.#doomed) expect((await rest.ask("GET", `/runs/${run}/info`)).status).toBe(404)
    if (this.#doomed.size > 0) await until("the files of deleted runs to go", () => filesNamed(folder, "weights"), isNone, 60)
  }
}

const isNone = (found: readonly string[]): boolean => found.length === 0

const filesNamed = (folder: string, name: string): readonly string[] =>
  readdirSync(join(folder, "blobs", "objects"), { recursive: true, encoding: "utf8" }).filter((file) => file.includes(name))
