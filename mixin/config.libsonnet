// All that can be set, with its default. Put your own in by
//   (import 'mixin.libsonnet') + { _config+:: { … } }
{
  _config+:: {
    // Goes into every selector of scraped metrics, of rules and boards: 'job="kube-endpoints-exporter"'.
    selector: '',
    // The label that tells clusters apart. It may be missing on the series.
    clusterLabel: 'cluster',

    // Where links lead, without a slash at the end: your Grafana, the exporter's own page, the documents.
    grafanaUrl: 'http://localhost:3000',
    exporterUrl: 'http://localhost:9769',
    documentsUrl: 'https://github.com/kube-endpoints-exporter/kube-endpoints-exporter/blob/main/docs',

    thresholds: {
      // Seconds without a word of a resource after which what an exporter says is old.
      staleSeconds: 600,
      // Failed lists and watches in 15 minutes that are too many.
      apiErrors: 5,
      // How many times faster than allowed an error budget may be used, by the longer window.
      burn1h: 14.4,
      burn6h: 6,
      burn1d: 3,
      burn3d: 1,
    },

    // Further labels that every rule keeps and joins on, such as 'region'. They have to be on all series.
    additionalAggregationLabels: [],

    // What every alert has besides.
    alertLabels: {},
    alertAnnotations: {},

    // By the name of an alert: { enabled: false }, or any of for, keepFiringFor, severity, labels, annotations.
    alerts: {},

    // By the last part of a group's name (services, topology, changes, dependents, routes, slo, exporter …):
    // { enabled: false }, or any of interval, limit, labels.
    groups: {},
  },
}
