"""`wait` against the simulated API server, over sockets, as a pipeline runs it."""

from __future__ import annotations

import json
import signal

import pytest

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.access import Deny
from tests.integration.commandline import finish, read_until, run, started
from tests.integration.test_cli_live import cluster

PROGRAM = "kube-endpoints-exporter"


@pytest.mark.parametrize(
    "words,last",
    [
        (("-n", "shop", "svc/catalog"), "ready after "),
        (("shop/catalog", "shop/storefront", "--for", "available"), "available after "),
        (("-n", "shop", "service/catalog", "--for", "ready=2"), "ready=2 after "),
        (("-A", "-l", "app=catalog", "--for", "standing=ready"), "standing=ready after "),
        (("shop/catalog", "--for", "port=http"), "port=http after "),
    ],
)
async def test_what_is_so_already_ends_at_once(words: tuple[str, ...], last: str) -> None:
    """A line for each Service, one for the end, status 0; nothing is said on stderr."""
    async with cluster("web-shop") as (_, kubeconfig):
        status, out, err = await run("wait", *words, "--kubeconfig", kubeconfig)
        lines = out.splitlines()
        assert (status, err) == (0, "")
        assert "shop/catalog: ready, 2/2 ready" in lines
        assert lines[-1].startswith(last)


async def test_an_unknown_service_is_waited_for_by_watches() -> None:
    """It says that it is not there yet, then how it comes, and ends; the lists are not repeated."""
    async with cluster("web-shop") as (server, kubeconfig):
        catalog = server.store.get("Service", "shop", "catalog")
        assert catalog is not None
        server.store.delete("Service", "shop", "catalog")
        async with started("wait", "shop/catalog", "--kubeconfig", kubeconfig) as process:
            assert await read_until(process.stdout, "not there yet") == (
                "shop/catalog: not there yet\n"
            )
            metadata = {"name": "catalog", "namespace": "shop"}
            spec = {key: catalog["spec"][key] for key in ("ports", "selector")}
            server.store.apply({**catalog, "metadata": metadata, "spec": spec})
            await read_until(process.stdout, "shop/catalog: ready, 2/2 ready")
            status, out, err = await finish(process)
        assert (status, err) == (0, "")
        assert out.startswith("ready after ")
        assert len(server.seen("services", "list")) == 1


async def test_a_deleted_service_is_withdrawn() -> None:
    """It is there and has endpoints; once it is deleted nothing of it takes traffic."""
    async with (
        cluster("web-shop") as (server, kubeconfig),
        started(
            "wait", "shop/catalog", "--for", "withdrawn", "--kubeconfig", kubeconfig
        ) as process,
    ):
        await read_until(process.stdout, "shop/catalog: ready, 2/2 ready")
        server.store.delete("Service", "shop", "catalog")
        await read_until(process.stdout, "shop/catalog: deleted")
        status, out, _ = await finish(process)
        assert status == 0
        assert out.startswith("withdrawn after ")


async def test_of_a_selector_all_that_were_there_are_withdrawn() -> None:
    """What it matched is deleted: that nothing is left that matches is no reason to go on."""
    async with (
        cluster("web-shop") as (server, kubeconfig),
        started(
            "wait", "-A", "-l", "app=catalog", "--for", "withdrawn", "--kubeconfig", kubeconfig
        ) as process,
    ):
        await read_until(process.stdout, "shop/catalog: ready, 2/2 ready")
        server.store.delete("Service", "shop", "catalog")
        await read_until(process.stdout, "shop/catalog: deleted")
        status, out, _ = await finish(process)
        assert status == 0
        assert out.startswith("withdrawn after ")


async def test_a_service_that_was_never_there_is_not_withdrawn() -> None:
    """A slip in a name must not pass for a Service without traffic."""
    async with cluster("web-shop") as (_, kubeconfig):
        status, out, err = await run(
            "wait", "shop/catalogue", "--for", "withdrawn", "--timeout", "0", "--kubeconfig",
            kubeconfig,
        )  # fmt: skip
        assert (status, out) == (1, "shop/catalogue: not there yet\n")
        first, last = err.splitlines()
        assert first == f"{PROGRAM}: no Service shop/catalogue; did you mean shop/catalog?"
        assert last.startswith(f"{PROGRAM}: timed out after ")
        assert last.endswith(": 1 Service is not withdrawn")


async def test_the_time_out_brings_the_whole_explanation() -> None:
    """What explain would say of it follows; status 1."""
    async with cluster("reason-crash-loop") as (server, kubeconfig):
        name = server.store.objects("Service")[0]["metadata"]
        target = f"{name['namespace']}/{name['name']}"
        status, out, err = await run("wait", target, "--timeout", "0", "--kubeconfig", kubeconfig)
        assert status == 1
        assert out.startswith(f"{target}: ")
        assert f"\n\n{target}: " in out
        assert "\nWhat to do\n" in out
        assert err.endswith(": 1 Service is not ready\n")


