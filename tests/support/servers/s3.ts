/** The servers that speak the protocol of S3, of which one or both can be had here. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import type { S3Server } from "./s3-process.ts"
import { startS3proxy } from "./s3proxy.ts"
import { startVersitygw } from "./versitygw.ts"

export interface KindOfS3Server {
  readonly name: string
  /** What its start needs. */
  readonly tools: readonly string[]
  readonly start: () => Promise<S3Server>
}

const kinds: readonly KindOfS3Server[] = [
  { name: "versitygw", tools: ["go"], start: startVersitygw },
  { name: "s3proxy", tools: ["java", "mvn"], start: startS3proxy },
]

/** All that can be had here, or the one that MATYAN_TEST_S3 names; fails where none can. */
export const s3Servers = (): readonly KindOfS3Server[] => {
  const named = process.env["MATYAN_TEST_S3"] ?? ""
  const wanted = named === "" ? kinds.filter(({ tools }) => tools.every(isThere)) : kinds.filter(({ name }) => name === named)
  if (wanted.length > 0) return wanted
  throw new Error(
    named === ""
      ? "the tests on S3 need Go (golang.org, 1.24 or later) for versitygw, or Java 17 and Maven for s3proxy"
      : `MATYAN_TEST_S3 is ${named}, but must be one of ${kinds.map(({ name }) => name).join(", ")}`,
  )
}

const isThere = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)))
