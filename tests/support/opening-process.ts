/** Opens an environment and closes it, again and again until it is ended; says so once it has begun. */
import { openEnvironment } from "../../infra/lmdb/environment.ts"

const path = process.argv[2]!
for (let opened = 0; ; opened++) {
  await openEnvironment({ path, encoding: "binary", overlappingSync: process.argv[3] === "overlapping" }).close()
  if (opened === 0) process.stdout.write("opened\n")
}
