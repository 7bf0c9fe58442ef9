{{- /* The arguments of the exporter: only what differs from its own defaults, so that they read well. */ -}}
{{- define "kee.args" -}}
{{- $c := .Values.config -}}
{{- $namespaced := eq .Values.rbac.scope "namespace" -}}
- run
- --web.listen-address=:{{ .Values.containerPort }}
- --log.format={{ $c.log.format }}
- --log.level={{ $c.log.level }}
{{- if ne $c.sync "auto" }}
- --sync={{ $c.sync }}
{{- end }}
{{- if ne $c.listMode "list" }}
- --list-mode={{ $c.listMode }}
{{- end }}
{{- if ne $c.interval "30s" }}
- --interval={{ $c.interval }}
{{- end }}
{{- if ne (int $c.pageSize) 500 }}
- --page-size={{ int $c.pageSize }}
{{- end }}
{{- if ne $c.source "endpointslices" }}
- --source={{ $c.source }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
- --leader-lease={{ include "kee.namespace" . }}/{{ include "kee.fullname" . }}
{{- end }}
{{- if .Values.sharding.enabled }}
- --total-shards={{ int .Values.sharding.shards }}
{{- end }}
{{- with .Values.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with .Values.namespacesDenylist }}
- --namespaces-denylist={{ join "," . }}
{{- end }}
{{- with $c.ignore }}
- {{ printf "--ignore=%s" (join ";" .) | quote }}
{{- end }}
{{- with $c.serviceSelector }}
- {{ printf "--service-selector=%s" . | quote }}
{{- end }}
{{- if not $c.pods }}
- --pods=off
{{- end }}
{{- if or $namespaced (not $c.nodes) }}
- --nodes=off
{{- end }}
{{- if not $c.workloads }}
- --workloads=off
{{- end }}
{{- if ne (int $c.defaultMinReady) 1 }}
- --default-min-ready={{ int $c.defaultMinReady }}
{{- end }}
{{- if ne $c.gracePeriod "1m" }}
- --grace-period={{ $c.gracePeriod }}
{{- end }}
{{- if ne $c.lagThreshold "1m" }}
- --lag-threshold={{ $c.lagThreshold }}
{{- end }}
{{- with $c.groups }}
- --groups={{ join "," . }}
{{- end }}
{{- with $c.noGroups }}
- --no-groups={{ join "," . }}
{{- end }}
{{- with $c.labelsAllowlist }}
- {{ printf "--labels-allowlist=%s" (join "," .) | quote }}
{{- end }}
{{- with $c.annotationsAllowlist }}
- {{ printf "--annotations-allowlist=%s" (join "," .) | quote }}
{{- end }}
{{- with $c.addressesNamespaces }}
- --addresses-namespaces={{ join "," . }}
{{- end }}
{{- if ne (int $c.maxConnections) 512 }}
- --web.max-connections={{ int $c.maxConnections }}
{{- end }}
{{- if ne $c.firstRequestTimeout "10s" }}
- --web.first-request-timeout={{ $c.firstRequestTimeout }}
{{- end }}
{{- if ne $c.idleTimeout "2m" }}
- --web.idle-timeout={{ $c.idleTimeout }}
{{- end }}
{{- if ne $c.answerTimeout "2m" }}
- --web.answer-timeout={{ $c.answerTimeout }}
{{- end }}
{{- if ne $c.stallTimeout "30s" }}
- --web.stall-timeout={{ $c.stallTimeout }}
{{- end }}
{{- if ne $c.auth "file" }}
- --web.auth={{ $c.auth }}
{{- end }}
{{- with int $c.telemetryPort }}
- --web.telemetry-address=:{{ . }}
{{- end }}
{{- if not $c.page }}
- --web.disable-page=true
{{- end }}
{{- with $c.externalUrl }}
- {{ printf "--web.external-url=%s" . | quote }}
{{- end }}
{{- with $c.routePrefix }}
- {{ printf "--web.route-prefix=%s" . | quote }}
{{- end }}
{{- with $c.grafanaUrl }}
- {{ printf "--web.grafana-url=%s" . | quote }}
{{- end }}
{{- with $c.runbookUrl }}
- {{ printf "--web.runbook-url=%s" . | quote }}
{{- end }}
{{- if $c.events }}
- --events=true
{{- end }}
{{- with .Values.notify }}
{{- $folder := "/etc/kube-endpoints-exporter/notify" }}
{{- with .url }}
- {{ printf "--notify.url=%s" . | quote }}
{{- end }}
{{- if .existingSecret }}
- --notify.url-file={{ $folder }}/url
{{- end }}
{{- if .token }}
- --notify.token-file={{ $folder }}/token
{{- end }}
{{- if .ca }}
- --notify.ca-file={{ $folder }}/ca.crt
{{- end }}
{{- if ne .interval "30s" }}
- --notify.interval={{ .interval }}
{{- end }}
{{- with .cluster }}
- {{ printf "--notify.cluster=%s" . | quote }}
{{- end }}
{{- end }}
{{- if .Values.webConfig.enabled }}
- --web.config.file=/etc/kube-endpoints-exporter/web/{{ .Values.webConfig.key }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* A probe: (list root path timing). */ -}}
{{- /* What stands before every path that the exporter serves. */ -}}
{{- define "kee.prefix" -}}
{{- if .Values.config.routePrefix -}}
{{ trimSuffix "/" .Values.config.routePrefix }}
{{- else if .Values.config.externalUrl -}}
{{ trimSuffix "/" (urlParse .Values.config.externalUrl).path }}
{{- end -}}
{{- end -}}

