"""docs/notify.md: the message that it shows is what is sent, and its receiver takes it."""

from __future__ import annotations

import http.server
import json
import re
import threading
from typing import Any

import msgspec
import pytest

from exporter.notify.payload import VERSION, Message, Told
from exporter.notify.verdicts import Verdict
from exporter.notify.webhook import Target, Webhook
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
            webhook = Webhook(Target(f"http://127.0.0.1:{server.server_port}/"), environ={})
            answer = await webhook.send(json.dumps(MESSAGE).encode())
            await webhook.close()
        finally:
            server.shutdown()
            thread.join(10)
    assert answer.verdict is Verdict.ACCEPTED
    assert capsys.readouterr().out == "shop/cart: ready -> down\n"
