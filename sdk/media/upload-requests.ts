/** The gateway's and the store's answers, and what they say of trying again. */
import { wordsOf } from "./attempt.ts"
import { UploadFailed } from "./upload-failed.ts"
import type { UploadOptions } from "./upload.ts"

/** How bytes are put to a signed address. */
export interface Put {
  readonly upload_url: string
  readonly headers: Readonly<Record<string, string>> | null
}

/** Asks the ingestion gateway by the last part of a route's path. */
export type Ask = <Answer>(route: string, body: object) => Promise<Answer>

/** Asks one gateway. Rejects with `UploadFailed` for any answer but a success. */
export const asker =
  (options: UploadOptions): Ask =>
  async <Answer>(route: string, body: object) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
    const response = await answerOf(options, `${options.url}/api/v1/rest/artifacts/${route}`, init)
    if (!response.ok) throw await failureOf(response)
    const answer: unknown = await response.json().catch(() => {
      throw new UploadFailed(`${route} was answered with what is no JSON`, true)
    })
    // The gateway's own answer, as its document says.
    return answer as Answer
  }

/** Answers that a new address may help against, since one grew too old, or the bytes were damaged on their way; and how often. */
const renewed: ReadonlySet<number> = new Set([400, 403, 404])
const mostTries = 3

/** Puts bytes to an address, signed anew as long as that may help, and answers the `ETag` that the store gave them. */
export const putSigned = async (
  options: UploadOptions,
  sign: () => Promise<Put>,
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string | null,
): Promise<string> => {
  for (let tries = 1; ; tries++) {
    const { upload_url, headers } = await sign()
    const type = contentType === null ? {} : { "content-type": contentType }
    const response = await answerOf(options, upload_url, { method: "PUT", headers: { ...headers, ...type }, body: bytes })
    if (!response.ok && tries < mostTries && renewed.has(response.status)) continue
    if (!response.ok) throw await failureOf(response)
    await response.arrayBuffer().catch(() => undefined)
    return response.headers.get("etag") ?? ""
  }
}

/** Longest that a request may take: a part passes at 30 kB a second. */
const mostMillis = 600_000

const answerOf = async (options: UploadOptions, url: string, init: RequestInit): Promise<Response> => {
  const signals = [AbortSignal.timeout(mostMillis), ...(options.signal === undefined ? [] : [options.signal])]
  try {
    return await (options.fetch ?? fetch)(url, { ...init, signal: AbortSignal.any(signals) })
  } catch (cause) {
    throw new UploadFailed(`${new URL(url).host} cannot be reached: ${wordsOf(cause)}`, true)
  }
}

/** Answers that will be the same whenever it is tried; any other may come from something between that is not well. */
const forEver: ReadonlySet<number> = new Set([400, 411, 413, 414, 415, 422])

const failureOf = async (response: Response): Promise<UploadFailed> => {
  const { status } = response
  const said = await response.text().catch(() => "")
  return new UploadFailed(`answered ${status}: ${said.slice(0, 500)}`, !forEver.has(status), status)
}
