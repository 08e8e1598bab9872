/** A run's artifacts: one as it is or a part of it, or all in one archive. */
import type { FastifyInstance, FastifyReply } from "fastify"
import { Readable } from "node:stream"
import type { BlobInfo, ByteRange } from "../../domain/ports/blob-store.ts"
import type { Rows } from "../../projections/rows.ts"
import { isRun } from "../../projections/run-presence.ts"
import { type Artifact, artifactsOf } from "../../projections/run-view.ts"
import { artifactPath } from "./api-parameters.ts"
import { infoOrNull } from "./blobs.ts"
import { byteRange, contentDisposition } from "./download.ts"
import { HttpFault, invalid, notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { idIn } from "./parameters.ts"
import { type ZipEntry, zipStream } from "./zip.ts"

export const artifactRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/:id/artifacts/download", async (request, reply) => {
      const id = idIn(request)
      const path = artifactPath.read(request)
      if (path === undefined) throw invalid("path", "Field required")
      const artifacts = await gateway.read((rows) => artifactsIn(rows, id))
      const artifact = artifacts.find((one) => one.path === path)
      if (artifact === undefined) throw notFound("The run has no such artifact")
      const info = await infoOrNull(gateway, artifact.key)
      if (info === null) throw notFound("The artifact's object is not in the blob store")
      return sendArtifact(gateway, reply, artifact, info, request.headers.range)
    })

    app.get("/runs/:id/artifacts/download-all", async (request, reply) => {
      const id = idIn(request)
      const artifacts = (await gateway.read((rows) => artifactsIn(rows, id))).filter(({ path }) => !path.startsWith("seq/"))
      if (artifacts.length === 0) throw notFound(`Run ${id} has no artifacts`)
      return reply
        .header("content-disposition", contentDisposition(`${id}-artifacts.zip`))
        .header("x-content-type-options", "nosniff")
        .type("application/zip")
        .send(zipStream(entriesOf(gateway, artifacts)))
    })
  }

const artifactsIn = async (rows: Rows, id: string): Promise<readonly Artifact[]> => {
  if (!(await isRun(rows, id))) throw notFound(`Run ${id} not found`)
  return artifactsOf(rows, id)
}

const sendArtifact = async (
  gateway: Gateway,
  reply: FastifyReply,
  { path, key, contentType }: Artifact,
  { size }: BlobInfo,
  rangeHeader: string | undefined,
): Promise<FastifyReply> => {
  const range = byteRange(rangeHeader, size)
  if (range === "unsatisfiable") {
    reply.header("content-range", `bytes */${size}`)
    throw new HttpFault(416, "Range not satisfiable")
  }
  const { start, end } = range ?? { start: 0, end: size }
  if (range !== null) reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${size}`)
  reply
    .header("accept-ranges", "bytes")
    .header("content-length", end - start)
    .header("content-disposition", contentDisposition(path.slice(path.lastIndexOf("/") + 1)))
    .header("x-content-type-options", "nosniff")
    .header("content-type", safeType(contentType))
  return reply.send(await bytesOf(gateway, key, range ?? undefined))
}

/** What a client once said an object is; nonsense is told as bytes. */
const safeType = (contentType: string): string =>
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+([ \t]*;[\x20-\x7e]*)?$/.test(contentType) ? contentType : "application/octet-stream"

const bytesOf = async (gateway: Gateway, key: string, range?: ByteRange): Promise<Readable> => {
  const { body } = await gateway.run(gateway.blobs.get(key, range))
  return Readable.from(body, { objectMode: false })
}

/** Each object is opened when its turn comes; one that is gone is named in the archive instead of cutting it short. */
async function* entriesOf(gateway: Gateway, artifacts: readonly Artifact[]): AsyncGenerator<ZipEntry> {
  for (const { path, key } of artifacts) {
    const info = await infoOrNull(gateway, key)
    if (info === null) {
      yield {
        name: `${path}.missing`,
        modified: new Date(0),
        body: Readable.from([Buffer.from("The object is gone from the blob store.\n")]),
      }
      continue
    }
    const body = await bytesOf(gateway, key)
    yield { name: path, size: info.size, modified: new Date(info.modified * 1_000), body }
  }
}
