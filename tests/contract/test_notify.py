"""docs/notify.md: the message that it shows is what is sent, and its receiver takes it."""

from __future__ import annotations

import http.server
import json
import re
import threading
from typing import Any

import msgspec
import pytest

from exporter.config import Settings
from exporter.engine import leader
from exporter.notify import gathering, recorder, recording, telling, webhook
from exporter.notify.payload import VERSION, Message, Told
from exporter.notify.verdicts import Verdict
from exporter.notify.webhook import Target, Webhook
from exporter.reflector import backoff
from tests.contract.project import find_blocks, read

PAGE = "docs/notify.md"
MESSAGE: dict[str, Any] = json.loads(next(find_blocks(PAGE, "json")))


def test_the_message_that_is_shown_has_every_field_and_no_other() -> None:
    """In the order in which they are sent, each of its type, and each in the table or plain."""
    (change,) = MESSAGE["changes"]
    assert tuple(change) == Told.__struct_fields__
    assert set(MESSAGE) == set(Message.__struct_fields__)
    assert MESSAGE["version"] == VERSION
    msgspec.convert(change, Told, strict=True)
    msgspec.convert({**MESSAGE, "changes": ()}, Message, strict=True)
    table = set(
        re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", read(PAGE), re.MULTILINE)))
    )
    plain = {"namespace", "service", "exporter"}
    assert table == {*change, *MESSAGE} - plain


def test_the_bounds_are_those_of_the_program() -> None:
    """Every figure of the page, out of the constant that it is."""
    text = " ".join(read(PAGE).split())
    a_minute = int(recorder.MOST_AT_ONCE * 60 / recorder.SETTLING)
    for figure in (
        f"`--notify.interval` ({Settings().notify_interval:.0f} s)",
        f"at most {telling.MOST_AT_ONCE} in a message",
        f"not answered ({webhook.PATIENCE:.0f} s)",
        f"after {backoff.FIRST_SECONDS:.1f} s, doubled up to {backoff.LONGEST_SECONDS:.0f} s",
        f"{gathering.MOST:,} Services wait at most",
        f"gathered for {recorder.SETTLING:.0f} s",
        f"one in {recorder.APART:.0f} s at most and all of them {a_minute} a minute",
    ):
        assert figure in text
    assert telling.LAST == 3  # "for three seconds at most"
    assert backoff.RETRY_AFTER_SECONDS == 300  # "up to five minutes"
    assert recording.AGGREGATED_FOR == 600  # "within ten minutes"
    assert recorder.DENIED_PAUSE == 60  # "after a minute"
    assert leader.DURATION == 15
    assert "(15 s after a leader died)" in text


async def test_the_receiver_that_is_shown_takes_a_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its code as it stands there, but for its port."""
    code, begin, _ = next(find_blocks(PAGE, "python")).rpartition("http.server.HTTPServer(")
    assert begin
    space: dict[str, Any] = {"__name__": "receiver"}
    exec(code, space)  # noqa: S102 - it is our own document
    with http.server.HTTPServer(("127.0.0.1", 0), space["Receiver"]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            sender = Webhook(Target(f"http://127.0.0.1:{server.server_port}/"), environ={})
            answer = await sender.send(json.dumps(MESSAGE).encode())
            await sender.close()
        finally:
            server.shutdown()
            thread.join(10)
    assert answer.verdict is Verdict.ACCEPTED
    assert capsys.readouterr().out == "shop/cart: ready -> down\n"
