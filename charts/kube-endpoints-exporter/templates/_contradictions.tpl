{{- /* Names that other charts use, and what has that meaning here. */ -}}
{{- define "kee.aliases" -}}
replicaCount: replicas
image.name: image.repository
image.pullSecrets: imagePullSecrets
image.sha: image.digest
extraEnv: env
extraEnvVars: env
extraEnvFrom: envFrom
securityContext: podSecurityContext
customLabels: commonLabels
extraLabels: commonLabels
additionalLabels: commonLabels
extraManifests: extraObjects
extraDeploy: extraObjects
autosharding: sharding
collectors: config.groups
groups: config.groups
logLevel: config.log.level
logFormat: config.log.format
log: config.log
args: extraArgs
volumes: extraVolumes
volumeMounts: extraVolumeMounts
metricLabelsAllowlist: config.labelsAllowlist
metricAnnotationsAllowList: config.annotationsAllowlist
kubeRBACProxy: webConfig
metrics: serviceMonitor
monitor: serviceMonitor
prometheus: serviceMonitor
grafana: dashboards
grafanaDashboards: dashboards
prometheusRules: prometheusRule
alerts: prometheusRule.alerts
pdb: podDisruptionBudget
vpa: verticalPodAutoscaler
hpa: replicas
autoscaling: verticalPodAutoscaler
route: httpRoute
gateway: httpRoute
rbac.useClusterRole: rbac.scope
rbac.useExistingRole: rbac.existingRole
rbac.clusterRole: rbac.scope
serviceAccount.automount: serviceAccount.automountServiceAccountToken
serviceMonitor.additionalLabels: serviceMonitor.labels
serviceMonitor.extraLabels: serviceMonitor.labels
serviceMonitor.selector: serviceMonitor.labels
serviceMonitor.metricRelabelConfigs: serviceMonitor.metricRelabelings
serviceMonitor.relabelConfigs: serviceMonitor.relabelings
serviceMonitor.proxyURL: serviceMonitor.proxyUrl
podMonitor.additionalLabels: podMonitor.labels
prometheusRule.additionalLabels: prometheusRule.labels
prometheusRule.rules: prometheusRule.extraGroups
dashboards.label: dashboards.labels
ingress.hosts: ingress.host
ingress.ingressClassName: ingress.className
ingress.tls: ingress.tlsSecret
config.logLevel: config.log.level
config.labelAllowlist: config.labelsAllowlist
service.ports: service.port
service.targetPort: containerPort
{{- end -}}

{{- /* The values that are lengths of time. */ -}}
{{- define "kee.durations" -}}
- config.interval
- config.gracePeriod
- config.lagThreshold
- serviceMonitor.interval
- serviceMonitor.scrapeTimeout
- podMonitor.interval
- podMonitor.scrapeTimeout
- scrapeConfig.scrapeInterval
- scrapeConfig.scrapeTimeout
- notify.interval
- podMonitoring.interval
- podMonitoring.timeout
- vmServiceScrape.interval
- vmServiceScrape.scrapeTimeout
{{- end -}}

