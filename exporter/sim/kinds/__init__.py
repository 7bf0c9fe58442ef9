"""Kubernetes objects as the real controllers and kubelets write them, one module per kind.

Made from the short notation of scenarios. Nothing here keeps state or knows the time: both are
given.
"""
