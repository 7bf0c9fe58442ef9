"""A Prometheus exporter for the endpoints of Kubernetes Services.

It says for every Service whether it has endpoints that can take traffic, and if not why, since
when and what to do. It only ever reads from a cluster.
"""

__version__ = "0.1.0"
