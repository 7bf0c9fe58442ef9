"""Commands to copy: templates filled in with what is there, quoted for a shell.

A command whose example is not there is left out: there would be nothing to show with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from exporter.explaining.evidence import find_culprit, find_reason
from exporter.explaining.owners import name_makers, name_scalable
from exporter.explaining.scene import Scene
from exporter.explaining.wording import quote, show_selector
from exporter.model import Finding, FindingCode, Reason
from exporter.objects.pods import Pod

#: Findings that are about Pods, by name.
_ABOUT_PODS = frozenset(
    {FindingCode.TERMINATING_STUCK, FindingCode.HALF_UNREADY, FindingCode.SOME_UNREADY}
)


class Blanks(msgspec.Struct, frozen=True):
    """What stands for the words in braces of a command; values are quoted already."""

    scene: Scene
    values: Mapping[str, str]

    def fill(self, templates: Iterable[str]) -> Iterator[str]:
        """The commands that can be filled in, in their order."""
        for template in templates:
            try:
                yield template.format(**self.values)
            except KeyError:
                continue

    def about(self, finding: Finding) -> Blanks:
        """With what a finding is about as the example."""
        values = dict(self.values)
        who, what = finding.about[0] if finding.about else ("", "")
        if finding.code is FindingCode.REPLICAS_MISSING and " " in who:
            kind, _, name = who.partition(" ")
            values["object"] = quote(f"{kind.lower()}/{name}")
        elif who:
            values["object"] = quote(who)
        if finding.code in _ABOUT_PODS:
            reason = find_reason(what)
            pod = next((pod for pod in self.scene.pods if pod.name == who), None)
            if pod is not None:
                values |= _of_pod(pod, reason)
        return msgspec.structs.replace(self, values=values)


def gather_blanks(scene: Scene) -> Blanks:
    """What commands about a Service are filled in with."""
    service, reason = scene.service, scene.report.reason
    values = {"namespace": quote(service.namespace), "service": quote(service.name)}
    if service.selector:
        values["selector"] = quote(show_selector(service.selector))
    example = _find_example(scene)
    if example is not None:
        values |= _of_pod(example, reason)
    for owner in name_scalable(scene.view):
        values.setdefault("workload", quote(owner))
    for maker in name_makers(scene.view):
        values.setdefault("maker", quote(maker))
    return Blanks(scene, values)


def _find_example(scene: Scene) -> Pod | None:
    """The Pod that commands speak of: the first that shows the reason."""
    reason = scene.report.reason
    for own, pod in scene.judged:
        if own is reason or reason is None:
            return pod
    return min(scene.pods, key=lambda pod: pod.name, default=None)


def _of_pod(pod: Pod, reason: Reason | None) -> dict[str, str]:
    values = {"pod": quote(pod.name)}
    container = find_culprit(reason, pod) if reason is not None else ""
    if container:
        values["container"] = quote(container)
    if pod.node:
        values["node"] = quote(pod.node)
    return values
