"""The settings, each declared once: type, default, unit, what it is for, who takes it.

Flags, environment variables, the keys of the file and docs/configuration.md are all made from
these declarations. Nothing here reads a setting from anywhere.
"""

# Not `from __future__ import annotations`: each of the settings would be a text, to be compiled at
# every start of every command.
from collections.abc import Iterable
from typing import Annotated, get_args, get_type_hints

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.config.declaration import (
    ALL,
    ALLOWED_KEYS,
    DEFAULT_GROUP_NAMES,
    EXPOSING,
    FOLLOWING,
    JUDGING,
    NAMESPACES,
    READING,
    RUNNING,
    SERVING,
    TOGGLE,
    Setting,
    choose_groups,
)
from exporter.config.ignoring import Ignoring
from exporter.config.kinds import (
    Choice,
    Duration,
    LeaseName,
    ListenAddress,
    Ordinal,
    Selector,
    Several,
    Text,
    Whole,
    choose,
)
from exporter.config.links import LinkPattern, PathPrefix, Receiver, WebAddress
from exporter.model import IgnoreRule, ListMode, Source, SyncMode


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, with the value that holds when nobody sets it."""

    kubeconfig: Annotated[
        str | None,
        Setting(
            "kubeconfig",
            "Cluster",
            Text("the path of a kubeconfig file", "FILE"),
            "The kubeconfig file to read the API server's address and credentials from.",
            READING,
            "inside a Pod its ServiceAccount, elsewhere $KUBECONFIG or ~/.kube/config",
        ),
    ] = None
    context: Annotated[
        str | None,
        Setting(
            "context",
            "Cluster",
            Text("the name of a context in the kubeconfig", "NAME"),
            "The context of the kubeconfig to use.",
            READING,
            "the kubeconfig's current context",
        ),
    ] = None
    sync: Annotated[
        SyncMode,
        Setting(
            "sync",
            "Cluster",
            choose(SyncMode),
            "How the API server is followed: watch it, list it at intervals (poll), or watch and "
            "poll only what may be listed but not watched (auto).",
            FOLLOWING,
        ),
    ] = SyncMode.AUTO
    list_mode: Annotated[
        ListMode,
        Setting(
            "list-mode",
            "Cluster",
            choose(ListMode),
            "How the first objects of a watched resource are read: in pages (list), by the watch "
            "itself (stream, which spares the API server the body of a large list), or by it where "
            "the server is 1.34 or newer (auto). What can't be streamed is listed.",
            FOLLOWING,
        ),
    ] = ListMode.LIST
    interval: Annotated[
        float,
        Setting(
            "interval",
            "Cluster",
            Duration(least=1),
            "How often a polled resource is listed.",
            FOLLOWING,
        ),
    ] = 30.0
    page_size: Annotated[
        int,
        Setting(
            "page-size",
            "Cluster",
            Whole(1, 10000),
            "Objects per page of a list; smaller pages hold less memory at once.",
            READING,
        ),
    ] = 500
    source: Annotated[
        Source,
        Setting(
            "source",
            "What is read",
            choose(Source),
            "Where addresses are read from. Legacy Endpoints are cut at 1,000 addresses and know "
            "neither serving, terminating nor zones.",
            JUDGING,
        ),
    ] = Source.ENDPOINTSLICES
    namespaces: Annotated[
        tuple[str, ...],
        Setting(
            "namespaces",
            "What is read",
            NAMESPACES,
            "Read these namespaces only, each by itself, so that Roles in them are enough.",
            JUDGING,
            "the whole cluster",
        ),
    ] = ()
    namespaces_denylist: Annotated[
        tuple[str, ...],
        Setting(
            "namespaces-denylist",
            "What is read",
            NAMESPACES,
            "Leave out everything in these namespaces.",
            JUDGING,
            "none is left out",
        ),
    ] = ()
    service_selector: Annotated[
        str,
        Setting(
            "service-selector",
            "What is read",
            Selector(),
            "Only Services whose labels match; the API server does the matching.",
            JUDGING,
            "all Services",
        ),
    ] = ""
    ignore: Annotated[
        tuple[IgnoreRule, ...],
        Setting(
            "ignore",
            "What is read",
            Ignoring(),
            "Services that are treated as if their annotation endpoints-exporter.io/ignore were "
            "true, for those that can't be annotated.",
            JUDGING,
            "none",
        ),
    ] = ()
    pods: Annotated[
        bool,
        Setting(
            "pods",
            "What is read",
            TOGGLE,
            "Read Pods where that is allowed: they tell why endpoints are not ready.",
            JUDGING,
        ),
    ] = True
    nodes: Annotated[
        bool,
        Setting(
            "nodes",
            "What is read",
            TOGGLE,
            "Read Nodes where that is allowed: they tell of lost Nodes, and of Nodes without a "
            "local endpoint.",
            JUDGING - {"whatif"},  # there the flag is a number of Nodes
        ),
    ] = True
    workloads: Annotated[
        bool,
        Setting(
            "workloads",
            "What is read",
            TOGGLE,
            "Read Deployments, ReplicaSets, StatefulSets, ReplicationControllers, DaemonSets where "
            "that is allowed: they tell a Service that was scaled to zero from a broken one.",
            JUDGING,
        ),
    ] = True
    default_min_ready: Annotated[
        int,
        Setting(
            "default-min-ready",
            "What is judged",
            Whole(1, 1_000_000),
            "Ready endpoints that a Service should have when its annotation "
            "`endpoints-exporter.io/min-ready` does not say.",
            JUDGING,
        ),
    ] = 1
    grace_period: Annotated[
        float,
        Setting(
            "grace-period",
            "What is judged",
            Duration(),
            "How long a Service may be without endpoints after it was made before that counts "
            "against it.",
            JUDGING,
        ),
    ] = 60.0
    lag_threshold: Annotated[
        float,
        Setting(
            "lag-threshold",
            "What is judged",
            Duration(),
            "How long addresses and Pods may disagree before the difference is reported.",
            JUDGING,
        ),
    ] = 60.0
    shard: Annotated[
        int,
        Setting(
            "shard",
            "What is read",
            Ordinal(),
            "Which shard this is, counted from 0, or the name of a StatefulSet's Pod, whose number "
            "it is. Each shard tells of its own Services.",
            EXPOSING,
        ),
    ] = 0
    total_shards: Annotated[
        int,
        Setting(
            "total-shards",
            "What is read",
            Whole(1, 1000),
            "How many processes share the cluster, each with a --shard of its own.",
            EXPOSING,
        ),
    ] = 1
    leader_lease: Annotated[
        tuple[str, str] | None,
        Setting(
            "leader-lease",
            "What is read",
            LeaseName(),
            "The Lease that one of several replicas holds. Only this one tells of Services; the "
            "others follow, ready to take its place.",
            frozenset({"run"}),
            "every replica tells everything",
        ),
    ] = None
    groups: Annotated[
        tuple[Group, ...],
        Setting(
            "groups",
            "What is exported",
            choose_groups(switchable=False),
            "Groups of metric families to export besides the default ones "
            f"({DEFAULT_GROUP_NAMES}).",
            EXPOSING,
            "no further group",
        ),
    ] = ()
    no_groups: Annotated[
        tuple[Group, ...],
        Setting(
            "no-groups",
            "What is exported",
            choose_groups(switchable=True),
            "Default groups not to export; `core` is always on.",
            EXPOSING,
            "none is switched off",
        ),
    ] = ()
    labels_allowlist: Annotated[
        tuple[str, ...],
        Setting(
            "labels-allowlist",
            "What is exported",
            ALLOWED_KEYS,
            "Labels of Services to export; naming one switches the group `labels` on.",
            EXPOSING,
            "no label",
        ),
    ] = ()
    annotations_allowlist: Annotated[
        tuple[str, ...],
        Setting(
            "annotations-allowlist",
            "What is exported",
            ALLOWED_KEYS,
            "Annotations of Services to export; naming one switches the group `labels` on.",
            EXPOSING,
            "no annotation",
        ),
    ] = ()
    addresses_namespaces: Annotated[
        tuple[str, ...],
        Setting(
            "addresses-namespaces",
            "What is exported",
            NAMESPACES,
            "Export the per-address families for these namespaces only; naming one switches the "
            "group `addresses` on.",
            EXPOSING,
            "all namespaces, when the group is on",
        ),
    ] = ()
    notify_url: Annotated[
        str | None,
        Setting(
            "notify.url",
            "What is told",
            Receiver(),
            "Where each change of a Service is sent, as JSON by POST. What is on the command line "
            "everybody on the machine can read: a URL that is a secret belongs into a file.",
            RUNNING,
            "nowhere",
        ),
    ] = None
    notify_url_file: Annotated[
        str | None,
        Setting(
            "notify.url-file",
            "What is told",
            Text("the path of a file", "FILE"),
            "A file that holds that URL; it is read again for each message.",
            RUNNING,
            "no file",
        ),
    ] = None
    notify_token_file: Annotated[
        str | None,
        Setting(
            "notify.token-file",
            "What is told",
            Text("the path of a file", "FILE"),
            "A file that holds the bearer token to send along; it is read again every minute.",
            RUNNING,
            "no token",
        ),
    ] = None
    notify_ca_file: Annotated[
        str | None,
        Setting(
            "notify.ca-file",
            "What is told",
            Text("the path of a file", "FILE"),
            "The authorities (PEM) that the receiver's certificate is checked against.",
            RUNNING,
            "the system's authorities",
        ),
    ] = None
    notify_interval: Annotated[
        float,
        Setting(
            "notify.interval",
            "What is told",
            Duration(least=0.1, most=3600),
            "How long changes are gathered before they are sent together.",
            RUNNING,
        ),
    ] = 30.0
    notify_cluster: Annotated[
        str | None,
        Setting(
            "notify.cluster",
            "What is told",
            Text("a name", "NAME"),
            "What this cluster is called in each message.",
            RUNNING,
            "no name",
        ),
    ] = None
    events: Annotated[
        bool,
        Setting(
            "events",
            "What is told",
            Choice({"true": True, "false": False}),
            "Write an Event on each Service whose standing or reason changes, for `kubectl "
            "describe`. It needs the right to create and patch Events.",
            RUNNING,
        ),
    ] = False
    web_listen_address: Annotated[
        tuple[tuple[str, int], ...],
        Setting(
            "web.listen-address",
            "Web",
            Several(ListenAddress()),
            "Where to serve HTTP; without a host on all addresses, IPv4 and IPv6.",
            SERVING,
        ),
    ] = (("", 9769),)
    web_telemetry_address: Annotated[
        tuple[tuple[str, int], ...],
        Setting(
            "web.telemetry-address",
            "Web",
            Several(ListenAddress()),
            "Where to serve health checks and the exporter's own metrics besides, in plain HTTP "
            "and without authentication, so that probes need neither.",
            SERVING,
            "nowhere else",
        ),
    ] = ()
    web_systemd_socket: Annotated[
        bool,
        Setting(
            "web.systemd-socket",
            "Web",
            Choice({"true": True, "false": False}),
            "Serve on the sockets that systemd hands over (LISTEN_FDS) in place of the addresses "
            "to listen on.",
            frozenset({"run"}),
        ),
    ] = False
    web_auth: Annotated[
        str,
        Setting(
            "web.auth",
            "Web",
            Choice({"file": "file", "kubernetes": "kubernetes"}),
            "Who may ask: whom the web configuration file lets in, or who shows a token that the "
            "API server knows (TokenReview) and whose account may get the path "
            "(SubjectAccessReview of `nonResourceURLs`).",
            frozenset({"run"}),
        ),
    ] = "file"
    web_config_file: Annotated[
        str | None,
        Setting(
            "web.config.file",
            "Web",
            Text("the path of a web configuration file", "FILE"),
            "TLS, client certificates, basic authentication and headers, in the format that "
            "Prometheus exporters share. The file and the certificates are read again when they "
            "change.",
            SERVING,
            "plain HTTP without authentication",
        ),
    ] = None
    web_max_connections: Annotated[
        int,
        Setting(
            "web.max-connections",
            "Web",
            Whole(1, 100_000),
            "Connections open at once. For one more the connection that has been idle for longest "
            "is closed; those on which nobody was answered yet go first.",
            SERVING,
        ),
    ] = 512
    web_first_request_timeout: Annotated[
        float,
        Setting(
            "web.first-request-timeout",
            "Web",
            Duration(least=0.1),
            "From a connection to the end of its first request's headers, TLS handshake included.",
            SERVING,
        ),
    ] = 10.0
    web_idle_timeout: Annotated[
        float,
        Setting(
            "web.idle-timeout",
            "Web",
            Duration(least=1),
            "How long a connection may be idle between requests.",
            SERVING,
        ),
    ] = 120.0
    web_answer_timeout: Annotated[
        float,
        Setting(
            "web.answer-timeout",
            "Web",
            Duration(least=1),
            "How long a client may take for a whole answer; streams have no such limit.",
            SERVING,
        ),
    ] = 120.0
    web_stall_timeout: Annotated[
        float,
        Setting(
            "web.stall-timeout",
            "Web",
            Duration(least=0.1),
            "How long a client may take nothing of an answer or a stream.",
            SERVING,
        ),
    ] = 30.0
    web_external_url: Annotated[
        str | None,
        Setting(
            "web.external-url",
            "Web",
            WebAddress(),
            "The URL under which people reach the exporter, behind an ingress for one; its path "
            "is the route prefix unless that is set.",
            SERVING,
            "the address that it listens on",
        ),
    ] = None
    web_route_prefix: Annotated[
        str | None,
        Setting(
            "web.route-prefix",
            "Web",
            PathPrefix(),
            "What stands before every path, /metrics and health checks included; `/` where a "
            "proxy takes it off.",
            SERVING,
            "the path of the external URL",
        ),
    ] = None
    web_disable_page: Annotated[
        bool,
        Setting(
            "web.disable-page",
            "Web",
            Choice({"true": True, "false": False}),
            "Serve neither the page nor the JSON API, only metrics and health checks.",
            SERVING,
        ),
    ] = False
    web_grafana_url: Annotated[
        str | None,
        Setting(
            "web.grafana-url",
            "Web",
            LinkPattern(("namespace", "service")),
            "Where a Service's page finds the Service's dashboard.",
            SERVING,
            "no link",
        ),
    ] = None
    web_runbook_url: Annotated[
        str | None,
        Setting(
            "web.runbook-url",
            "Web",
            LinkPattern(("reason",)),
            "Where a Service's page finds what to do about its reason.",
            SERVING,
            "no link",
        ),
    ] = None
    log_format: Annotated[
        str,
        Setting(
            "log.format",
            "Log",
            Choice({"auto": "auto", "console": "console", "json": "json"}),
            "How log lines are written to stderr: auto is console on a terminal, else JSON.",
            ALL,
        ),
    ] = "auto"
    log_level: Annotated[
        str,
        Setting(
            "log.level",
            "Log",
            Choice({word: word for word in ("debug", "info", "warning", "error")}),
            "The least severe messages to log.",
            ALL,
        ),
    ] = "info"

    def enabled_groups(self, defaults: Iterable[Group] = DEFAULT_GROUPS) -> frozenset[Group]:
        """The groups to export: the defaults, those asked for, without those switched off.

        Naming something to export asks for its group: an allow-list that exports nothing until
        a second switch is set is a trap.
        """
        asked = set(self.groups)
        if self.labels_allowlist or self.annotations_allowlist:
            asked.add(Group.LABELS)
        if self.addresses_namespaces:
            asked.add(Group.ADDRESSES)
        return frozenset({*defaults, *asked} - set(self.no_groups))


def _collect() -> tuple[Setting, ...]:
    hints = get_type_hints(Settings, include_extras=True)
    return tuple(
        next(extra for extra in get_args(hints[field])[1:] if isinstance(extra, Setting))
        for field in Settings.__struct_fields__
    )


#: Every setting, in the order of their declaration.
SETTINGS: tuple[Setting, ...] = _collect()

_DEFAULTS = Settings()


def show_default(setting: Setting) -> str:
    """The default as a user would write it, or in words what holds without one."""
    return setting.none or setting.kind.show(getattr(_DEFAULTS, setting.field))
