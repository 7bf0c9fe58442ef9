{{- /* What the endpoints of ServiceMonitor and PodMonitor and a ScrapeConfig have in common: (list root values). */ -}}
{{- define "kee.scrape" -}}
{{- $root := index . 0 -}}
{{- $m := index . 1 -}}
honorLabels: {{ $m.honorLabels }}
{{- with $m.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with $m.tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $m.basicAuth }}
basicAuth:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* spec of ServiceMonitor and PodMonitor: (list root values endpoints-key). */ -}}
{{- define "kee.monitorSpec" -}}
{{- $root := index . 0 -}}
{{- $m := index . 1 -}}
jobLabel: {{ $m.jobLabel }}
selector:
  matchLabels:
    {{- include "kee.selectorLabels" $root | nindent 4 }}
namespaceSelector:
  matchNames:
    - {{ include "kee.namespace" $root }}
{{- with $m.sampleLimit }}
sampleLimit: {{ int . }}
{{- end }}
{{- with $m.targetLabels }}
targetLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ index . 2 }}:
  - port: metrics
    path: {{ include "kee.prefix" $root }}/metrics
    scheme: {{ default (include "kee.scheme" $root) $m.scheme }}
    {{- include "kee.scrape" (list $root $m) | nindent 4 }}
    {{- with $m.interval }}
    interval: {{ . }}
    {{- end }}
    {{- with $m.relabelings }}
    relabelings:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $m.metricRelabelings }}
    metricRelabelings:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}
