"""Kubeconfig files, read and merged as client-go's clientcmd does it, which is what kubectl uses.

The Kubernetes client's own reading differs in too many places (paths of merged files, nulls, empty
files, impersonation), and its errors show whole entries. It resolves no credential.
"""

from __future__ import annotations

import os
import re
from typing import Any

import msgspec
import yaml

from exporter.api.entries import Cluster, Context, Place, User, expand_home
from exporter.api.errors import CredentialsError, one_line


class Kubeconfig(msgspec.Struct, frozen=True):
    """What one or more files say together: of entries of one name the first file's counts.

    `paths` is how they were named, joined as in $KUBECONFIG.
    """

    paths: str
    current: str
    contexts: dict[str, Context]
    clusters: dict[str, tuple[Cluster, Place]]
    users: dict[str, tuple[User, Place]]

    @property
    def is_empty(self) -> bool:
        """Whether they say nothing at all, or there are none."""
        return not (self.current or self.contexts or self.clusters or self.users)


class Chosen(msgspec.Struct, frozen=True):
    """A context's cluster and user, and where they stand."""

    cluster: Cluster
    cluster_place: Place
    user: User
    user_place: Place


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str | None = None
    cluster: Cluster | None = None


class _NamedUser(msgspec.Struct, frozen=True):
    name: str | None = None
    user: User | None = None


class _NamedContext(msgspec.Struct, frozen=True):
    name: str | None = None
    context: Context | None = None


class _File(msgspec.Struct, frozen=True, rename="kebab"):
    api_version: str | None = msgspec.field(default=None, name="apiVersion")
    kind: str | None = None
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


class _Loader(yaml.SafeLoader):
    """YAML as Go reads it: no dates, and no numbers in base 60."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":int"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$"),
    list("-+0123456789"),
)


def parse_document(data: bytes) -> Any:  # noqa: ANN401  # whatever it holds
    """The first document of JSON or YAML; raises ValueError with where, never with what.

    None for bytes that hold nothing but space and comments.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip().startswith(b"{"):
        try:
            return msgspec.json.decode(data)
        except (
            msgspec.MsgspecError,
            UnicodeDecodeError,
            RecursionError,
            OverflowError,
            ValueError,
        ):
            pass  # YAML may begin so too
    try:
        loader = _Loader(data)
        try:
            return loader.get_data() if loader.check_data() else None  # type: ignore[no-untyped-call]
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # What the parser has to say may quote what it has read.
        mark = error.problem_mark or error.context_mark
        raise ValueError(f"line {mark.line + 1}" if mark else "") from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError):
        raise ValueError from None


def read_kubeconfig(paths: str) -> Kubeconfig:
    """One or more files, joined by the system's path separator; raises CredentialsError.

    Files that don't exist say nothing, and so do files without an entry.
    """
    current = ""
    contexts: dict[str, Context] = {}
    clusters: dict[str, tuple[Cluster, Place]] = {}
    users: dict[str, tuple[User, Place]] = {}
    for path in paths.split(os.pathsep):
        file = _read_file(path) if path else None
        if file is None:
            continue
        current = current or file.current_context or ""
        for kind, entries in (
            ("context", file.contexts),
            ("cluster", file.clusters),
            ("user", file.users),
        ):
            _check_names(path, kind, [entry.name or "" for entry in entries or ()])
        for context in file.contexts or ():
            contexts.setdefault(context.name or "", context.context or Context())
        for cluster in file.clusters or ():
            place = Place(path, f"cluster {cluster.name!r}")
            clusters.setdefault(cluster.name or "", (cluster.cluster or Cluster(), place))
        for user in file.users or ():
            place = Place(path, f"user {user.name!r}")
            users.setdefault(user.name or "", (user.user or User(), place))
    return Kubeconfig(paths, current, contexts, clusters, users)


def choose_context(config: Kubeconfig, wanted: str | None) -> Chosen:
    """What a context (None: the current one) stands for; raises CredentialsError."""
    paths = config.paths
    if not any(expand_home(path).exists() for path in paths.split(os.pathsep) if path):
        raise CredentialsError(f"the kubeconfig {paths} does not exist")
    name = wanted if wanted is not None else config.current
    if not name:
        raise CredentialsError(
            f"the kubeconfig {paths} has no current context: choose one with --context"
            f" ({_listed(config.contexts)})"
        )
    context = config.contexts.get(name)
    if context is None:
        raise CredentialsError(
            f"the kubeconfig {paths} has no context {name!r} ({_listed(config.contexts)})"
        )
    found = config.clusters.get(context.cluster or "")
    if found is None:
        raise _missing(paths, name, "cluster", context.cluster)
    cluster, place = found
    if not context.user:
        return Chosen(cluster, place, User(), place)
    if context.user not in config.users:
        raise _missing(paths, name, "user", context.user)
    user, user_place = config.users[context.user]
    return Chosen(cluster, place, user, user_place)


def _missing(paths: str, context: str, kind: str, name: str | None) -> CredentialsError:
    told = f"a {kind} that it does not have: {name!r}" if name else f"no {kind}"
    return CredentialsError(f"the kubeconfig {paths}: its context {context!r} names {told}")


def _read_file(path: str) -> _File | None:
    try:
        data = expand_home(path).read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise CredentialsError(f"the kubeconfig {path} can't be read: {reason}") from None
    try:
        found = parse_document(data)
    except ValueError as error:
        where = f": {error}" if str(error) else ""
        raise CredentialsError(f"the kubeconfig {path} is not YAML{where}") from None
    if found is None:
        return None
    if not isinstance(found, dict):
        raise CredentialsError(f"the kubeconfig {path} is no kubeconfig")
    try:
        file = msgspec.convert(found, _File)
    except msgspec.ValidationError as error:
        raise CredentialsError(f"the kubeconfig {path}: {_tell_form(error)}") from None
    if (file.api_version or "v1", file.kind or "Config") != ("v1", "Config"):
        raise CredentialsError(f"the kubeconfig {path} is no kubeconfig: it is no Config of v1")
    return file


def _tell_form(error: msgspec.ValidationError) -> str:
    """Where a value has the wrong type, and which one it should have; never the value."""
    form = re.fullmatch(r"Expected `([a-z| ]+)`, got `[a-z]+`(?: - at `\$\.?(.*)`)?", str(error))
    if form is None:
        return "an entry has not the form it should have"
    wanted = form[1].removesuffix(" | null").replace("str", "text").replace("object", "a map")
    wanted = wanted.replace("array", "a list").replace("bool", "true or false")
    return f"{form[2] or 'what it holds'} should be {wanted}"


def _check_names(path: str, kind: str, names: list[str]) -> None:
    """A name that stands twice in one file is refused by kubectl, too."""
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise CredentialsError(f"the kubeconfig {path} has the {kind} {twice!r} twice")


def _listed(contexts: dict[str, Context]) -> str:
    names = sorted(contexts)
    shown = one_line(", ".join(names[:10])) + (", …" if len(names) > 10 else "")
    return f"it has {shown}" if names else "it has none"
