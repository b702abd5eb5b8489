{{- define "millrace.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "millrace.labels" -}}
app.kubernetes.io/name: millrace
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Call with (dict "top" $ "role" "gateway"). */}}
{{- define "millrace.selector" -}}
app.kubernetes.io/name: millrace
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "millrace.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* What every pod is: nobody in particular, spread over the machines, and without the cluster's token. */}}
{{- define "millrace.pod" -}}
serviceAccountName: {{ include "millrace.name" .top }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "millrace.selector" . | nindent 8 }}
{{- with .top.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container is. */}}
{{- define "millrace.container" -}}
image: {{ include "millrace.image" .top | quote }}
imagePullPolicy: {{ .top.Values.image.pullPolicy }}
args: [{{ .role | quote }}]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
env:
  - name: MILLRACE_DATA
    value: /var/lib/millrace
envFrom:
  - configMapRef:
      name: {{ include "millrace.name" .top }}
  {{- with .top.Values.existingSecret }}
  - secretRef:
      name: {{ . | quote }}
  {{- end }}
{{- end }}

{{/* A role without a port: its lock in the data folder tells whether it lives. */}}
{{- define "millrace.health" -}}
livenessProbe:
  exec:
    command: [millrace-health, {{ . | quote }}]
  initialDelaySeconds: 20
  periodSeconds: 20
  timeoutSeconds: 10
{{- end }}

{{- define "millrace.lakeVolume" -}}
{{- with .Values.lake.existingClaim }}
- name: lake
  persistentVolumeClaim:
    claimName: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "millrace.lakeMount" -}}
{{- if .Values.lake.existingClaim }}
- name: lake
  mountPath: /var/lib/millrace-lake
{{- end }}
{{- end }}
