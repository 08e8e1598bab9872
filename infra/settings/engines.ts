/** Which engines stand behind the ports, and how they are reached. The names that the reference has too mean the same. */
import { Config } from "effect"
import { address, list, oneOf, optional, positive, text, type Variable, variable } from "./variable.ts"

export const engineVariables = {
  log: optional("MATYAN_LOG", oneOf("lmdb", "kafka"), "the log", "kafka where KAFKA_BOOTSTRAP_SERVERS is set, else lmdb"),
  store: optional("MATYAN_STORE", oneOf("lmdb", "fdb"), "the store", "fdb where FDB_CLUSTER_FILE is set, else lmdb"),
  blobs: optional("MATYAN_BLOBS", oneOf("files", "s3"), "the objects", "s3 where S3_ENDPOINT or S3_BUCKET is set, else files"),
  registry: optional(
    "MATYAN_REGISTRY",
    oneOf("embedded", "confluent"),
    "the schemas",
    "confluent where SCHEMA_REGISTRY_URL is set, else embedded",
  ),
  kafkaBrokers: variable("KAFKA_BOOTSTRAP_SERVERS", list, [], "brokers, host:port with commas between", "localhost:9092"),
  kafkaProtocol: variable(
    "KAFKA_SECURITY_PROTOCOL",
    oneOf("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "PLAINTEXT",
    "how brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
  ),
  kafkaMechanism: variable(
    "KAFKA_SASL_MECHANISM",
    oneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
    "PLAIN",
    "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
  ),
  kafkaUsername: optional("KAFKA_SASL_USERNAME", text, "who speaks to the brokers", "nobody"),
  kafkaPassword: optional("KAFKA_SASL_PASSWORD", text, "their password", "none"),
  kafkaCaFile: optional("KAFKA_SSL_CA_FILE", text, "certificates that the brokers' are checked by", "the system's"),
  kafkaCertFile: optional("KAFKA_SSL_CERT_FILE", text, "our own certificate, where brokers ask for one", "none"),
  kafkaKeyFile: optional("KAFKA_SSL_KEY_FILE", text, "its key", "none"),
  dataIngestionTopic: variable("KAFKA_DATA_INGESTION_TOPIC", text, "data-ingestion", "the topic of what runs log"),
  controlEventsTopic: variable("KAFKA_CONTROL_EVENTS_TOPIC", text, "control-events", "the topic of what people change"),
  deadLettersTopic: variable("KAFKA_DEAD_LETTERS_TOPIC", text, "dead-letters", "the topic of what cannot be folded"),
  kafkaGroupPrefix: variable("KAFKA_GROUP_PREFIX", text, "", "what the names of consumer groups begin with", "nothing"),
  kafkaSessionMillis: variable(
    "KAFKA_SESSION_TIMEOUT_MS",
    positive,
    6_000,
    "after how long a silent projector's partitions go to another",
  ),
  allowFiniteRetention: variable(
    "MATYAN_ALLOW_FINITE_RETENTION",
    Config.Boolean,
    false,
    "start although the topics, which are the only source of truth, delete what is old",
  ),
  registryUrl: optional("SCHEMA_REGISTRY_URL", text, "a Confluent-compatible registry", "none"),
  registryUsername: optional("SCHEMA_REGISTRY_USERNAME", text, "who speaks to it", "nobody"),
  registryPassword: optional("SCHEMA_REGISTRY_PASSWORD", text, "their password", "none"),
  fdbClusterFile: optional("FDB_CLUSTER_FILE", text, "FoundationDB's cluster file", "the client library's own default"),
  fdbRoot: variable("MATYAN_FDB_ROOT", list, [], "directories above ours, where a cluster is shared, with commas", "none"),
  fdbCaFile: optional("FDB_TLS_CA_FILE", text, "certificates that the cluster's are checked by", "none"),
  fdbCertFile: optional("FDB_TLS_CERTIFICATE_FILE", text, "our own certificate for the cluster", "none"),
  fdbKeyFile: optional("FDB_TLS_KEY_FILE", text, "its key", "none"),
  fdbKeyPassword: optional("FDB_TLS_PASSWORD", text, "the password of that key", "none"),
  fdbVerifyPeers: optional("FDB_TLS_VERIFY_PEERS", text, "what the cluster's certificates must say", "nothing more"),
  blobBackend: optional("BLOB_BACKEND_TYPE", oneOf("s3"), "as the reference has it; only s3 is taken", "as MATYAN_BLOBS"),
  s3Endpoint: optional("S3_ENDPOINT", address, "the S3-compatible server", "that of the cloud's region"),
  s3PublicEndpoint: optional("S3_PUBLIC_ENDPOINT", address, "how clients reach it for uploads", "as S3_ENDPOINT"),
  s3AccessKey: optional("S3_ACCESS_KEY", text, "who speaks to it", "found as the S3 client library finds credentials"),
  s3SecretKey: optional("S3_SECRET_KEY", text, "their secret", "found likewise"),
  s3Bucket: optional("S3_BUCKET", text, "the bucket", "matyan-artifacts"),
  s3Region: variable("S3_REGION", text, "us-east-1", "its region"),
  s3CreateBucket: variable("MATYAN_S3_CREATE_BUCKET", Config.Boolean, false, "make the bucket where it is missing"),
} as const satisfies Readonly<Record<string, Variable<unknown>>>

type Values = { readonly [K in keyof typeof engineVariables]: ValueOf<(typeof engineVariables)[K]> }
type ValueOf<V> = V extends Variable<infer A> ? A : never

export interface EngineSettings extends Omit<Values, "log" | "store" | "blobs" | "registry" | "blobBackend"> {
  readonly log: "lmdb" | "kafka"
  readonly store: "lmdb" | "fdb"
  readonly blobs: "files" | "s3"
  readonly registry: "embedded" | "confluent"
}

/** The engines that were named, or else those that settings of theirs were given for. */
export const inferred = (values: Values): EngineSettings => {
  const { log, store, blobs, registry, blobBackend, ...rest } = values
  const hasS3 = [rest.s3Endpoint, rest.s3Bucket, blobBackend].some((value) => value !== undefined)
  return {
    ...rest,
    kafkaBrokers: rest.kafkaBrokers.length > 0 ? rest.kafkaBrokers : ["localhost:9092"],
    log: log ?? (rest.kafkaBrokers.length > 0 ? "kafka" : "lmdb"),
    store: store ?? (rest.fdbClusterFile === undefined ? "lmdb" : "fdb"),
    blobs: blobs ?? (hasS3 ? "s3" : "files"),
    registry: registry ?? (rest.registryUrl === undefined ? "embedded" : "confluent"),
  }
}
