import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { eventLogSuite } from "./event-log.suite.ts"

eventLogSuite("lmdb", {
  fresh: () => {
    const folder = freshFolder()
    return { writer: embeddedLog({ folder }), reader: embeddedLog({ folder, readOnly: true }) }
  },
})
