"""A Service's own page: verdict, evidence, what to do, what it has, what became of it."""

from __future__ import annotations

from html import escape

from exporter.model import ServiceKey
from exporter.web.api.documents import Address, Finding, Port, ServiceDetail
from exporter.web.api.service import describe_service
from exporter.web.messages import Request, Response, Site
from exporter.web.page.parts import (
    STANDING_OF,
    ago,
    link_list,
    mark,
    write_banner,
    write_foot,
    write_head,
    write_table,
)
from exporter.web.page.timeline import write_timeline
from exporter.web.sending import HTML, send_whole

_ROOT = "../../"
#: Of how many a Service's page tells that they point at it.
_MOST_POINTING = 50


def answer_service_page(request: Request, site: Site, key: ServiceKey) -> Response:
    """The page of a Service; 404 when there is none (any more)."""
    snapshot = site.snapshot()
    detail = describe_service(site, key)
    head = write_head(f"{key} · kube-endpoints-exporter", _ROOT, "service.js")
    if detail is None:
        inside = (
            f'<section id="verdict"><h1>{_name(key)}</h1>\n<p>There is no such Service.</p>\n'
            f'<p><a href="{_ROOT}">All Services</a></p></section>\n'
        )
    else:
        report = snapshot.reports.get(key)
        since = None if report is None else report.since
        inside = _write(site, detail, since, snapshot.now)
    text = (
        f'{head}{write_banner(snapshot, _ROOT)}<main id="content" class="service">\n{inside}'
        f"</main>\n{write_foot(site.version, _ROOT)}"
    )
    response = send_whole(request, HTML, text.encode("utf-8", "replace"))
    if detail is None:
        return Response(404, response.headers, response.body, response.length)
    return response


def _name(key: ServiceKey) -> str:
    return f'<span class="ns">{escape(key.namespace)}/</span>{escape(key.name)}'


def _write(site: Site, detail: ServiceDetail, since: float | None, now: float) -> str:
    key = ServiceKey(detail.namespace, detail.service)
    changes = site.transitions(key)
    return "".join(
        (
            _verdict(detail, since, now),
            _section("todo", "What to do", _todo(detail)),
            _section("findings", "Findings", _findings(detail)),
            _section("evidence", "Evidence", _list(detail.evidence)),
            _section("ports", "Ready by port and zone", _ports(detail)),
            _section("addresses", "Addresses", _addresses(detail)),
            _section("timeline", "What became of it", write_timeline(changes, now)),
            _section("routes", "Who points here", _pointing(site, key)),
            _section("about", "About it", _about(detail)),
        )
    )


def _section(name: str, title: str, inside: str) -> str:
    if not inside:
        return ""
    return f'<section id="{name}"><h2>{title}</h2>\n{inside}</section>\n'


def _verdict(detail: ServiceDetail, since: float | None, now: float) -> str:
    headlines = [one.code for one in detail.findings if _is_headline(detail, one)]
    words = [escape(word) for word in (detail.reason, detail.detail, *headlines) if word]
    reason = f"<b>{' · '.join(words)}</b> " if words else ""
    least = "" if detail.since_seen else "at least "
    age = f"for {least}{ago(since, now)}" if since is not None else ""
    counts = (
        f"{detail.ready} ready, {detail.not_ready} not ready"
        if detail.ready is not None
        else "what endpoints it has can’t be known"
    )
    return (
        f'<section id="verdict" class="verdict {escape(detail.standing)}">\n'
        f"<h1>{_name(ServiceKey(detail.namespace, detail.service))}</h1>\n"
        f'<p class="big">{mark(detail.standing)} {reason}<span class="quieter">{age}</span></p>\n'
        f'<p>{escape(detail.message)}</p>\n<p class="quieter">{escape(counts)}</p>\n'
        "</section>\n"
    )


def _todo(detail: ServiceDetail) -> str:
    links = "".join(
        f'<li><a href="{escape(url)}" rel="noreferrer">{text}</a></li>\n'
        for url, text in ((detail.links.runbook, "Runbook"), (detail.links.grafana, "Dashboard"))
        if url is not None
    )
    return (
        f"<p>{escape(detail.fix)}</p>\n"
        + _commands(detail.commands)
        + (f'<ul class="links">\n{links}</ul>\n' if links else "")
    )


def _commands(commands: tuple[str, ...]) -> str:
    items = "".join(
        f'<li class="command"><code>{escape(command)}</code></li>\n' for command in commands
    )
    return f'<ul class="commands">\n{items}</ul>\n' if items else ""


def _findings(detail: ServiceDetail) -> str:
    """Each finding with what shows it; what to do about the one on top stands there already."""
    return "".join(_finding(detail, found) for found in detail.findings)


def _is_headline(detail: ServiceDetail, found: Finding) -> bool:
    return (found.message, found.fix) == (detail.message, detail.fix)


def _finding(detail: ServiceDetail, found: Finding) -> str:
    shade = "degraded" if found.weight == "warning" else "intended"
    title = mark(shade, found.weight)
    todo = ""
    if not _is_headline(detail, found):
        todo = f"<p>{escape(found.fix)}</p>\n{_commands(found.commands)}"
    more = f'<a href="{escape(found.runbook)}" rel="noreferrer">Runbook</a>'
    watched = f"Alert {escape(found.alert)}" if found.alert else ""
    links = " · ".join(filter(None, (watched, more if ":" in found.runbook else "")))
    return (
        f'<article class="finding {shade}">\n<h3>{escape(found.code)} {title}</h3>\n'
        f"<p>{escape(found.message)}</p>\n{_list(found.evidence)}{todo}"
        + (f'<p class="quieter">{links}</p>\n' if links else "")
        + "</article>\n"
    )


