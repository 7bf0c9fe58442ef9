"""Services beside others and beside StatefulSets, and their IP families."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from exporter.manifests.places import Manifest, dig, read_labels
from exporter.manifests.remarks import Level, Remark, Rule, make_remark
from exporter.manifests.templates import Template

_FAMILIES = ("IPv4", "IPv6")


def judge_services(
    manifests: Iterable[Manifest], templates: Iterable[Template], whole: Collection[str] | None
) -> Iterator[Remark]:
    """Remarks on Services; `whole` are the namespaces all of whose Services are known, or all."""
    services = [one for one in manifests if one.kind == "Service" and not one.group]
    yield from _find_same(services)
    for one in services:
        fault = _find_family_fault(one)
        if fault:
            yield make_remark(
                Level.ERROR, Rule.FAMILIES_INVALID, one, fault, at=("spec", "ipFamilies")
            )
    by_key = {(one.namespace, one.name): one for one in services}
    for template in templates:
        if template.owner.kind == "StatefulSet":
            yield from _judge_governing(template, by_key, whole)


def _find_same(services: Iterable[Manifest]) -> Iterator[Remark]:
    first: dict[object, Manifest] = {}
    for one in services:
        selector = read_labels(one.get("spec", "selector"))
        ports = one.get("spec", "ports")
        if not selector:
            continue
        for port in ports if isinstance(ports, list) else ():
            target = dig(port, "targetPort") or dig(port, "port")
            key = (
                one.namespace,
                tuple(sorted(selector.items())),
                str(one.get("spec", "type") or "ClusterIP"),
                one.get("spec", "clusterIP") == "None",
                one.get("spec", "publishNotReadyAddresses") is True,
                str(dig(port, "protocol") or "TCP"),
                str(target),
            )
            other = first.setdefault(key, one)
            if other is not one and other.name != one.name:
                yield make_remark(
                    Level.NOTE,
                    Rule.SAME_SELECTOR,
                    one,
                    f"Service {other.name} ({other.file} line {other.line}) selects the same Pods "
                    "and leads to the same port: one of the two selectors may be a mistake.",
                    "Correct the selector that was copied, or keep one of the Services.",
                    at=("spec", "selector"),
                )
                break


def _find_family_fault(one: Manifest) -> str:
    """What the API server refuses of a Service's families, in a line; "" when it takes them.

    As in kubernetes pkg/apis/core/validation and pkg/registry/core/service/storage/alloc.go.
    """
    families = one.get("spec", "ipFamilies")
    families = families if isinstance(families, list) else []
    strange = [family for family in families if family not in _FAMILIES]
    if strange:
        return f"ipFamilies has {str(strange[0])[:40]!r}: there are IPv4 and IPv6."
    if len(set(families)) < len(families):  # all of them are texts by now
        return "ipFamilies has a family twice."
    if len(families) > 1 and one.get("spec", "ipFamilyPolicy") == "SingleStack":
        return "ipFamilyPolicy is SingleStack, and ipFamilies has two."
    given = one.get("spec", "clusterIPs") or [one.get("spec", "clusterIP")]
    for address, family in zip(given if isinstance(given, list) else (), families, strict=False):
        if isinstance(address, str) and address not in ("", "None"):
            own = "IPv6" if ":" in address else "IPv4"
            if own != family:
                return f"The cluster IP {address} is of {own}, and ipFamilies wants {family}."
    return ""


def _judge_governing(
    template: Template,
    services: dict[tuple[str, str], Manifest],
    whole: Collection[str] | None,
) -> Iterator[Remark]:
    """The Service that gives the Pods of a StatefulSet their names."""
    owner = template.owner
    name = owner.get("spec", "serviceName")
    if not isinstance(name, str) or not name:
        return
    service = services.get((owner.namespace, name))
    at = ("spec", "serviceName")
    if service is None:
        known = whole is None or owner.namespace in whole
        yield make_remark(
            Level.WARNING if known else Level.UNKNOWN,
            Rule.GOVERNING_SERVICE,
            owner,
            f"Its headless Service {owner.namespace}/{name} is not there: its Pods get no names "
            "of their own.",
            "Make the Service, with clusterIP None, or name the one that there is.",
            at=at,
        )
        return
    selector = read_labels(service.get("spec", "selector"))
    if not selector.items() <= template.labels.items():
        yield make_remark(
            Level.WARNING,
            Rule.GOVERNING_SERVICE,
            owner,
            f"Its Service {owner.namespace}/{name} does not select its Pods: they get no names of "
            "their own.",
            "Make the Service's selector fit the labels of the template.",
            at=at,
        )
    elif service.get("spec", "clusterIP") != "None":
        yield make_remark(
            Level.NOTE,
            Rule.GOVERNING_SERVICE,
            owner,
            f"Its Service {owner.namespace}/{name} is not headless: its Pods get no names of their "
            "own.",
            "Give it clusterIP None.",
            at=at,
        )
