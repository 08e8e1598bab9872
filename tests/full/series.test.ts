import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { frameOf } from "../../gateways/query/series-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { python } from "../support/python.ts"
import { documentedCode } from "../support/series.ts"

const run = promisify(execFile)

const print = `
import sys
told = [(header, numbers.tolist()) for header, numbers in frames(open(sys.argv[1], "rb").read())]
print(json.dumps(told, allow_nan=False))
`

it("the documented Python reads frames of series", async () => {
  const columns = [Float64Array.of(1, 2.5, -3), Float64Array.of(1e300, 5e-324, 0)]
  const headers = [{ series: 2 }, { name: "ü\n" }, { name: "" }]
  const file = join(freshFolder(), "answer")
  writeFileSync(file, Buffer.concat([frameOf(headers[0]!), frameOf(headers[1]!, columns), frameOf(headers[2]!)]))
  const { stdout } = await run(await python(), ["-c", documentedCode("python") + print, file])
  expect(JSON.parse(stdout)).toEqual([
    [headers[0], []],
    [headers[1], [1, 2.5, -3, 1e300, 5e-324, 0]],
    [headers[2], []],
  ])
})
