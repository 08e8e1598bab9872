/** versitygw: objects as files, built by Go. It checks signatures, times and checksums, and knows rules for browsers. */
import { join } from "node:path"
import { cached, tool } from "./cache.ts"
import { accessKeyId, type S3Server, secretAccessKey, startS3Server } from "./s3-process.ts"

const version = "1.8.0"
const advice = "versitygw is built by Go 1.24 or later (golang.org); is a module proxy reachable?"

export const startVersitygw = async (): Promise<S3Server> => {
  const program = join(await built(), "versitygw")
  const root = ["--access", accessKeyId, "--secret", secretAccessKey, "--region", "us-east-1"]
  return startS3Server(({ folder, port }) => {
    const place = ["--port", `127.0.0.1:${port}`, "--quiet", "posix", join(folder, "data")]
    return [program, ...root, ...place]
  })
}

/** Go holds what it fetches to the public checksum database. */
const built = (): Promise<string> =>
  cached("versitygw", version, async (folder) => {
    const source = `github.com/versity/versitygw/cmd/versitygw@v${version}`
    await tool("env", ["CGO_ENABLED=0", `GOBIN=${folder}`, "go", "install", "-ldflags=-s -w", source], folder, advice)
  })