{{- /* What is written where a map, a known name or a length of time has to be. */ -}}
{{- define "kee.checkForms" -}}
{{- $v := .Values -}}
{{- range $name := list "image" "leaderElection" "sharding" "config" "notify" "rbac" "serviceAccount" "service" "serviceMonitor" "podMonitor" "scrapeConfig" "podMonitoring" "vmServiceScrape" "prometheusRule" "vmRule" "ingress" "httpRoute" "dashboards" "webConfig" "networkPolicy" "podDisruptionBudget" "verticalPodAutoscaler" "livenessProbe" "readinessProbe" "startupProbe" "tests" -}}
{{- if not (kindIs "map" (get $v $name)) -}}
{{- fail (printf "%s is null, and takes a map: leave it out for the defaults, or write what shall differ from them." $name) -}}
{{- end -}}
{{- end -}}
{{- range $alias, $name := fromYaml (include "kee.aliases" .) -}}
{{- $parts := splitList "." $alias -}}
{{- $place := ternary $v (get $v (first $parts)) (eq (len $parts) 1) -}}
{{- if and (kindIs "map" $place) (hasKey $place (last $parts)) -}}
{{- fail (printf "%s: there is no such value; did you mean %s?" $alias $name) -}}
{{- end -}}
{{- end -}}
{{- range $path := fromYamlArray (include "kee.durations" .) -}}
{{- $parts := splitList "." $path -}}
{{- $value := get (get $v (first $parts)) (last $parts) -}}
{{- if or (kindIs "float64" $value) (kindIs "int64" $value) (kindIs "int" $value) -}}
{{- fail (printf "%s is %v, and takes a length of time with its unit: did you mean %vs?" $path $value $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Values that are each well-formed but can't hold together: one sentence that says what to set. */ -}}
{{- define "kee.check" -}}
{{- include "kee.checkForms" . -}}
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
{{- if and $v.notify.url $v.notify.existingSecret -}}
{{- fail "notify.url and notify.existingSecret are both set: set the one that names the receiver." -}}
{{- end -}}
{{- if and (or $v.notify.token $v.notify.ca) (not $v.notify.existingSecret) -}}
{{- fail "notify.token or notify.ca is true but notify.existingSecret is empty, so there is nothing to take them from: set it to the Secret that holds `url` and them." -}}
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
{{- range $way := list "serviceMonitor" "podMonitor" "scrapeConfig" "podMonitoring" "vmServiceScrape" -}}
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
{{- $pods := ternary $v.sharding.shards $v.replicas $v.sharding.enabled | int -}}
{{- $least := toString $v.podDisruptionBudget.minAvailable -}}
{{- if or (eq $least "100%") (and $min (not (hasSuffix "%" $least)) (ge (int $v.podDisruptionBudget.minAvailable) $pods)) -}}
{{- fail (printf "podDisruptionBudget.minAvailable is %s with %d Pods, so no Node with one of them could ever be drained: lower it, raise replicas, or set maxUnavailable: 1." $least $pods) -}}
{{- end -}}
{{- if and $max (has (toString $v.podDisruptionBudget.maxUnavailable) (list "0" "0%")) -}}
{{- fail "podDisruptionBudget.maxUnavailable is 0, so no Node with one of the Pods could ever be drained: set it to 1." -}}
{{- end -}}
{{- end -}}
{{- if and (ne $v.service.type "ClusterIP") (eq $v.service.clusterIP "None") -}}
{{- fail (printf "service.type is %s but service.clusterIP is None: a headless Service has type ClusterIP; set service.type to ClusterIP, or clear service.clusterIP." $v.service.type) -}}
{{- end -}}
{{- if and $v.service.nodePort (eq $v.service.type "ClusterIP") -}}
{{- fail "service.nodePort is set but service.type is ClusterIP: set service.type to NodePort." -}}
{{- end -}}
{{- range $way := list "ingress" "httpRoute" -}}
{{- $door := get $v $way -}}
{{- if and $door.enabled (not (or $door.public (include "kee.authentication" $))) -}}
{{- fail (printf "%s.enabled is true but nobody is asked for a password, so whoever reaches the host sees labels, addresses, Pods and Nodes of every Service: set webConfig with basic_auth_users, or %s.public to true where something else guards the host." $way $way) -}}
{{- end -}}
{{- if and $door.enabled (not $v.service.enabled) -}}
{{- fail (printf "%s.enabled is true but service.enabled is false, so it would lead nowhere: set service.enabled to true." $way) -}}
{{- end -}}
{{- if and $door.enabled (not $v.config.page) -}}
{{- fail (printf "%s.enabled is true but config.page is false, so there is no page to show: set config.page to true." $way) -}}
{{- end -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) -}}
{{- fail "ingress.enabled is true but ingress.host is empty: set it to the name that people type." -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled is true but httpRoute.parentRefs is empty: name the Gateway." -}}
{{- end -}}
{{- $groups := (fromYaml (include "kee.groupNames" .)).names -}}
{{- range $name := keys $v.prometheusRule.groups | sortAlpha -}}
{{- if not (has $name $groups) -}}
{{- fail (printf "prometheusRule.groups.%s: there is no such group; there are: %s." $name (default "none" (join ", " (sortAlpha $groups)))) -}}
{{- end -}}
{{- end -}}
{{- $names := (fromYaml (include "kee.alertNames" .)).names -}}
{{- range $name := keys $v.prometheusRule.alerts | sortAlpha -}}
{{- if not (has $name $names) -}}
{{- fail (printf "prometheusRule.alerts.%s: there is no such alert; there are: %s." $name (default "none" (join ", " (sortAlpha $names)))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
