"""A Prometheus exporter for the endpoints of Kubernetes Services.

It says for every Service whether it has endpoints that can take traffic, and if not why, since
when and what to do. It only reads from a cluster,
but for a Lease of its own among replicas and, where it is asked to, Events.
"""

__version__ = "0.1.0"
