import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { freshFolder } from "../support/folders.ts"
import { schemaRegistrySuite } from "./schema-registry.suite.ts"

schemaRegistrySuite("lmdb", () => lmdbRegistry({ folder: freshFolder() }))