async def test_json_is_one_document_and_the_lines_go_to_stderr() -> None:
    """For a program: met, exit, what is there and, where it is not met, explanations."""
    async with cluster("web-shop") as (_, kubeconfig):
        status, out, err = await run(
            "wait", "shop/catalog", "--for", "ready=9", "--timeout", "0", "-o", "json",
            "--kubeconfig", kubeconfig,
        )  # fmt: skip
        found = json.loads(out)
        assert (status, found["met"], found["exit"], found["goal"]) == (1, False, 1, "ready=9")
        assert [one["service"] for one in found["services"]] == ["catalog"]
        assert [one["service"] for one in found["explanations"]] == ["catalog"]
        assert (found["missing"], found["unread"]) == ([], [])
        assert err == "shop/catalog: ready, 2/2 ready\n"


async def test_must_exist_does_not_wait_for_a_name() -> None:
    """Status 2 at the first look, with what may have been meant; so for a selector."""
    async with cluster("web-shop") as (_, kubeconfig):
        status, _, err = await run(
            "wait", "-n", "shop", "catalogue", "--must-exist", "--kubeconfig", kubeconfig
        )
        assert status == 2
        assert err == f"{PROGRAM}: no Service shop/catalogue; did you mean shop/catalog?\n"
        status, _, err = await run(
            "wait", "-A", "-l", "no=one", "--must-exist", "--kubeconfig", kubeconfig
        )
        assert (status, err) == (2, f"{PROGRAM}: wait: no Service matches the selector\n")


async def test_a_server_that_is_not_there_is_tried_until_the_time_out() -> None:
    """It can't be told: status 2, and the last line says why."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        status, out, err = await run(
            "wait", "shop/web", "--timeout", "5s", "--kubeconfig", kubeconfig
        )
    assert (status, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"{PROGRAM}: can't tell after ")
    assert "127.0.0.1:9" in last


async def test_a_server_that_comes_is_found() -> None:
    """Nobody listens at first; then the answer comes, and nothing was said of what was unread."""
    async with cluster("web-shop") as (server, kubeconfig):
        await server.pause()
        async with started("wait", "shop/catalog", "--kubeconfig", kubeconfig) as process:
            await read_until(process.stderr, "can't read services: ")
            await server.resume()
            status, out, _ = await finish(process)
        assert status == 0
        assert out.startswith("shop/catalog: ready, 2/2 ready\nready after ")


async def test_what_may_not_be_read_is_not_taken_for_an_answer() -> None:
    """Without slices nobody can tell whether it is ready, or withdrawn: status 2."""
    async with cluster("web-shop") as (server, kubeconfig):
        server.access.denied = [Deny("endpointslices")]
        for goal in ("ready", "withdrawn"):
            status, _, err = await run(
                "wait", "shop/catalog", "--for", goal, "--timeout", "0", "--kubeconfig", kubeconfig
            )
            assert status == 2
            assert "endpointslices: " in err.splitlines()[-1]


@pytest.mark.parametrize(
    "words,told",
    [
        (("a/b", "--for", "redy"), "wait: --for: redy is nothing to wait for; takes ready[=N]"),
        (("a/b", "--timeout", "soon"), "wait: --timeout: soon is not a duration; takes seconds"),
        ((), "wait: takes either Services or --selector"),
        (("a/b", "-l", "a=b"), "wait: takes either Services or --selector"),
        (("-l", "a=b="), "wait: --selector: "),
        (("b", "-A"), "wait: -A goes with --selector"),
        (("a/Web",), "wait: a/Web can't be the name of a Service"),
        (("a/b", "-n", "c"), "wait: a/b is in namespace a, and -n says c"),
    ],
)
async def test_bad_flags_are_one_line(words: tuple[str, ...], told: str) -> None:
    """Status 2, one line, and nothing is asked of anybody."""
    async with cluster("web-shop") as (server, kubeconfig):
        status, out, err = await run("wait", *words, "--kubeconfig", kubeconfig)
        assert (status, out) == (2, "")
        assert err.startswith(f"{PROGRAM}: {told}")
        assert err.count("\n") == 1
        assert not server.requests


@pytest.mark.parametrize("number,status", [(signal.SIGINT, 130), (signal.SIGTERM, 2)])
async def test_a_wait_that_is_stopped_has_not_been_met(number: signal.Signals, status: int) -> None:
    """A pipeline that is cancelled must not go on as if the Service were ready."""
    async with (
        cluster("web-shop") as (_, kubeconfig),
        started("wait", "shop/none", "--kubeconfig", kubeconfig) as process,
    ):
        await read_until(process.stdout, "not there yet")
        process.send_signal(number)
        assert (await finish(process))[0] == status
