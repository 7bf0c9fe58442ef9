"""Figures of speed and memory, side by side with kube-state-metrics in the same run."""
