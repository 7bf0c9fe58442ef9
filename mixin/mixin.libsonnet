// Made by tools/chart.py. Data only: the rules and dashboards are the files beside this one.
local files = [
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
  },
}
