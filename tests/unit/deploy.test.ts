/** The image and the compose file agree with the program; what needs tools to be fetched stands in tests/full. */
import { execFile } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { defaultIngestGatewayOptions } from "../../gateways/ingest/options.ts"
import { compose, composeText, own } from "../support/deploy/compose.ts"
import { all, stage, stages, words } from "../support/deploy/dockerfile.ts"
import { isPinned, nodeVersion, portsOf, root, textOf, unknownSettings, version } from "../support/deploy/program.ts"

const roles = ["ingest-gateway", "query-gateway", "projector", "control-worker"]

describe("the compose file", () => {
  it("sets nothing that the program does not know", () => {
    for (const [name, { environment = {} }] of own(compose()))
      expect([name, unknownSettings(Object.keys(environment))]).toEqual([name, []])
  })

  it("runs every role, and everything in one container", () => {
    const commands = own(compose()).map(([, { command }]) => command?.[0])
    for (const role of [...roles, "serve"]) expect(commands).toContain(role)
  })

  it("asks each role for its health at the port where it listens", () => {
    for (const [name, { command, healthcheck, ports = [] }] of own(compose())) {
      if (healthcheck?.disable === true) continue
      const listens = (portsOf[command?.[0] ?? ""] ?? []).map(String)
      expect([name, healthcheck?.test]).toEqual([name, ["CMD", "node", "infra/deploy/healthy.ts", ...listens]])
      for (const port of ports) expect(listens).toContain(port.split(":").at(-1))
    }
  })

  it("publishes ports on the loopback address alone, for there is no authentication", () => {
    for (const { ports = [] } of Object.values(compose().services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it("names every image by its version, and ours by the one of package.json", () => {
    const { services } = compose()
    for (const { image } of Object.values(services)) expect([image, isPinned(image)]).toEqual([image, true])
    for (const [, { image }] of own(compose())) expect([`matyan:${version}`, `matyan:${version}-fdb`]).toContain(image)
  })

  it("gives an end more time than a drain takes", () => {
    for (const [, service] of own(compose()))
      expect(Number.parseInt(service.stop_grace_period ?? "0", 10) * 1_000).toBeGreaterThan(
        defaultIngestGatewayOptions.sockets.drainMs,
      )
  })

  it("limits every container, and starts each when what it needs is healthy or done", () => {
    const { services } = compose()
    for (const [name, { deploy, healthcheck, depends_on = {}, restart }] of Object.entries(services)) {
      const limits = deploy?.resources?.limits
      expect([name, limits?.cpus, limits?.memory]).toEqual([name, expect.any(String), expect.any(String)])
      expect([name, restart === "no" || healthcheck?.test !== undefined]).toEqual([name, true])
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const once = services[needed]?.restart === "no"
        expect([name, needed, condition]).toEqual([name, needed, once ? "service_completed_successfully" : "service_healthy"])
      }
    }
  })

  it("has every volume and file that is mounted", () => {
    const { services, volumes, configs } = compose()
    for (const { volumes: mounted = [], configs: files = [] } of Object.values(services)) {
      for (const mount of mounted) expect(Object.keys(volumes)).toContain(mount.split(":")[0])
      for (const { source } of files) expect(Object.keys(configs)).toContain(source)
    }
  })

  it("runs our containers without rights, on a root folder that is read only", () => {
    for (const [, service] of own(compose())) expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"] })
  })

  it("has no secret in it: each must be given, and example.env gives none", () => {
    const values = Object.values(compose().services).flatMap(({ environment = {} }) => Object.entries(environment))
    const secrets = values.filter(([name]) => /SECRET|PASSWORD|ACCESS_KEY/.test(name))
    expect(secrets.length).toBeGreaterThan(5)
    for (const [name, value] of secrets) expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{\w+:\?[^}]*\}$/)])
    const example = textOf("infra/deploy/example.env")
    for (const [, name = ""] of composeText().matchAll(/\$\{(\w+)/g)) expect(example).toMatch(new RegExp(`^${name}=`, "m"))
    for (const [, value] of secrets) expect(example).toMatch(new RegExp(`^${/\w+/.exec(value)?.[0]}=$`, "m"))
  })

  it("tells the broker what the log needs", () => {
    const broker = compose().services["kafka"]?.environment ?? {}
    expect(broker).toMatchObject({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    })
    expect(Number(broker["KAFKA_MESSAGE_MAX_BYTES"])).toBeGreaterThanOrEqual(8 * 2 ** 20)
    const least = Number(broker["KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS"])
    for (const [, { environment = {} }] of own(compose())) {
      const session = environment["KAFKA_SESSION_TIMEOUT_MS"]
      if (session !== undefined) expect(Number(session)).toBeGreaterThanOrEqual(least)
    }
  })

  it("and these checks can fail", () => {
    expect(unknownSettings(["HOST", "MATYAN_NONSENSE"])).toEqual(["MATYAN_NONSENSE"])
    for (const image of ["a/b", "a/b:latest", "a/b:4", "example.org/a/b:1.2.3"]) expect(isPinned(image)).toBe(false)
    expect(portsOf["serve"]).toEqual([53800, 53801])
  })
})

