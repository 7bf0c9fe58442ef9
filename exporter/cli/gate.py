"""Whether `check` had anything to check: a gate that looked at nothing is not open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.cli.gathering import Gathered
from exporter.config import Settings
from exporter.explaining.wording import escape_text
from exporter.objects.resources import SERVICES
from exporter.spelling import find_close

_HINT = "--allow-empty takes that for good"


def find_unmatched(
    gathered: Gathered, settings: Settings, namespaces: Sequence[str], hint: str = _HINT
) -> Iterator[str]:
    """A line for everything that was asked for and has no Service at all.

    `namespaces` are those of -n. A Service that can't be decoded is there, too. `hint` is what to
    do where nothing was likely meant.
    """
    if gathered.services_missing:
        return  # nobody can tell; what is missing has been told
    here = {key.namespace for key in gathered.state.reports}
    here |= {one.namespace for one in gathered.rejected() if one.resource == SERVICES.name}
    named = namespaces or settings.namespaces
    which = _narrowed_by(settings)
    end = f"; {hint}" if hint else ""
    for namespace in named:
        if namespace not in here:
            close = find_close(namespace, sorted(here))
            guess = f"; did you mean {escape_text(close)}?" if close else end
            yield f"there are no Services in namespace {escape_text(namespace)}{which}{guess}"
    if not named and not here:
        yield f"there are no Services{which}{end}"


def _narrowed_by(settings: Settings) -> str:
    """What else keeps Services out, as the user would have written it."""
    flags = []
    if settings.service_selector:
        flags.append(f"--service-selector {settings.service_selector}")
    if settings.namespaces_denylist:
        flags.append(f"--namespaces-denylist {','.join(settings.namespaces_denylist)}")
    if settings.total_shards > 1:
        flags.append(f"--shard {settings.shard}")
    return f" with {' and '.join(escape_text(flag) for flag in flags)}" if flags else ""
