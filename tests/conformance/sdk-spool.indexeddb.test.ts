import "fake-indexeddb/auto"
import { afterAll, beforeAll, describe, vi } from "vitest"
import { browserLeftovers, openBrowserSpool } from "../../sdk/browser/spool.ts"
import { spoolSuite } from "./spool.suite.ts"

let databases = 0
const spools = { place: () => `spools-${databases++}`, open: openBrowserSpool, leftovers: browserLeftovers }

spoolSuite("IndexedDB", spools)

describe("where a browser has no locks", () => {
  beforeAll(() => void vi.stubGlobal("navigator", {}))
  afterAll(() => void vi.unstubAllGlobals())
  spoolSuite("IndexedDB", spools)
})
