"""Messages to a receiver over real sockets: grouped, tried again, refused, kept, secret."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from exporter.api import CredentialsError
from exporter.model import ServiceKey
from exporter.notify import Courier, Letterhead, Target, Webhook
from exporter.notify import telling as telling_module
from tests.integration.receiving import Receiver
from tests.unit.notify.stories import DOWN, READY, Play

SECRET = "canary"


class Counts:
    """What was counted."""

    def __init__(self) -> None:
        self.changes: dict[str, int] = {}
        self.messages: dict[str, int] = {}

    def change_told(self, outcome: str, count: int = 1) -> None:
        """So many changes ended so."""
        self.changes[outcome] = self.changes.get(outcome, 0) + count

    def message_ended(self, verdict: str) -> None:
        """A message was answered so."""
        self.messages[verdict] = self.messages.get(verdict, 0) + 1

    async def wait_for(self, **changes: int) -> None:
        """Until so many changes ended so."""
        async with asyncio.timeout(20):
            while self.changes != changes:  # noqa: ASYNC110 - nothing here tells of it
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def telling(
    target: Target, counts: Counts, *, interval: float = 0.05, patience: float = 10.0
) -> AsyncIterator[Courier]:
    """A Courier, stopped at the end."""
    webhook = Webhook(target, environ={}, patience=patience)
    courier = Courier(webhook, Letterhead("1.2.3", "blue"), counts, interval=interval)
    task = asyncio.create_task(courier.run())
    try:
        yield courier
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def told(message: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    """Service, before, after and number of changes."""
    return [
        (one["service"], one["before"], one["after"], one["changes"]) for one in message["changes"]
    ]


async def test_changes_come_together_in_one_message() -> None:
    """Two Services, one of which changed twice: one message with the cluster's name."""
    counts, play = Counts(), Play()
    async with (
        Receiver().listening() as receiver,
        telling(Target(receiver.url), counts) as courier,
    ):
        courier.tell(*play.become(("TTF", "FFF", "FFF")))
        fall = play.become(DOWN)
        courier.tell(*fall)
        courier.tell(ServiceKey("d", "other"), *fall[1:])
        (message,) = await receiver.wait_for(1)
        await counts.wait_for(sent=2)
    assert (message["version"], message["exporter"], message["cluster"]) == (1, "1.2.3", "blue")
    assert told(message) == [("s", "ready", "down", 2), ("other", "degraded", "down", 1)]
    assert "left_out" not in message
    (head,) = receiver.heads
    assert head.startswith("POST /hook HTTP/1.1\r\n")
    assert "content-type: application/json\r\n" in head.lower()
    assert counts.messages == {"accepted": 1}


async def test_a_receiver_that_is_down_gets_it_when_it_is_up() -> None:
    """Nobody listens at first: one line says so, one that it goes well again; nothing is lost."""
    counts, play = Counts(), Play()
    async with Receiver().listening() as gone:
        port = gone.port
    with capture_logs() as lines:
        async with telling(Target(f"http://127.0.0.1:{port}/{SECRET}"), counts) as courier:
            courier.tell(*play.become(DOWN))
            async with asyncio.timeout(20):
                while not lines:  # noqa: ASYNC110 - the log tells nobody
                    await asyncio.sleep(0.005)
            async with Receiver("503 No", "429 Later").listening(port) as receiver:
                messages = await receiver.wait_for(3)
                await counts.wait_for(sent=1)
    assert [told(message) for message in messages] == [[("s", "ready", "down", 1)]] * 3
    assert [(line["event"], line.get("problem")) for line in lines] == [
        (
            "changes can't be told, and are kept",
            f"http://127.0.0.1:{port} refuses the connection: nobody listens there",
        ),
        ("changes are told again", None),
    ]


@pytest.mark.parametrize("answer", ["404 Not Found", "401 No", "302 Found\r\nLocation: /else"])
async def test_what_is_refused_is_not_sent_again(answer: str) -> None:
    """It is counted and told in a line; a redirect is not followed; the next change is sent."""
    counts, play = Counts(), Play()
    with capture_logs() as lines:
        async with (
            Receiver(answer).listening() as receiver,
            telling(Target(receiver.url), counts) as courier,
        ):
            courier.tell(*play.become(DOWN))
            await counts.wait_for(refused=1)
            courier.tell(*play.become(READY))
            messages = await receiver.wait_for(2)
            await counts.wait_for(refused=1, sent=1)
    assert told(messages[1]) == [("s", "down", "ready", 1)]
    assert [line["event"] for line in lines] == ["changes are refused", "changes are told again"]
    assert all("/hook" in head.splitlines()[0] for head in receiver.heads)