{{- define "kee.probe" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.config.telemetryPort -}}
httpGet:
  path: {{ index . 1 }}
  port: telemetry
{{- else if include "kee.authentication" $root -}}
tcpSocket:
  port: metrics
{{- else -}}
httpGet:
  path: {{ include "kee.prefix" $root }}{{ index . 1 }}
  port: metrics
  {{- if $root.Values.webConfig.tls }}
  scheme: HTTPS
  {{- end }}
{{- end }}
{{- with index . 2 }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kee.podTemplate" -}}
{{- $v := .Values -}}
metadata:
  labels:
    {{- toYaml (merge (fromYaml (include "kee.labels" .)) $v.podLabels) | nindent 4 }}
  {{- $annotations := merge dict $v.podAnnotations $v.commonAnnotations (dict "kubectl.kubernetes.io/default-container" .Chart.Name) }}
  {{- if $v.prometheusScrape }}
  {{- $_ := set $annotations "prometheus.io/scrape" "true" }}
  {{- $_ := set $annotations "prometheus.io/port" (toString $v.containerPort) }}
  {{- $_ := set $annotations "prometheus.io/path" (printf "%s/metrics" (include "kee.prefix" .)) }}
  {{- $_ := set $annotations "prometheus.io/scheme" (include "kee.scheme" .) }}
  {{- end }}
  annotations:
    {{- toYaml $annotations | nindent 4 }}
spec:
  serviceAccountName: {{ include "kee.serviceAccountName" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ int $v.terminationGracePeriodSeconds }}
  {{- include "kee.pullSecrets" . | trim | nindent 2 }}
  securityContext:
    {{- toYaml $v.podSecurityContext | nindent 4 }}
  {{- if $v.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- if not (kindIs "invalid" $v.hostUsers) }}
  hostUsers: {{ $v.hostUsers }}
  {{- end }}
  {{- with $v.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .Chart.Name }}
      image: {{ include "kee.image" . | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args:
        {{- include "kee.args" . | nindent 8 }}
      {{- if or $v.sharding.enabled $v.env }}
      env:
        {{- if $v.sharding.enabled }}
        # The Pod's name ends in its number, and that is the shard's.
        - name: ENDPOINTS_EXPORTER_SHARD
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- with $v.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with $v.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: {{ int $v.containerPort }}
          protocol: TCP
        {{- with int $v.config.telemetryPort }}
        - name: telemetry
          containerPort: {{ . }}
          protocol: TCP
        {{- end }}
      livenessProbe:
        {{- include "kee.probe" (list . "/livez" $v.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "kee.probe" (list . "/readyz" $v.readinessProbe) | nindent 8 }}
      startupProbe:
        {{- include "kee.probe" (list . "/livez" $v.startupProbe) | nindent 8 }}
      {{- with $v.lifecycle }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml $v.containerSecurityContext | nindent 8 }}
      {{- if or $v.webConfig.enabled $v.notify.existingSecret $v.extraVolumeMounts }}
      volumeMounts:
        {{- if $v.notify.existingSecret }}
        - name: notify
          mountPath: /etc/kube-endpoints-exporter/notify
          readOnly: true
        {{- end }}
        {{- if $v.webConfig.enabled }}
        - name: web-config
          mountPath: /etc/kube-endpoints-exporter/web
          readOnly: true
        {{- with $v.webConfig.tlsSecret }}
        - name: web-tls
          mountPath: /etc/kube-endpoints-exporter/tls
          readOnly: true
        {{- end }}
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    {{- with $v.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or $v.webConfig.enabled $v.notify.existingSecret $v.extraVolumes }}
  volumes:
    {{- with $v.notify.existingSecret }}
    - name: notify
      secret:
        secretName: {{ . }}
    {{- end }}
    {{- if $v.webConfig.enabled }}
    - name: web-config
      secret:
        secretName: {{ include "kee.webSecret" . }}
    {{- with $v.webConfig.tlsSecret }}
    - name: web-tls
      secret:
        secretName: {{ . }}
    {{- end }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- $spread := list }}
  {{- range $v.topologySpreadConstraints }}
  {{- $own := dict "labelSelector" (dict "matchLabels" (fromYaml (include "kee.selectorLabels" $))) }}
  {{- $spread = append $spread (merge (deepCopy .) (hasKey . "labelSelector" | ternary dict $own)) }}
  {{- end }}
  {{- range $key, $value := dict "nodeSelector" $v.nodeSelector "tolerations" $v.tolerations "affinity" $v.affinity "topologySpreadConstraints" $spread "priorityClassName" $v.priorityClassName "runtimeClassName" $v.runtimeClassName "schedulerName" $v.schedulerName "dnsPolicy" $v.dnsPolicy "dnsConfig" $v.dnsConfig "hostAliases" $v.hostAliases }}
  {{- if $value }}
  {{- toYaml (dict $key $value) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}
