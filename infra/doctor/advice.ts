/** What to do about what a doctor finds. */
export const advice = {
  node: "Start it by npm start or npx matyan, which bring their own Node 24, or install Node 24.",
  noFolder: "matyan serve makes it; if there should be one, MATYAN_DATA_DIR names another folder than was meant.",
  folder: "The user that runs this must be able to read and write it: chown -R <user> <folder>.",
  full: "Writes are refused when the disk is full. Make room, or move the folder (stop the server, mv, set MATYAN_DATA_DIR).",
  secret: "Set it to 32 bytes in URL-safe base64, the same for all query gateways: openssl rand -base64 32 | tr +/ -_",
  open: "Put a proxy that authenticates in front and listen at 127.0.0.1; MATYAN_INSECURE=true says that the network is trusted.",
  registry:
    "See SCHEMA_REGISTRY_URL and its path, SCHEMA_REGISTRY_USERNAME and …_PASSWORD; docs/registry.md tells what works without it.",
  log: {
    lmdb: "Put back a sound copy of the log folder: it is the only source of truth. docs/architecture.md tells what lies where.",
    kafka: "See that KAFKA_BOOTSTRAP_SERVERS and the KAFKA_SASL_… and KAFKA_SSL_… settings are right, then: matyan topics check.",
  },
  store: {
    lmdb: "Move the store folder away and start again: it is folded anew from the log.",
    fdb: "See FDB_CLUSTER_FILE, and ask the cluster itself: fdbcli --exec status. docs/fdb.md tells what must be installed.",
  },
  blobs: {
    files: "The user that runs this must be able to write the folder of the objects.",
    s3: "See S3_ENDPOINT, S3_BUCKET and the credentials; docs/s3.md tells what the bucket's policy must allow.",
  },
  projections: "matyan verify tells whether they are what the log says; matyan rebuild folds them anew.",
} as const