def _list(lines: tuple[str, ...]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(line)}</li>\n" for line in lines) + "</ul>\n"


def _ports(detail: ServiceDetail) -> str:
    if not detail.ports:
        return ""
    zones = sorted({zone for port in detail.ports for zone in port.zones or ()})
    titles = ("Port", "To", "Node port", *(escape(zone) or "no zone" for zone in zones), "All")
    rows = [
        (
            escape(f"{port.name or '–'} {port.port}/{port.protocol}")
            + (
                f' <span class="quieter">{escape(port.app_protocol)}</span>'
                * bool(port.app_protocol)
            ),
            escape(port.target),
            "–" if port.node_port is None else str(port.node_port),
            *(_number((port.zones or {}).get(zone)) for zone in zones),
            _all(port),
        )
        for port in detail.ports
    ]
    return write_table("plain matrix", titles, rows, caption="Ready endpoints by port and zone")


def _number(number: int | None) -> str:
    if number is None:
        return "–"
    return str(number) if number else mark("down", "0")


def _all(port: Port) -> str:
    return "unknown" if port.ready is None else _number(port.ready)


def _addresses(detail: ServiceDetail) -> str:
    if not detail.addresses:
        return "<p>It has none.</p>\n" if detail.addresses_total == 0 else ""
    rows = [
        (
            f"<code>{escape(one.address)}</code>",
            _condition(one),
            escape(one.pod) or "–",
            escape(one.node) or "–",
            escape(one.zone) or "–",
        )
        for one in detail.addresses
    ]
    more = (detail.addresses_total or 0) - len(rows)
    return write_table(
        "plain", ("Address", "Condition", "Pod", "Node", "Zone"), rows, caption="Addresses"
    ) + (f"<p>{more:,} more.</p>\n" if more > 0 else "")


def _condition(one: Address) -> str:
    words = ["ready" if one.ready else "not ready"]
    if one.serving and not one.ready:
        words.append("serving")
    if one.terminating:
        words.append("terminating")
    state = "ready" if one.ready else "degraded" if one.serving else "down"
    return mark(state, ", ".join(words))


def _pointing(site: Site, key: ServiceKey) -> str:
    """What refers to the Service, with which port, and what comes of it."""
    lines = dict.fromkeys(
        f"<li><code>{escape(str(report.key))}</code> port "
        f"{escape(str(reference.backend.port or '–'))} "
        f"{mark(STANDING_OF.get(reference.result, 'ready'), reference.result)}</li>\n"
        for report in (site.routes.pointing(key)[:_MOST_POINTING] if site.routes else ())
        for rule in report.rules
        for reference in rule.references
        if reference.service == key or report.selected
    )
    return f"<ul>\n{''.join(lines)}</ul>\n" if lines else ""


def _about(detail: ServiceDetail) -> str:
    near = link_list(_ROOT, namespace=detail.namespace)
    facts: list[tuple[str, str]] = [
        ("Type", escape(detail.type)),
        ("Cluster IPs", escape(", ".join(detail.cluster_ips))),
        ("External IPs", escape(", ".join(detail.external_ips))),
        ("Load balancer", escape(", ".join(detail.load_balancer)) or _pending(detail)),
        ("Traffic policies", escape(_policies(detail))),
        ("Alias of", escape(detail.external_name)),
        ("Workloads", escape(_workloads(detail))),
        ("Made", escape(detail.created or "")),
        ("Wanted ready", str(detail.min_ready)),
        ("Severity", escape(detail.severity)),
        ("Owner", escape(detail.owner)),
        ("Selector", _pairs(detail.selector)),
        ("Labels", _pairs(detail.labels, link=True)),
        (
            "EndpointSlices",
            "".join(
                f"<code>{escape(piece.name)}</code> {escape(piece.address_type)}, "
                f"{piece.ready} of {piece.endpoints} ready<br>"
                for piece in detail.slices or ()
            ),
        ),
        ("In", f'<a href="{near}">all of namespace {escape(detail.namespace)}</a>'),
    ]
    items = "".join(f"<dt>{title}</dt><dd>{value}</dd>\n" for title, value in facts if value)
    return f"<dl>\n{items}</dl>\n"


def _pending(detail: ServiceDetail) -> str:
    return "pending" if detail.type == "LoadBalancer" else ""


def _policies(detail: ServiceDetail) -> str:
    pairs = (
        ("internal", detail.internal_traffic_policy),
        ("external", detail.external_traffic_policy),
    )
    words = [f"{who} {policy}" for who, policy in pairs if policy]
    if detail.health_check_node_port is not None:
        words.append(f"health checks on Node port {detail.health_check_node_port}")
    return ", ".join(words)


def _workloads(detail: ServiceDetail) -> str:
    return ", ".join(
        f"{one.kind} {one.name}"
        + ("" if one.wanted is None else f" (wants {one.wanted})")
        + (f", by {' and '.join(one.through[:3])}" if one.through else "")
        for one in detail.workloads or ()
    )


def _pairs(pairs: dict[str, str], *, link: bool = False) -> str:
    found = []
    for key, value in sorted(pairs.items()):
        text = f"<code>{escape(f'{key}={value}')}</code>"
        href = link_list(_ROOT, label=f"{key}={value}")
        found.append(f'<a href="{href}">{text}</a>' if link else text)
    return " ".join(found)
