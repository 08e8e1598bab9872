import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { freshFolder } from "../support/folders.ts"
import { keyValueStoreSuite } from "./key-value-store.suite.ts"

keyValueStoreSuite("lmdb", { fresh: () => lmdbStore({ folder: freshFolder() }) })
