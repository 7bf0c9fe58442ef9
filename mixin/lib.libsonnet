// Puts the configuration into rules and boards.
local fold(text, pairs) = std.foldl(
  function(done, pair) std.strReplace(done, pair[0], pair[1]), pairs, text
);

// The word `cluster` in an expression is the label, but in names of records and variables.
local relabel(expr, config) = fold(expr, [
  ['cluster_namespace', '«1»'],
  ['$cluster', '«2»'],
  ['cluster', config.clusterLabel],
  ['«2»', '$cluster'],
  ['«1»', 'cluster_namespace'],
]);

local bases(text, config) = fold(text, [
  ['http://localhost:3000', config.grafanaUrl],
  ['http://localhost:9769', config.exporterUrl],
  ['https://github.com/kube-endpoints-exporter/kube-endpoints-exporter/blob/main/docs', config.documentsUrl],
]);

// Every grouping and join begins with the cluster's label; the further ones come after it.
local widen(expr, config) = fold(expr, [
  [word + ' (' + config.clusterLabel + after, word + ' (' + std.join(', ', [config.clusterLabel] + config.additionalAggregationLabels) + after]
  for word in ['by', 'on']
  for after in [',', ')']
]);

local expression(expr, config) = widen(relabel(fold(expr, [
  ['«,»', if config.selector == '' then '' else config.selector + ', '],
  ['«{}»', if config.selector == '' then '' else '{' + config.selector + '}'],
] + [
  ['«' + name + '»', std.toString(config.thresholds[name])]
  for name in std.objectFields(config.thresholds)
]), config), config);

local annotation(text, config) = bases(fold(text, [
  ['$labels.cluster', '$labels.' + config.clusterLabel],
  ['{cluster=%q', '{' + config.clusterLabel + '=%q'],
]), config);

local change(config, alert) =
  { enabled: true } + (if std.objectHas(config.alerts, alert) then config.alerts[alert] else {});

local groupName(group) = local parts = std.split(group.name, '.'); parts[std.length(parts) - 1];

local changeGroup(config, group) =
  { enabled: true }
  + (if std.objectHas(config.groups, groupName(group)) then config.groups[groupName(group)] else {});

// What the configuration adds to every alert goes before what the alert says, and after what is said of it alone.
local added(one, config) =
  if std.objectHas(one, 'alert')
  then { labels+: config.alertLabels, annotations+: config.alertAnnotations }
  else {};

local rule(one, config) =
  local changed = change(config, if std.objectHas(one, 'alert') then one.alert else '');
  one { expr: expression(one.expr, config) }
  + (if std.objectHas(one, 'annotations')
     then { annotations: std.mapWithKey(function(_, text) annotation(text, config), one.annotations) }
     else {})
  + added(one, config)
  + (if std.objectHas(changed, 'annotations') then { annotations+: changed.annotations } else {})
  + (if std.objectHas(changed, 'for') then { 'for': changed['for'] } else {})
  + (if std.objectHas(changed, 'keepFiringFor') then { keep_firing_for: changed.keepFiringFor } else {})
  + (if std.objectHas(changed, 'labels') then { labels+: changed.labels } else {})
  + (if std.objectHas(changed, 'severity') then { labels+: { severity: changed.severity } } else {});

// Selectors of boards begin with the cluster; records have no labels of a target.
local select(expr, recorded, config) =
  if config.selector == '' then expr else fold(
    expr,
    [[name + '{', name + '«('] for name in recorded]
    + [['{cluster=~"$cluster"', '{' + config.selector + ', cluster=~"$cluster"'], ['«(', '{']]
  );

local dress(value, recorded, config) =
  if std.isArray(value) then [dress(one, recorded, config) for one in value]
  else if std.isObject(value) then {
    [if key == 'cluster' then config.clusterLabel else key]:
      if std.member(['expr', 'definition', 'query'], key) && std.isString(value[key])
      then relabel(select(value[key], recorded, config), config)
      else if key == 'legendFormat' || key == 'titleFormat'
      then std.strReplace(value[key], '{{cluster}}', '{{' + config.clusterLabel + '}}')
      else if key == 'url' then bases(value[key], config)
      else dress(value[key], recorded, config)
    for key in std.objectFields(value)
  }
  else value;

{
  configure(files, config):: [
    group
    + {
      [key]: changeGroup(config, group)[key]
      for key in ['interval', 'limit', 'labels']
      if std.objectHas(changeGroup(config, group), key)
    }
    + {
      rules: [
        rule(one, config)
        for one in group.rules
        if !std.objectHas(one, 'alert') || change(config, one.alert).enabled
      ],
    }
    for name in std.objectFields(files)
    for group in files[name].groups
    if changeGroup(config, group).enabled
  ],

  only(kind, groups):: [
    group { rules: [one for one in group.rules if std.objectHas(one, kind)] }
    for group in groups
    if std.length([one for one in group.rules if std.objectHas(one, kind)]) > 0
  ],

  dress(boards, recorded, config):: { [name]: dress(boards[name], recorded, config) for name in std.objectFields(boards) },
}
