import { memorySpool } from "../../sdk/spool/memory.ts"
import { spoolSuite } from "./spool.suite.ts"

spoolSuite("memory", {
  place: () => "",
  open: async ({ mostBytes }, writer, runId, url) => memorySpool(writer, runId, url, mostBytes),
  leftovers: null,
})
