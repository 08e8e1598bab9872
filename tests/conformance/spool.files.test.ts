import { fileLeftovers, openFileSpool } from "../../sdk/node/spool.ts"
import { freshFolder } from "../support/folders.ts"
import { spoolSuite } from "./spool.suite.ts"

spoolSuite("files", { place: freshFolder, open: openFileSpool, leftovers: fileLeftovers })
