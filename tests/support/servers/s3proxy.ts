/** s3proxy: objects as files, from Maven Central. It checks signatures and times. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { cached, tool } from "./cache.ts"
import { accessKeyId, type S3Server, secretAccessKey, startS3Server } from "./s3-process.ts"

const version = "4.1.0"
const jar = `s3proxy-${version}-jar-with-dependencies.jar`
const advice = "s3proxy is fetched by Maven 3 from its central repository (Debian: apt-get install maven)"

export const startS3proxy = async (): Promise<S3Server> => {
  const program = join(await fetched(), jar)
  return startS3Server(({ folder, port }) => {
    const properties = join(folder, "s3proxy.conf")
    writeFileSync(properties, propertiesText(join(folder, "data"), port))
    const java = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return ["java", ...java, "-jar", program, "--properties", properties]
  })
}

const propertiesText = (data: string, port: number): string =>
  Object.entries({
    "s3proxy.authorization": "aws-v2-or-v4",
    "s3proxy.endpoint": `http://127.0.0.1:${port}`,
    "s3proxy.identity": accessKeyId,
    "s3proxy.credential": secretAccessKey,
    "jclouds.provider": "filesystem-nio2",
    "jclouds.filesystem.basedir": data,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")

/** Maven holds what it fetches to the checksums of its repository; -C makes a difference fail. */
const fetched = (): Promise<string> =>
  cached("s3proxy", version, async (folder) => {
    const artifact = `org.gaul:s3proxy:${version}:jar:jar-with-dependencies`
    await tool(
      "mvn",
      ["-q", "-B", "-C", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
      folder,
      advice,
    )
  })