async def test_a_receiver_that_never_answers_holds_nothing() -> None:
    """Its message is given up and sent again, with what came since; the guard watches the loop."""
    counts, play = Counts(), Play()
    async with (
        Receiver(None).listening() as receiver,
        telling(Target(receiver.url), counts, patience=0.2) as courier,
    ):
        courier.tell(*play.become(DOWN))
        await receiver.wait_for(1)
        courier.tell(*play.become(READY))
        messages = await receiver.wait_for(2)
        await counts.wait_for(sent=1)
    assert told(messages[1]) == [("s", "ready", "ready", 2)]
    assert messages[1]["changes"][0]["returned"] is True
    assert counts.messages == {"retry": 1, "accepted": 1}


async def test_thousands_of_changes_hold_nobody() -> None:
    """Two thousand wait and go in four messages; what found no room is told in the first."""
    counts = Counts()
    _, story, report = Play().become(DOWN)
    async with (
        Receiver().listening() as receiver,
        telling(Target(receiver.url), counts, interval=0.01) as courier,
    ):
        for number in range(2_010):
            courier.tell(ServiceKey("d", f"s{number}"), story, report)
        messages = await receiver.wait_for(4)
        await counts.wait_for(dropped=10, sent=2_000)
    assert [len(message["changes"]) for message in messages] == [500] * 4
    assert [message.get("left_out") for message in messages] == [10, None, None, None]


async def test_what_waits_at_the_end_is_sent_once_more() -> None:
    """A long interval is cut short by the end; a receiver that is away costs it in one line."""
    counts = Counts()
    async with Receiver().listening() as receiver:
        async with telling(Target(receiver.url), counts, interval=3600.0) as courier:
            await asyncio.sleep(0)
            courier.tell(*Play().become(DOWN))
        assert [told(one) for one in receiver.messages] == [[("s", "ready", "down", 1)]]
        url = receiver.url
    assert counts.changes == {"sent": 1}
    with capture_logs() as lines:
        async with telling(Target(url), counts, interval=3600.0) as courier:
            await asyncio.sleep(0)
            courier.tell(*Play().become(DOWN))
    assert counts.changes == {"sent": 1, "dropped": 1}
    assert lines[-1] == {
        "event": "changes are told to nobody: it is over",
        "log_level": "warning",
        "count": 1,
    }


async def test_the_end_is_not_held_by_a_receiver_that_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It gets its last seconds and no more, and what it was to be told is counted."""
    monkeypatch.setattr(telling_module, "LAST", 0.2)
    counts = Counts()
    async with (
        Receiver(None, None).listening() as receiver,
        telling(Target(receiver.url), counts, interval=3600.0) as courier,
    ):
        await asyncio.sleep(0)
        courier.tell(*Play().become(DOWN))
    assert (counts.changes, counts.messages) == ({"dropped": 1}, {"retry": 1})


async def test_tls_is_checked_and_the_token_and_the_url_come_from_files(tmp_path: Path) -> None:
    """With the authority it is sent with the token; without it never is, and the token with it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "token").write_text(f"{SECRET}-token\n")
    counts = Counts()
    async with Receiver().listening(tls=context) as receiver:
        (tmp_path / "url").write_text(f"https://127.0.0.1:{receiver.port}/{SECRET}?a=b%2Fc\n")
        target = Target(
            url_file=str(tmp_path / "url"),
            token_file=str(tmp_path / "token"),
            ca_file=str(tmp_path / "ca.pem"),
        )
        assert await Webhook(target).check() == f"https://127.0.0.1:{receiver.port}"
        async with telling(target, counts) as courier:
            courier.tell(*Play().become(DOWN))
            await counts.wait_for(sent=1)
        (head,) = receiver.heads
        assert head.startswith(f"POST /{SECRET}?a=b%2Fc HTTP/1.1\r\n")
        assert f"authorization: bearer {SECRET}-token\r\n" in head.lower()
        with capture_logs() as lines:
            strange = Target(url_file=target.url_file, token_file=target.token_file)
            async with telling(strange, counts) as courier:
                await asyncio.sleep(0)
                courier.tell(*Play().become(DOWN))
        assert len(receiver.messages) == 1
    assert "is not trusted" in lines[0]["problem"]
    assert SECRET not in repr(lines)


@pytest.mark.parametrize(
    "content,token,problem",
    [
        (None, "x", "can't be read: No such file or directory"),
        (f"htp://{SECRET}", "x", "holds no http or https URL"),
        (f"http://me:{SECRET}@host/", "x", "has a login, and there is a token file too"),
        ("http://host/", None, "can't be read: No such file or directory"),
        ("http://host/", f"{SECRET}\n{SECRET}", "holds no token"),
    ],
)
async def test_files_that_are_of_no_use_are_told_at_the_start(
    content: str | None, token: str | None, problem: str, tmp_path: Path
) -> None:
    """One line each that names the file, and nothing of what is in it."""
    if content is not None:
        (tmp_path / "url").write_text(content)
    if token is not None:
        (tmp_path / "token").write_text(token)
    target = Target(url_file=str(tmp_path / "url"), token_file=str(tmp_path / "token"))
    with pytest.raises(CredentialsError) as raised:
        await Webhook(target).check()
    assert problem in str(raised.value)
    assert SECRET not in str(raised.value)
