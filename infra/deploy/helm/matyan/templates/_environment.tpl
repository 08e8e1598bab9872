{{/* The settings of every role as a map of texts, in YAML. */}}
{{- define "matyan.settings" -}}
HOST: "0.0.0.0"
MATYAN_INSECURE: {{ .Values.acceptNoAuthentication | quote }}
LOG_FORMAT: json
MATYAN_LOG: kafka
MATYAN_STORE: fdb
MATYAN_BLOBS: s3
MATYAN_REGISTRY: confluent
MATYAN_PARTITIONS: {{ .Values.topics.partitions | int | quote }}
KAFKA_BOOTSTRAP_SERVERS: {{ join "," .Values.kafka.brokers | quote }}
KAFKA_SECURITY_PROTOCOL: {{ .Values.kafka.protocol | quote }}
{{- if hasPrefix "SASL" .Values.kafka.protocol }}
KAFKA_SASL_MECHANISM: {{ .Values.kafka.mechanism | quote }}
{{- end }}
{{- if .Values.kafka.groupPrefix }}
KAFKA_GROUP_PREFIX: {{ .Values.kafka.groupPrefix | quote }}
{{- end }}
KAFKA_SESSION_TIMEOUT_MS: {{ .Values.kafka.sessionTimeoutMs | int | quote }}
{{- if .Values.kafka.tls.secretName }}
KAFKA_SSL_CA_FILE: /etc/matyan/kafka-tls/ca.crt
{{- if .Values.kafka.tls.clientCertificate }}
KAFKA_SSL_CERT_FILE: /etc/matyan/kafka-tls/tls.crt
KAFKA_SSL_KEY_FILE: /etc/matyan/kafka-tls/tls.key
{{- end }}
{{- end }}
KAFKA_DATA_INGESTION_TOPIC: {{ .Values.topics.dataIngestion | quote }}
KAFKA_CONTROL_EVENTS_TOPIC: {{ .Values.topics.controlEvents | quote }}
KAFKA_DEAD_LETTERS_TOPIC: {{ .Values.topics.deadLetters | quote }}
SCHEMA_REGISTRY_URL: {{ .Values.registry.url | quote }}
FDB_CLUSTER_FILE: {{ printf "/etc/matyan/foundationdb/%s" .Values.foundationdb.clusterFile.key | quote }}
{{- if .Values.foundationdb.root }}
MATYAN_FDB_ROOT: {{ join "," .Values.foundationdb.root | quote }}
{{- end }}
{{- if .Values.foundationdb.tls.secretName }}
FDB_TLS_CA_FILE: /etc/matyan/foundationdb-tls/ca.crt
FDB_TLS_CERTIFICATE_FILE: /etc/matyan/foundationdb-tls/tls.crt
FDB_TLS_KEY_FILE: /etc/matyan/foundationdb-tls/tls.key
{{- if .Values.foundationdb.tls.verifyPeers }}
FDB_TLS_VERIFY_PEERS: {{ .Values.foundationdb.tls.verifyPeers | quote }}
{{- end }}
{{- end }}
{{- if .Values.s3.endpoint }}
S3_ENDPOINT: {{ .Values.s3.endpoint | quote }}
{{- end }}
{{- if .Values.s3.publicEndpoint }}
S3_PUBLIC_ENDPOINT: {{ .Values.s3.publicEndpoint | quote }}
{{- end }}
S3_BUCKET: {{ .Values.s3.bucket | quote }}
S3_REGION: {{ .Values.s3.region | quote }}
MATYAN_S3_CREATE_BUCKET: {{ .Values.s3.createBucket | quote }}
{{- if .Values.frontierPublicUrl }}
MATYAN_FRONTIER_PUBLIC_URL: {{ .Values.frontierPublicUrl | quote }}
{{- end }}
{{- if .Values.corsOrigins }}
CORS_ORIGINS: {{ .Values.corsOrigins | toJson | quote }}
{{- end }}
{{- if .Values.trustedCa.secretName }}
NODE_EXTRA_CA_CERTS: /etc/matyan/trusted-ca/ca.crt
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* What a role reads from the Secret, and no more; takes a dict of root and role. */}}
{{- define "matyan.secretEnvironment" -}}
{{- $keys := list "KAFKA_SASL_USERNAME" "KAFKA_SASL_PASSWORD" "SCHEMA_REGISTRY_USERNAME" "SCHEMA_REGISTRY_PASSWORD" -}}
{{- if not (has .role (list "ingest-gateway" "topics")) }}{{ $keys = append $keys "FDB_TLS_PASSWORD" }}{{ end -}}
{{- if not (has .role (list "projector" "topics")) }}{{ $keys = concat $keys (list "S3_ACCESS_KEY" "S3_SECRET_KEY") }}{{ end -}}
{{- range $keys }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $.root.Values.existingSecret }}, key: {{ . }}, optional: true } }
{{- end }}
{{- if eq .role "query-gateway" }}
- name: BLOB_URI_SECRET
  valueFrom: { secretKeyRef: { name: {{ $.root.Values.existingSecret }}, key: BLOB_URI_SECRET } }
{{- end }}
{{- end -}}

{{/* The settings by which the control worker leaves to the CronJobs what is theirs. */}}
{{- define "matyan.leftToJobs" -}}
{{- $periods := dict "finish-stale" "MATYAN_FINISH_STALE_EVERY_HOURS" "cleanup-orphan-blobs" "MATYAN_ORPHAN_BLOBS_EVERY_HOURS" "cleanup-tombstones" "MATYAN_TOMBSTONES_EVERY_HOURS" -}}
{{- range $job, $given := .Values.jobs }}
{{- if $given.enabled }}
- { name: {{ get $periods $job }}, value: "0" }
{{- end }}
{{- end }}
{{- end -}}

{{/* Refuses what would start and not work, or be open to anybody. */}}
{{- define "matyan.checked" -}}
{{- if not .Values.acceptNoAuthentication }}{{ fail "There is no authentication yet. Let only those reach the gateways who may (docs/deployment.md), then set acceptNoAuthentication=true." }}{{ end -}}
{{- if not .Values.kafka.brokers }}{{ fail "kafka.brokers: at least one host:port." }}{{ end -}}
{{- if not .Values.registry.url }}{{ fail "registry.url: where the registry is." }}{{ end -}}
{{- if not .Values.existingSecret }}{{ fail "existingSecret: the name of a Secret with at least BLOB_URI_SECRET." }}{{ end -}}
{{- $file := .Values.foundationdb.clusterFile -}}
{{- if eq (empty $file.configMap) (empty $file.secret) }}{{ fail "foundationdb.clusterFile: either configMap or secret." }}{{ end -}}
{{- $projector := index .Values.roles "projector" -}}
{{- $most := ternary $projector.autoscaling.max $projector.replicas $projector.autoscaling.enabled | int -}}
{{- if gt $most (int .Values.topics.partitions) }}{{ fail "roles.projector: more of them than topics.partitions do nothing but wait." }}{{ end -}}
{{- end -}}
