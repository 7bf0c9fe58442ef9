"""Own metrics as text. It knows no family and no registry."""

from __future__ import annotations

from functools import cache

from prometheus_client.core import Metric


def render_metric(metric: Metric, *, openmetrics: bool) -> tuple[str, str]:
    """A family's name in the text format, and its text.

    Sample lines are the same in text 0.0.4, text 1.0.0 and OpenMetrics. (prometheus_client's own
    writers take three times as long: most of a small scrape would go there.)
    """
    kind = metric.type
    name = metric.name + {"counter": "_total", "info": "_info"}.get(kind, "")
    title, text = name, metric.documentation
    if openmetrics:
        title, text = metric.name, text.replace('"', r"\"")
    elif kind == "info":
        kind = "gauge"
    lines = [f"# HELP {title} {text}\n# TYPE {title} {kind}\n"]
    lines += [
        f"{sample.name}{_write_labels(tuple(sample.labels.items()))} {_write(sample.value)}\n"
        for sample in metric.samples
    ]
    return name, "".join(lines)


@cache
def _write_labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    pairs = (
        name + '="' + value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"") + '"'
        for name, value in labels
    )
    return "{" + ",".join(pairs) + "}"


def _write(value: float) -> str:
    return str(int(value)) if -1e15 < value < 1e15 and value == int(value) else repr(float(value))
