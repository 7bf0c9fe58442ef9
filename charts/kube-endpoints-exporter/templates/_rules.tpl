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

{{- /* The groups of all rule files, with the changes that the values ask for, as {groups: […]}. */ -}}
{{- define "kee.ruleGroups" -}}
{{- $root := . -}}
{{- $groups := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range (fromYaml ($root.Files.Get $path)).groups -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- $rule := . -}}
{{- if hasKey $rule "alert" -}}
{{- $change := get $root.Values.prometheusRule.alerts $rule.alert | default dict -}}
{{- if ne (get $change "enabled" | toString) "false" -}}
{{- with $change.for -}}{{- $_ := set $rule "for" . -}}{{- end -}}
{{- with $change.keepFiringFor -}}{{- $_ := set $rule "keep_firing_for" . -}}{{- end -}}
{{- $labels := merge dict ($change.labels | default dict) $root.Values.prometheusRule.alertLabels ($rule.labels | default dict) -}}
{{- with $change.severity -}}{{- $_ := set $labels "severity" . -}}{{- end -}}
{{- if $labels -}}{{- $_ := set $rule "labels" $labels -}}{{- end -}}
{{- with merge dict $root.Values.prometheusRule.alertAnnotations ($rule.annotations | default dict) -}}
{{- $_ := set $rule "annotations" . -}}
{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- else -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}{{- $groups = append $groups (set . "rules" $rules) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" (concat $groups $root.Values.prometheusRule.extraGroups | default list)) -}}
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
