{{- /* A role's Deployment. Called with (dict "root" $ "role" "api"). */ -}}
{{- define "martlet.deployment" -}}
{{- $root := .root -}}
{{- $role := .role -}}
{{- $own := index $root.Values $role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "martlet.name" $root }}-{{ $role }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "martlet.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
spec:
  {{- if not $own.autoscaling.enabled }}
  replicas: {{ $own.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: 5
  # One new pod at a time, and none goes before it is ready: no more clients come back at once than one pod held.
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector:
    matchLabels:
      {{- include "martlet.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "martlet.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $role }}
      annotations:
        kubectl.kubernetes.io/default-container: martlet
        {{- with $own.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      # The notice, the leave, and time to spare: only what hangs is killed.
      terminationGracePeriodSeconds: {{ add $root.Values.drain.noticeSeconds (mul 2 $root.Values.drain.graceSeconds) 10 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext:
        {{- include "martlet.podSecurity" $root | nindent 8 }}
      topologySpreadConstraints:
        {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "martlet.selector" $ | nindent 14 }}
        {{- end }}
      {{- with $own.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: martlet
          image: {{ include "martlet.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ $role }}]
          securityContext:
            {{- include "martlet.containerSecurity" $root | nindent 12 }}
          ports:
            - {name: clients, containerPort: 8080}
            - {name: probes, containerPort: 8081}
            {{- if eq $role "socket" }}
            - {name: nodes, containerPort: 8090}
            {{- end }}
          env:
            - name: MARTLET_NODE_ID
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            - name: POD_IP
              valueFrom: {fieldRef: {fieldPath: status.podIP}}
            {{- if eq $role "socket" }}
            - {name: MARTLET_PRIVATE_LISTEN, value: "$(POD_IP):8090"}
            {{- end }}
            - {name: MARTLET_DRAIN_GRACE_S, value: {{ $root.Values.drain.graceSeconds | quote }}}
            {{- with $root.Values.trustedProxies }}
            - {name: MARTLET_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
            {{- end }}
            {{- include "martlet.secretSettings" $root | nindent 12 }}
            {{- range $name, $value := merge (dict) $own.settings $root.Values.settings }}
            - {name: MARTLET_{{ $name }}, value: {{ $value | toString | quote }}}
            {{- end }}
          resources:
            {{- toYaml $own.resources | nindent 12 }}
          # Until the first answer: a node waits up to a minute for its database.
          startupProbe:
            httpGet: {path: /readyz, port: probes}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 45
          readinessProbe:
            httpGet: {path: /readyz, port: probes}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 2
          # Asks neither PostgreSQL nor Redis: a restart would not bring them back.
          livenessProbe:
            httpGet: {path: /healthz, port: probes}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            preStop:
              exec:
                command:
                  - /usr/local/bin/martlet
                  - drain
                  - --wait
                  - --least
                  - {{ $root.Values.drain.noticeSeconds | quote }}
          volumeMounts:
            - {name: secrets, mountPath: /secrets, readOnly: true}
      volumes:
        {{- include "martlet.secretVolume" $root | nindent 8 }}
{{- end -}}
