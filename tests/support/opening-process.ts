/** Opens an environment and closes it, again and again until it is ended; or passes its gate and stays there. Says when it has begun. */
import { openEnvironment } from "../../infra/lmdb/environment.ts"

const [, , path, how] = process.argv
const begun = (): unknown => process.stdout.write("begun\n")

const openOnce = () => openEnvironment({ path: path!, encoding: "binary", overlappingSync: how !== "plain" })

if (how === "holding") {
  void openOnce().gate.passing(() => new Promise(begun))
  setInterval(() => undefined, 1_000)
} else
  for (let opened = 0; ; opened++) {
    await openOnce().close()
    if (opened === 0) begun()
  }
