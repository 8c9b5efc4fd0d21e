{{- define "martlet.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end -}}

{{- define "martlet.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "martlet.labels" -}}
app.kubernetes.io/name: martlet
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* What never changes of a role's pods: selectors. Called with (dict "root" $ "role" "api"). */ -}}
{{- define "martlet.selector" -}}
app.kubernetes.io/name: martlet
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "martlet.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "martlet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Secrets come as files, so that they stand in no pod's description and no child's environment. */ -}}
{{- define "martlet.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ .Values.secrets.name }}
    defaultMode: 0440
{{- end -}}

{{- define "martlet.secretSettings" -}}
- {name: MARTLET_DATABASE_URL_FILE, value: /secrets/database-url}
- {name: MARTLET_REDIS_URL_FILE, value: /secrets/redis-url}
{{- if .Values.secrets.privateKey }}
- {name: MARTLET_TOKEN_KEY_FILE, value: /secrets/token-key}
{{- else }}
- {name: MARTLET_TOKEN_KEYS_FILE, value: /secrets/token-keys}
{{- end }}
- {name: MARTLET_REFRESH_KEY_FILE, value: /secrets/refresh-key}
{{- end -}}
