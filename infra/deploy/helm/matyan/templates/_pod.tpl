{{/* What all pods have in common; a dict of root, and of account where it is not the chart's. */}}
{{- define "matyan.podBasics" -}}
serviceAccountName: {{ default (include "matyan.serviceAccount" .root) .account }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "matyan.containerBasics" -}}
image: {{ include "matyan.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "matyan.mounts" -}}
- { name: data, mountPath: /var/lib/matyan }
- { name: tmp, mountPath: /tmp }
- { name: foundationdb, mountPath: /etc/matyan/foundationdb, readOnly: true }
{{- if .root.Values.foundationdb.tls.secretName }}
- { name: foundationdb-tls, mountPath: /etc/matyan/foundationdb-tls, readOnly: true }
{{- end }}
{{- if .root.Values.kafka.tls.secretName }}
- { name: kafka-tls, mountPath: /etc/matyan/kafka-tls, readOnly: true }
{{- end }}
{{- if .root.Values.trustedCa.secretName }}
- { name: trusted-ca, mountPath: /etc/matyan/trusted-ca, readOnly: true }
{{- end }}
{{- end -}}

{{- define "matyan.volumes" -}}
- name: data
  emptyDir: { sizeLimit: 256Mi }
- name: tmp
  emptyDir: { sizeLimit: 256Mi }
- name: foundationdb
{{- if .root.Values.foundationdb.clusterFile.configMap }}
  configMap: { name: {{ .root.Values.foundationdb.clusterFile.configMap }} }
{{- else }}
  secret: { secretName: {{ .root.Values.foundationdb.clusterFile.secret }} }
{{- end }}
{{- with .root.Values.foundationdb.tls.secretName }}
- name: foundationdb-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with .root.Values.kafka.tls.secretName }}
- name: kafka-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with .root.Values.trustedCa.secretName }}
- name: trusted-ca
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- end -}}
