/** One request of an operation as a line for the shell. */
import type { ApiOperation } from "./openapi.ts"

/** What the page's script puts its own address in place of. */
export const anyOrigin = "http://localhost:53800"

export const curlOf = (
  method: string,
  path: string,
  { parameters = [], requestBody, responses, servers }: ApiOperation,
): string => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.replace(/([A-Z])/g, "_$1").toUpperCase()}`)
  const origin = servers === undefined ? anyOrigin : "http://localhost:53801"
  const shown = parameters.filter((one) => one.in === "query" && (one.required || one.name === "q") && one.example !== undefined)
  const body = requestBody?.content["application/json"]?.example
  const isBinary = responses["200"]?.content?.["application/octet-stream"] !== undefined
  return [
    `curl${isBinary ? " --output answer.bin" : ""}${method === "GET" ? "" : ` -X ${method}`}`,
    ...(shown.length > 0
      ? ["--get", ...shown.map(({ name, example }) => `--data-urlencode ${quoted(`${name}=${example}`)}`)]
      : []),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`]),
    `"${origin}${filled}"`,
  ].join(" \\\n  ")
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
