{{- /*
The rules of the role, out of files/rbac.yaml (a copy of deploy/rbac). Argument: (list root scope),
scope is `cluster` or `namespace`.
*/ -}}
{{- define "kee.rbacRules" -}}
{{- $root := index . 0 -}}
{{- $scope := index . 1 -}}
{{- $config := $root.Values.config -}}
{{- $known := get (fromYaml ($root.Files.Get "files/rbac.yaml")) $scope -}}
{{- $rules := list -}}
{{- range $known.required -}}
{{- if not (and (eq $config.source "endpoints") (has "endpointslices" .resources)) -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- if eq $config.source "endpoints" -}}{{- $rules = concat $rules $known.endpoints -}}{{- end -}}
{{- if $config.pods -}}{{- $rules = concat $rules $known.pods -}}{{- end -}}
{{- if and $config.nodes (hasKey $known "nodes") -}}{{- $rules = concat $rules $known.nodes -}}{{- end -}}
{{- if $config.workloads -}}{{- $rules = concat $rules $known.workloads -}}{{- end -}}
{{- if has "dependents" $config.groups -}}{{- $rules = concat $rules $known.dependents -}}{{- end -}}
{{- if has "routes" $config.groups -}}{{- $rules = concat $rules $known.routes -}}{{- end -}}
{{- toYaml (concat $rules $root.Values.rbac.extraRules) -}}
{{- end -}}

{{- /* The last part of a group's name: (group). */ -}}
{{- define "kee.groupName" -}}
{{- regexFind "[^.]+$" .name -}}
{{- end -}}

{{- /* "true" when a group of rules shall be there: (list root group). */ -}}
{{- define "kee.groupEnabled" -}}
{{- $values := (index . 0).Values -}}
{{- $name := include "kee.groupName" (index . 1) -}}
{{- $asked := get (get $values.prometheusRule.groups $name | default dict) "enabled" -}}
{{- if kindIs "bool" $asked -}}{{- $asked -}}
{{- else if has $name (list "topology" "changes" "dependents" "routes") -}}{{- has $name $values.config.groups -}}
{{- else -}}true
{{- end -}}
{{- end -}}

{{- /* An expression with the thresholds and labels that the values ask for: (list root rule). */ -}}
{{- define "kee.expr" -}}
{{- $root := index . 0 -}}
{{- $rule := index . 1 -}}
{{- $wanted := $root.Values.prometheusRule -}}
{{- $expr := $rule.expr -}}
{{- range (fromYaml ($root.Files.Get "files/thresholds.yaml")).thresholds -}}
{{- if and (eq .alert (get $rule "alert")) (hasKey $wanted.thresholds .name) -}}
{{- $expr = replace (printf "%s%s" .before .value) (printf "%s%v" .before (get $wanted.thresholds .name)) $expr -}}
{{- end -}}
{{- end -}}
{{- if ne $wanted.clusterLabel "cluster" -}}
{{- /* The word is the label, but in names of records. */ -}}
{{- $expr = $expr | replace "cluster_namespace" "\x00" | replace "cluster" $wanted.clusterLabel | replace "\x00" "cluster_namespace" -}}
{{- end -}}
{{- with $wanted.additionalAggregationLabels -}}
{{- $expr = regexReplaceAll (printf "\\b(by|on) \\(%s\\b" $wanted.clusterLabel) $expr (printf "${1} (%s, %s" $wanted.clusterLabel (join ", " .)) -}}
{{- end -}}
{{- $expr -}}
{{- end -}}

{{- /* A text of an annotation with the addresses and the label that the values ask for: (list root text). */ -}}
{{- define "kee.annotation" -}}
{{- $wanted := (index . 0).Values.prometheusRule -}}
{{- $text := index . 1 -}}
{{- with $wanted.grafanaUrl -}}{{- $text = replace "http://localhost:3000" . $text -}}{{- end -}}
{{- with $wanted.exporterUrl -}}{{- $text = replace "http://localhost:9769" . $text -}}{{- end -}}
{{- with $wanted.runbookUrl -}}
{{- $text = replace "https://github.com/kube-endpoints-exporter/kube-endpoints-exporter/blob/main/docs/runbooks" . $text -}}
{{- end -}}
{{- if ne $wanted.clusterLabel "cluster" -}}
{{- $text = $text | replace "$labels.cluster" (printf "$labels.%s" $wanted.clusterLabel) | replace "{cluster=%q" (printf "{%s=%%q" $wanted.clusterLabel) -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{- /* The groups of all rule files, with the changes that the values ask for, as {groups: […]}. */ -}}
{{- define "kee.ruleGroups" -}}
{{- $root := . -}}
{{- $wanted := .Values.prometheusRule -}}
{{- $groups := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range (fromYaml ($root.Files.Get $path)).groups -}}
{{- $group := . -}}
{{- if eq (include "kee.groupEnabled" (list $root $group)) "true" -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- $rule := set . "expr" (include "kee.expr" (list $root .)) -}}
{{- if hasKey $rule "alert" -}}
{{- $change := get $wanted.alerts $rule.alert | default dict -}}
{{- if ne (get $change "enabled" | toString) "false" -}}
{{- with $change.for -}}{{- $_ := set $rule "for" . -}}{{- end -}}
{{- with $change.keepFiringFor -}}{{- $_ := set $rule "keep_firing_for" . -}}{{- end -}}
{{- $labels := merge dict ($change.labels | default dict) $wanted.alertLabels ($rule.labels | default dict) -}}
{{- with $change.severity -}}{{- $_ := set $labels "severity" . -}}{{- end -}}
{{- if $labels -}}{{- $_ := set $rule "labels" $labels -}}{{- end -}}
{{- $annotations := dict -}}
{{- range $name, $text := $rule.annotations | default dict -}}
{{- $_ := set $annotations $name (include "kee.annotation" (list $root $text)) -}}
{{- end -}}
{{- with merge dict ($change.annotations | default dict) $wanted.alertAnnotations $annotations -}}
{{- $_ := set $rule "annotations" . -}}
{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- else -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- $change := get $wanted.groups (include "kee.groupName" $group) | default dict -}}
{{- range $key := list "interval" "limit" "labels" -}}
{{- with get $change $key -}}{{- $_ := set $group $key (kindIs "float64" . | ternary (int .) .) -}}{{- end -}}
{{- end -}}
{{- if $rules -}}{{- $groups = append $groups (set $group "rules" $rules) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" (concat $groups $wanted.extraGroups | default list)) -}}
{{- end -}}

{{- /* The last parts of the names of all groups in the rule files, as {names: […]}. */ -}}
{{- define "kee.groupNames" -}}
{{- $root := . -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range (fromYaml ($root.Files.Get $path)).groups -}}{{- $names = append $names (include "kee.groupName" .) -}}{{- end -}}
{{- end -}}
{{- toYaml (dict "names" ($names | uniq)) -}}
{{- end -}}

{{- /* The names of all alerts in the rule files, as {names: […]}. */ -}}
{{- define "kee.alertNames" -}}
{{- $root := . -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range (fromYaml ($root.Files.Get $path)).groups -}}
{{- range .rules -}}
{{- if hasKey . "alert" -}}{{- $names = append $names .alert -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "names" ($names | uniq)) -}}
{{- end -}}
