{{- /* Values that are each well-formed but can't hold together: one sentence that says what to set. */ -}}
{{- define "kee.check" -}}
{{- $v := .Values -}}
{{- if and (eq $v.rbac.scope "namespace") (not $v.namespaces) -}}
{{- fail "rbac.scope is `namespace` but `namespaces` is empty, so the exporter would watch the whole cluster, which Roles can't allow: set `namespaces` to those it shall read, or rbac.scope to `cluster`." -}}
{{- end -}}
{{- range $v.namespaces -}}
{{- if has . $v.namespacesDenylist -}}
{{- fail (printf "the namespace %q stands in `namespaces` and in `namespacesDenylist`: take it out of one of them." .) -}}
{{- end -}}
{{- end -}}
{{- range $v.config.noGroups -}}
{{- if has . $v.config.groups -}}
{{- fail (printf "the group %q stands in `config.groups` and in `config.noGroups`: take it out of one of them." .) -}}
{{- end -}}
{{- end -}}
{{- if and $v.leaderElection.enabled $v.sharding.enabled -}}
{{- fail "leaderElection.enabled and sharding.enabled are both true, but of several shards each has to tell its own part: set one of them to false." -}}
{{- end -}}
{{- if and $v.sharding.enabled (ne (int $v.replicas) 1) -}}
{{- fail "sharding.enabled is true and replicas is not 1, but each shard is one Pod: set sharding.shards to the number of Pods, and leave replicas at 1." -}}
{{- end -}}
{{- if and $v.sharding.enabled (not $v.service.enabled) -}}
{{- fail "sharding.enabled is true but service.enabled is false, and a StatefulSet needs its Service: set service.enabled to true." -}}
{{- end -}}
{{- if $v.webConfig.enabled -}}
{{- if and $v.webConfig.existingSecret $v.webConfig.content -}}
{{- fail "webConfig.existingSecret and webConfig.content are both set: set the one that holds the web configuration file." -}}
{{- end -}}
{{- if not (or $v.webConfig.existingSecret $v.webConfig.content) -}}
{{- fail "webConfig.enabled is true but there is no Secret: set webConfig.existingSecret to the Secret that holds the file, or webConfig.content to what shall stand in it." -}}
{{- end -}}
{{- if and $v.webConfig.content.tls_server_config (not $v.webConfig.tls) -}}
{{- fail "webConfig.content sets up TLS (tls_server_config) but webConfig.tls is false, so probes and monitors would speak plain HTTP: set webConfig.tls to true." -}}
{{- end -}}
{{- else if or $v.webConfig.existingSecret $v.webConfig.content $v.webConfig.tls $v.webConfig.authentication $v.webConfig.tlsSecret -}}
{{- fail "a value of webConfig is set but webConfig.enabled is false, so it would serve plain HTTP to everybody: set webConfig.enabled to true." -}}
{{- end -}}
{{- $ways := list -}}
{{- range $way := list "serviceMonitor" "podMonitor" "scrapeConfig" -}}
{{- if (get $v $way).enabled -}}{{- $ways = append $ways $way -}}{{- end -}}
{{- end -}}
{{- if gt (len $ways) 1 -}}
{{- fail (printf "%s are enabled together, so every series would be scraped more than once: enable one of them." (join " and " $ways)) -}}
{{- end -}}
{{- if and $v.prometheusScrape $ways -}}
{{- fail (printf "prometheusScrape and %s are enabled together, so a Prometheus that obeys both scrapes every series twice: enable one of them." (first $ways)) -}}
{{- end -}}
{{- if and $v.serviceMonitor.enabled (not $v.service.enabled) -}}
{{- fail "serviceMonitor.enabled is true but service.enabled is false, so there is nothing to monitor: set service.enabled to true, or use podMonitor." -}}
{{- end -}}
{{- if and $v.dashboards.grafanaOperator.enabled (not $v.dashboards.enabled) -}}
{{- fail "dashboards.grafanaOperator.enabled is true but dashboards.enabled is false, so there are no ConfigMaps to read from: set dashboards.enabled to true." -}}
{{- end -}}
{{- if $v.podDisruptionBudget.enabled -}}
{{- $min := not (kindIs "invalid" $v.podDisruptionBudget.minAvailable) -}}
{{- $max := not (kindIs "invalid" $v.podDisruptionBudget.maxUnavailable) -}}
{{- if and $min $max -}}
{{- fail "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: set one of them." -}}
{{- end -}}
{{- if not (or $min $max) -}}
{{- fail "podDisruptionBudget.enabled is true but neither minAvailable nor maxUnavailable is set: set one of them." -}}
{{- end -}}
{{- end -}}
{{- if and (ne $v.service.type "ClusterIP") (eq $v.service.clusterIP "None") -}}
{{- fail (printf "service.type is %s but service.clusterIP is None: a headless Service has type ClusterIP; set service.type to ClusterIP, or clear service.clusterIP." $v.service.type) -}}
{{- end -}}
{{- if and $v.service.nodePort (eq $v.service.type "ClusterIP") -}}
{{- fail "service.nodePort is set but service.type is ClusterIP: set service.type to NodePort." -}}
{{- end -}}
{{- $names := (fromYaml (include "kee.alertNames" .)).names -}}
{{- range $name := keys $v.prometheusRule.alerts | sortAlpha -}}
{{- if not (has $name $names) -}}
{{- fail (printf "prometheusRule.alerts.%s: there is no such alert; there are: %s." $name (default "none" (join ", " (sortAlpha $names)))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
