from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
import yaml

from exporter.dump import DumpError, read_dump
from exporter.objects.services import Service

START = "==== START logs for container a of pod d/x ====\n"
END = "==== END logs for container a of pod d/x ====\n"
LOG = '{"level":"info"}\n==== END logs for container b of pod d/x ====\n{"broken": [\n'


def service(name: str, **metadata: Any) -> dict[str, Any]:
    """A Service in namespace d."""
    meta = {"namespace": "d", "name": name, **metadata}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta}


def listed(*names: str) -> dict[str, Any]:
    """What kubectl prints for these Services."""
    items = [service(name) for name in names]
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def names(data: bytes) -> list[str]:
    """The names of a dump's Services."""
    return [found.name for found in read_dump(data).objects["services"]]


def told(data: bytes) -> str:
    """Why this is no dump."""
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


A, B, C = (json.dumps(listed(name), indent=4) for name in "abc")
YAML_A, YAML_B = (yaml.safe_dump(listed(name)) for name in "ab")


@pytest.mark.parametrize(
    "text",
    [
        A + B + C,
        json.dumps(listed("a")) + json.dumps(listed("b")) + json.dumps(listed("c")),
        f"{A}\n{B}\n{C}\n",
        f"{A}\r\n---\r\n{B} {C}",
        f"{A}\ufeff{B}\n\ufeff{C}\n",
        f"\ufeff{A}\ufeff\ufeff{B}\ufeff\n{C}\ufeff",
        "".join(json.dumps(service(name)) + "\n" for name in "abc"),
        "".join(json.dumps(service(name)) for name in "abc"),
        f"{A}Warning: v1 Endpoints is deprecated\n{B}\nWarning: again\n{C}",
        f"{A}\n{B}\n{START}{LOG}{END}{C}\n",
        f"{A}\n{B}\n{yaml.safe_dump(listed('c'))}",
        f"{A}\n---\n{B}\n---\n{yaml.safe_dump(listed('c'))}---\n",
        yaml.safe_dump(service("a")) + yaml.safe_dump(service("b")) + yaml.safe_dump(service("c")),
        f"{YAML_A}{YAML_B}{yaml.safe_dump(listed('c'))}",
        f"{YAML_A}---\n{YAML_B}{yaml.safe_dump(listed('c'))}",
        f"\ufeff{YAML_A}\ufeff{YAML_B}\ufeff---\n{yaml.safe_dump(listed('c'))}",
        f"{A}\ufeffapiVersion: v1\nkind: x\n---\n{yaml.safe_dump([service('b'), service('c')])}",
        "".join(f"kind: Service\napiVersion: v1\nmetadata: {{name: {name}}}\n" for name in "abc"),
        "--- {kind: Service, apiVersion: v1, metadata: {name: a}}\n--- # flow\n"
        + yaml.safe_dump([service("b"), service("c")]),
    ],
)
def test_files_put_together_are_one_dump(text: str) -> None:
    """With or without breaks, separators, marks, warnings and logs between: nothing is lost."""
    assert names(text.encode()) == ["a", "b", "c"]


UTF16 = [
    (codecs.BOM_UTF16_LE + A.encode("utf-16-le"), codecs.BOM_UTF16_BE + B.encode("utf-16-be")),
    (codecs.BOM_UTF16_BE + A.encode("utf-16-be"), codecs.BOM_UTF16_LE + B.encode("utf-16-le")),
    (codecs.BOM_UTF16_LE + A.encode("utf-16-le"), codecs.BOM_UTF16_LE + B.encode("utf-16-le")),
    (A.encode(), codecs.BOM_UTF16_LE + B.encode("utf-16-le")),
    (f"{A}\r\n".encode(), f"{B}\r\n".encode("utf-16-le")),
    (f"{A}\r\n".encode(), f"{B}\r\n".encode("utf-16-be")),
    (A.encode(), B.encode("utf-16-be")),
    (codecs.BOM_UTF16_LE + f"{A}\r\n".encode("utf-16-le"), B.encode()),
    (codecs.BOM_UTF16_LE + f"{A}\r\n".encode("utf-16-le"), codecs.BOM_UTF8 + B.encode()),
    (codecs.BOM_UTF16_BE + f"{A}\r\n".encode("utf-16-be"), B.encode()),
    (f"{A}\r\n".encode("utf-16-le"), f"{B}\r\n".encode("utf-16-le")),
    (codecs.BOM_UTF16_LE + YAML_A.encode("utf-16-le"), YAML_B.encode()),
    (YAML_A.encode(), YAML_B.encode("utf-16-le")),
    (codecs.BOM_UTF8 + YAML_A.encode(), codecs.BOM_UTF16_LE + YAML_B.encode("utf-16-le")),
]


@pytest.mark.parametrize("one,other", UTF16)
def test_pieces_of_several_encodings_are_one_dump(one: bytes, other: bytes) -> None:
    """PowerShell's `>` and `>>` write UTF-16, other programs UTF-8, into one file."""
    assert names(one + other) == ["a", "b"]


def test_text_beyond_ascii_survives_every_encoding() -> None:
    """A word in Chinese that UTF-16 writes without a NUL is the same word afterwards."""
    text = json.dumps(service("a", labels={"x": "等级"}), ensure_ascii=False)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        (found,) = read_dump(text.encode(encoding)).objects["services"]
        assert isinstance(found, Service)
        assert found.labels == {"x": "等级"}


@pytest.mark.parametrize("text", [A, YAML_A])
def test_windows_1252_is_refused_by_name(text: str) -> None:
    """One byte that is no UTF-8 makes one odd Service: the whole file is told, with the line."""
    odd = text.replace('"d"', '"d\xe9"').replace("namespace: d", "namespace: d\xe9")
    line = odd[: odd.index("\xe9")].count("\n") + 1
    assert told(odd.encode("cp1252")) == (
        f"the file is not UTF-8: byte 0xe9 in line {line} (saved as Windows-1252 or Latin-1?); "
        "convert it to UTF-8, or have kubectl write it again"
    )


@pytest.mark.parametrize(
    "text,message",
    [
        (A + B[:-1], "the file is not whole JSON: what begins in line 17 has no end"),
        (A[:-1], "the file is not whole JSON: what begins in line 1 has no end"),
        (f"{A}\nError from server\n", "the file is not whole JSON: line 18 begins no object and "),
        (f"{A},{B}", "the file is not whole JSON: line 17 begins no object and no list"),
        (f"{A}}}", "the file is not whole JSON: line 17 begins no object and no list"),
        (f'{A}\n{{"a" 1}}', "the file is not whole JSON: JSON is malformed: "),
        (f"{A}\n{START}{B}", "the file is not whole JSON: line 18 begins no object and no list"),
        (f"{YAML_A}{A}", "the file is not YAML: "),
        (YAML_A + YAML_B.replace("items:", "items: [", 1), "the file is not YAML: "),
        (f"{YAML_A.rstrip()}{YAML_B}", "the file is not YAML: "),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_told_with_its_line(text: str, message: str) -> None:
    """A piece that is cut, or something else between the pieces, ends it: no half is a whole."""
    assert told(text.encode()).startswith(message)


def test_a_broken_piece_after_a_whole_one_of_utf_16_is_told() -> None:
    """An odd byte at the end of UTF-16 is not read over."""
    assert told(codecs.BOM_UTF16_LE + A.encode("utf-16-le") + b"x").startswith("the file is binary")
