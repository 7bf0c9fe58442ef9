{{- define "kee.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kee.kind" -}}
{{- .Values.sharding.enabled | ternary "StatefulSet" "Deployment" -}}
{{- end -}}

{{- define "kee.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "kee.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kee.labels" -}}
{{- $own := fromYaml (include "kee.selectorLabels" .) -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_")) -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/component" "metrics" -}}
{{- $_ := set $own "app.kubernetes.io/part-of" .Chart.Name -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{- /* metadata of an object: (list root name namespace labels annotations); "" is no namespace. */ -}}
{{- define "kee.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
{{- with index . 2 }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml (merge (fromYaml (include "kee.labels" $root)) (index . 3 | default dict)) | nindent 2 }}
{{- with merge dict (index . 4 | default dict) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kee.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kee.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kee.image" -}}
{{- $registry := .Values.image.registry -}}
{{- with .Values.global -}}{{- $registry = default $registry .imageRegistry -}}{{- end -}}
{{- with $registry -}}{{ . }}/{{- end -}}
{{- .Values.image.repository -}}
:{{ default (printf "v%s" .Chart.AppVersion) .Values.image.tag }}
{{- with .Values.image.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{- define "kee.pullSecrets" -}}
{{- $secrets := list -}}
{{- range concat (.Values.imagePullSecrets | default list) ((.Values.global | default dict).imagePullSecrets | default list) -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- with $secrets | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kee.webSecret" -}}
{{- default (printf "%s-web" (include "kee.fullname" .) | trunc 63) .Values.webConfig.existingSecret -}}
{{- end -}}

{{- define "kee.scheme" -}}
{{- .Values.webConfig.tls | ternary "https" "http" -}}
{{- end -}}

{{- define "kee.authentication" -}}
{{- $tls := .Values.webConfig.content.tls_server_config | default dict -}}
{{- if or (eq .Values.config.auth "kubernetes") .Values.webConfig.authentication .Values.webConfig.content.basic_auth_users (hasPrefix "Require" (toString $tls.client_auth_type)) -}}
true
{{- end -}}
{{- end -}}
