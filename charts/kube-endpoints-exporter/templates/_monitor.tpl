{{- /* Limits of a scrape, for those that are set. */ -}}
{{- define "kee.limits" -}}
{{- $set := dict -}}
{{- $m := . -}}
{{- range $key := list "sampleLimit" "targetLimit" "labelLimit" "labelNameLengthLimit" "labelValueLengthLimit" -}}
{{- with get $m $key -}}{{- $_ := set $set $key (int .) -}}{{- end -}}
{{- end -}}
{{- with $m.scrapeClass -}}{{- $_ := set $set "scrapeClass" . -}}{{- end -}}
{{- if $set -}}{{- toYaml $set -}}{{- end -}}
{{- end -}}

{{- /* The labels of a monitor or rule: its own, and the release's that shall find it: (list root labels). */ -}}
{{- define "kee.found" -}}
{{- $own := index . 1 -}}
{{- with (index . 0).Values.releaseLabel -}}{{- $own = merge (dict) $own (dict "release" .) -}}{{- end -}}
{{- toYaml $own -}}
{{- end -}}

{{- /*
What the endpoints of ServiceMonitor and PodMonitor and a ScrapeConfig have in common: (list root values http2),
where http2 is how the kind spells that key.
*/ -}}
{{- define "kee.scrape" -}}
{{- $root := index . 0 -}}
{{- $m := index . 1 -}}
honorLabels: {{ $m.honorLabels }}
{{- with $m.proxyUrl }}
proxyUrl: {{ . }}
{{- end }}
{{- if not (kindIs "invalid" $m.enableHttp2) }}
{{ index . 2 }}: {{ $m.enableHttp2 }}
{{- end }}
{{- with $m.authorization }}
authorization:
  {{- toYaml . | nindent 2 }}
{{- end }}
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
{{- /* Else it is its own namespace: whoever moves all objects, with kustomize for one, moves that too. */}}
{{- if and $m.namespace (ne $m.namespace (include "kee.namespace" $root)) }}
namespaceSelector:
  matchNames:
    - {{ include "kee.namespace" $root }}
{{- end }}
{{- with include "kee.limits" $m }}
{{ . }}
{{- end }}
{{- range $key := list "targetLabels" "podTargetLabels" "attachMetadata" }}
{{- with get $m $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{ index . 2 }}:
  - port: metrics
    path: {{ include "kee.prefix" $root }}/metrics
    scheme: {{ default (include "kee.scheme" $root) $m.scheme }}
    {{- include "kee.scrape" (list $root $m "enableHttp2") | nindent 4 }}
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