describe("the image", () => {
  const image = stage("matyan")

  it("is made of images of a version, with the Node that the lock file has", () => {
    const names = new Set(stages().map(({ name }) => name))
    for (const { from } of stages()) expect(isPinned(from) || names.has(from)).toBe(true)
    expect(image.from).toBe(`node:${nodeVersion}-bookworm-slim`)
  })

  it("is without FoundationDB's library unless that is asked for", () => {
    expect(stages().at(-1)).toEqual({ name: "final", from: "matyan", instructions: [] })
    for (const [, { build, environment }] of own(compose()))
      expect(build?.target).toBe(environment?.["MATYAN_STORE"] === "fdb" ? "fdb" : "matyan")
  })

  it("runs as a numeric user that is not root, from the last RUN on", () => {
    expect(all(image, "USER")).toEqual([expect.stringMatching(/^[1-9]\d+:[1-9]\d+$/)])
    const order = image.instructions.map(({ name }) => name)
    expect(order.indexOf("USER")).toBeLessThan(order.indexOf("ENTRYPOINT"))
    expect(stages().flatMap((one) => all(one, "USER"))).toHaveLength(1)
  })

  it("listens where the program does, and asks there for its health", () => {
    const listens = new Set(Object.values(portsOf).flat())
    expect(new Set(all(image, "EXPOSE").join(" ").split(" ").map(Number))).toEqual(listens)
    const [check = ""] = all(image, "HEALTHCHECK")
    expect(words(check)).toEqual(["node", "infra/deploy/healthy.ts", ...(portsOf["serve"] ?? []).map(String)])
    expect(all(image, "STOPSIGNAL")).toEqual(["SIGTERM"])
  })

  it("starts the program as process 1, without a shell that would keep signals from it", () => {
    expect(words(all(image, "ENTRYPOINT")[0] ?? "").slice(0, 1)).toEqual(["node"])
    expect(words(all(image, "ENTRYPOINT")[0] ?? "").at(-1)).toBe("infra/cli.ts")
    expect(words(all(image, "CMD")[0] ?? "")).toEqual(["serve"])
  })

  it("sets nothing that the program or Node does not know", () => {
    const names = [
      ...all(image, "ENV")
        .join(" ")
        .matchAll(/(\w+)=/g),
    ].map(([, name = ""]) => name)
    expect(unknownSettings(names)).toEqual(["NODE_ENV", "NODE_COMPILE_CACHE"])
  })

  it("takes only what is there and what .dockerignore lets in", () => {
    const allowed = textOf(".dockerignore").split("\n")
    expect(allowed).toContain("*")
    for (const one of stages())
      for (const copy of all(one, "COPY").filter((rest) => !rest.startsWith("--from")))
        for (const source of copy.split(/\s+/).slice(0, -1)) {
          expect([source, existsSync(`${root}${source}`)]).toEqual([source, true])
          expect(allowed).toContain(`!${source}`)
        }
    for (const secret of ["**/.env", "**/.matyan"]) expect(allowed).toContain(secret)
  })

  it("trusts nothing that was fetched without its checksum", () => {
    for (const one of stages()) {
      const runs = all(one, "RUN").join("\n")
      expect(runs).not.toMatch(/\bcurl\b|\bwget\b|apt-get/)
      if (all(one, "ADD").length > 0) expect(runs).toContain("sha256sum --check --strict")
    }
  })
})

describe("the container's health", () => {
  const script = fileURLToPath(new URL("../../infra/deploy/healthy.ts", import.meta.url))
  const asked = (...ports: readonly number[]) =>
    new Promise<number>((resolve) =>
      execFile(process.execPath, [script, ...ports.map(String)], (error) => resolve(Number(error?.code ?? 0))),
    )
  const answering = async (status: number): Promise<number> => {
    const server = createServer(({ url }, response) => response.writeHead(url === "/health/ready/" ? status : 404).end())
    onTestFinished(() => void server.close())
    await once(server.listen(0, "127.0.0.1"), "listening")
    const address = server.address()
    return typeof address === "object" ? (address?.port ?? 0) : 0
  }

  it("is good where every port is ready, and bad where one is not or nothing is asked", async () => {
    const [ready, unready] = [await answering(200), await answering(503)]
    expect(await Promise.all([asked(ready), asked(ready, ready), asked(ready, unready), asked(1), asked()])).toEqual([
      0, 0, 1, 1, 1,
    ])
  })
})
