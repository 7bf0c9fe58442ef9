// Made by tools/chart.py. Data only: the rules and dashboards are the files beside this one.
local files = [
  std.parseYaml(importstr "rules/exporter.rules.yaml"),
  std.parseYaml(importstr "rules/recording.rules.yaml"),
  std.parseYaml(importstr "rules/resilience.rules.yaml"),
  std.parseYaml(importstr "rules/services.rules.yaml"),
  std.parseYaml(importstr "rules/slo.rules.yaml"),
];
local groups = std.flattenArrays([file.groups for file in files]);
local only(kind) = [
  group { rules: [rule for rule in group.rules if std.objectHas(rule, kind)] }
  for group in groups
  if std.length([rule for rule in group.rules if std.objectHas(rule, kind)]) > 0
];
{
  prometheusAlerts+:: { groups+: only('alert') },
  prometheusRules+:: { groups+: only('record') },
  grafanaDashboards+:: {
    "kube-endpoints-exporter.json": import "dashboards/kube-endpoints-exporter.json",
    "kube-endpoints-namespace.json": import "dashboards/kube-endpoints-namespace.json",
    "kube-endpoints-overview.json": import "dashboards/kube-endpoints-overview.json",
    "kube-endpoints-resilience.json": import "dashboards/kube-endpoints-resilience.json",
    "kube-endpoints-service.json": import "dashboards/kube-endpoints-service.json",
    "kube-endpoints-slo.json": import "dashboards/kube-endpoints-slo.json",
  },
}
