"""The state that a command speaks of, read once from the API server."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio import Task
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager

import msgspec

from exporter.api import (
    AbsentError,
    ApiError,
    Client,
    CredentialsError,
    ForbiddenError,
    can_stream,
    connect,
)
from exporter.catalogue import Group
from exporter.cli.errors import PROGRAM, CommandError
from exporter.cli.gathering import Gathered, choose, wanted_resources
from exporter.config import Settings
from exporter.config.declaration import NAMESPACES
from exporter.config.kinds import BadValue, show_text
from exporter.engine.feed import Lists, list_once
from exporter.engine.state import State
from exporter.explaining.wording import escape_text
from exporter.log import configure_logging
from exporter.model import Forget, ListMode, Replace
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.pods import Pod
from exporter.objects.resources import PODS, RESOURCES, SERVICES
from exporter.reflector import Plan

Found = tuple[Retained | Rejected, ...]


def log_quietly(settings: Settings) -> None:
    """Log for a command whose stdout is the answer: what is merely informative is left out."""
    level = "warning" if settings.log_level == "info" else settings.log_level
    configure_logging(settings.log_format, level)


def _check_namespaces(settings: Settings) -> None:
    """Settings are checked when they are read; -n and a kubeconfig's namespace are not yet."""
    for name in settings.namespaces:
        try:
            NAMESPACES.parse(name)
        except BadValue as bad:
            raise CommandError(f"{show_text(bad.text)} {bad.problem}") from None


async def wants_streams(settings: Settings, client: Client) -> bool:
    """Whether the first objects shall come by a watch, which may have to be asked of the server."""
    if settings.list_mode is ListMode.AUTO:
        return await can_stream(client)
    return settings.list_mode is ListMode.STREAM


def make_plans(
    settings: Settings, resources: Iterable[str], *, streaming: bool = False
) -> Iterator[Plan]:
    """What to read: each resource in each scope, what is required first.

    `streaming`: get the first objects by a watch.
    """
    for name in resources:
        scopes = settings.namespaces if RESOURCES[name].namespaced else ()
        for namespace in scopes or ("",):
            yield Plan(
                resource=name,
                namespace=namespace,
                mode=settings.sync,
                interval=settings.interval,
                limit=settings.page_size,
                streaming=streaming,
                # Whoever asks for quick polls does not want to wait a minute for a granted right,
                # and with its jitter the pause must leave a new kind to be found within one.
                denied_pause=min(settings.interval, 25.0),
                probe=min(10 * settings.interval, 300.0),
                label_selector=settings.service_selector if name == SERVICES.name else "",
            )


async def open_client(settings: Settings, *, warned: Callable[[str], None] | None = None) -> Client:
    """A connection to the API server that the settings name; CommandError when there is none.

    `warned` is told each different warning that the server sends.
    """
    _check_namespaces(settings)
    try:
        return await connect(settings.kubeconfig, settings.context, warned=warned)
    except CredentialsError as error:
        raise CommandError(escape_text(str(error))) from None


def gather_live(
    settings: Settings, *, routes: bool, exposed: bool, budgets: bool = False
) -> Gathered:
    """Read all that the settings ask for; CommandError when the API server can't be read.

    What may not be read (403) or does not exist (404) is done without: optional resources
    silently, required ones are told as missing.
    """
    log_quietly(settings)

    async def read() -> Gathered:
        async with await open_client(settings) as client:
            groups = settings.enabled_groups()
            resources = wanted_resources(
                settings,
                dependents=Group.DEPENDENTS in groups,
                routes=routes or Group.ROUTES in groups,
                budgets=budgets,
            )
            return await read_once(client, settings, resources, exposed=exposed)

    return asyncio.run(read())


async def read_once(
    client: Client, settings: Settings, resources: tuple[str, ...], *, exposed: bool = False
) -> Gathered:
    """The state as the API server tells it now; see gather_live.

    The first two of the resources are required.
    """
    state = State(choose(settings, groups=settings.enabled_groups() if exposed else ()))
    required = resources[:2]
    missing: list[str] = []
    unread: set[str] = set()
    plans = tuple(make_plans(settings, resources))
    async with _listing(client, plans) as readings:
        for plan, reading in zip(plans, readings, strict=True):
            try:
                objects = await reading
            except (ForbiddenError, AbsentError) as error:
                state.deliver(Forget(plan.resource, plan.namespace))
                if plan.resource in required:
                    missing.append(_describe(plan, error))
                    unread.add(plan.resource)
                continue
            except ApiError as error:
                if plan.resource in required:
                    raise CommandError(_describe(plan, error)) from None
                print(f"{PROGRAM}: done without {_describe(plan, error)}", file=sys.stderr)
                continue
            state.deliver(Replace(plan.resource, plan.namespace, objects))
    now = time.time()
    state.settle(now)
    return Gathered(state, now, tuple(missing), services_missing=SERVICES.name in unread)


@asynccontextmanager
async def _listing(client: Client, plans: Iterable[Plan]) -> AsyncIterator[list[Task[Found]]]:
    """A task for each plan, under way together; those that nobody waits for any more are ended."""
    lists = Lists()
    tasks = [asyncio.create_task(list_once(client, plan, lists=lists)) for plan in plans]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _describe(plan: Plan, error: ApiError) -> str:
    where = f" in {plan.namespace}" if plan.namespace else ""
    return escape_text(f"{plan.resource}{where}: {error}")


def read_all_pods(settings: Settings) -> tuple[Pod, ...]:
    """The Pods of the whole cluster, or none where they can't be read."""
    everywhere = msgspec.structs.replace(settings, namespaces=())

    async def read() -> Found:
        async with await open_client(settings) as client:
            for plan in make_plans(everywhere, [PODS.name]):
                return await list_once(client, plan)
        return ()

    try:
        return tuple(found for found in asyncio.run(read()) if isinstance(found, Pod))
    except ApiError:
        return ()
