// Made by tools/chart.py. What can be set stands in config.libsonnet:
//   (import 'mixin.libsonnet') + { _config+:: { clusterLabel: 'k8s_cluster' } }
local lib = import 'lib.libsonnet';
local rules = {
  'exporter.rules.json': import 'rules/exporter.rules.json',
  'recording.rules.json': import 'rules/recording.rules.json',
  'resilience.rules.json': import 'rules/resilience.rules.json',
  'services.rules.json': import 'rules/services.rules.json',
  'slo.rules.json': import 'rules/slo.rules.json',
};
local boards = {
  'kube-endpoints-exporter.json': import 'dashboards/kube-endpoints-exporter.json',
  'kube-endpoints-namespace.json': import 'dashboards/kube-endpoints-namespace.json',
  'kube-endpoints-overview.json': import 'dashboards/kube-endpoints-overview.json',
  'kube-endpoints-resilience.json': import 'dashboards/kube-endpoints-resilience.json',
  'kube-endpoints-service.json': import 'dashboards/kube-endpoints-service.json',
  'kube-endpoints-slo.json': import 'dashboards/kube-endpoints-slo.json',
};
local recorded = [
  "cluster_namespace:k8s_service_endpoints:sum",
  "cluster_namespace:k8s_service_endpoints_changes:rate5m",
  "cluster_namespace:k8s_service_endpoints_unavailable:count",
  "cluster_namespace:k8s_services:count",
  "cluster_namespace_service:k8s_service_down:bool",
  "cluster_namespace_service:k8s_service_endpoints_lost:bool",
  "cluster_namespace_service:k8s_service_endpoints_ready:max",
  "cluster_namespace_service:k8s_service_endpoints_ready:peak",
  "cluster_namespace_service:k8s_service_endpoints_unavailable:bool",
  "cluster_namespace_service:k8s_service_endpoints_unready:max",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate1d",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate1h",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate2h",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate30d",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate30m",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate3d",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate5m",
  "cluster_namespace_service:k8s_service_error_budget_burn:rate6h",
  "cluster_namespace_service:k8s_service_slo_objective:ratio",
  "instance_resource:endpoints_exporter_resource_age:seconds"
];
(import 'config.libsonnet') + {
  local groups = lib.configure(rules, $._config),
  prometheusAlerts+:: { groups+: lib.only('alert', groups) },
  prometheusRules+:: { groups+: lib.only('record', groups) },
  grafanaDashboards+:: lib.dress(boards, recorded, $._config),
}
