"""Real components on loopback: a control plane, Prometheus, and the exporter as a process.

Knows nothing of pytest, so that the benchmarks use it too. Every process it starts is ended by the
context manager that started it, and dies with its parent where the system can do that. It
listens on 127.0.0.1 only and never touches a kubeconfig that it has not written itself.
"""
