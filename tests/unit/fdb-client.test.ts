/** How the client library is told of certificates; the network is set up once per process, so this has a file of its own. */
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { networkOptions, standInCluster } from "../support/fdb/stand-in.ts"

it("certificates, key, password and the check of peers reach the network", async () => {
  const { NetworkOptionCode } = (standInCluster(), await import("foundationdb"))
  const tls = { caFile: "/ca.pem", certFile: "/cert.pem", keyFile: "/key.pem", password: "secret", verifyPeers: "Check.Valid=1" }
  const built = Layer.build(fdbStore({ clusterFile: standInCluster().clusterFile, tls }))
  await Effect.runPromise(Effect.scoped(built))
  expect([...networkOptions]).toEqual([
    [NetworkOptionCode.TLSCaPath, Buffer.from("/ca.pem")],
    [NetworkOptionCode.TLSCertPath, Buffer.from("/cert.pem")],
    [NetworkOptionCode.TLSKeyPath, Buffer.from("/key.pem")],
    [NetworkOptionCode.TLSPassword, Buffer.from("secret")],
    [NetworkOptionCode.TLSVerifyPeers, Buffer.from("Check.Valid=1")],
  ])
})
