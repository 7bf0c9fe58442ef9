// Nothing is built from here: the modules hold the CustomResourceDefinitions that the chart's objects
// are checked against on a real API server.
module github.com/kube-endpoints-exporter/tools/crds

go 1.24

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	k8s.io/autoscaler/vertical-pod-autoscaler v1.8.1
)
