from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from exporter.dump import DumpError, read_dump
from exporter.objects.services import Service

# 368 bytes for 10^9 elements.
BOMB = b"apiVersion: v1\nkind: List\nitems: []\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [" % (two, two) + b",".join([b"*%c" % one] * 10) + b"]\n"
    for one, two in zip(b"abcdefgh", b"bcdefghi", strict=True)
)


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers: what holds with libyaml holds without it."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "data,message",
    [
        (BOMB, "aliases (`*name`) are not taken, kubectl prints none (line 5)"),
        (b"kind: List\nitems:\n- &x {kind: Pod}\n- *x\n", "aliases (`*name`) are not taken, kubec"),
        (
            b"kind: Pod\nmetadata:\n  <<: {name: a}\n",
            "merge keys (`<<`) are not taken, kubectl pri",
        ),
        (b"kind: Pod\nmetadata:\n  name: a\n  name: b\n", "the key name is there twice (line 4)"),
        (b"kind: Pod\nkind: Pod\n", "the key kind is there twice (line 2)"),
        (
            b"apiVersion: v1\nkind: Pod\nspec: {}\nspec: {}\n",
            "the key spec is there twice (line 4)",
        ),
        (b"apiVersion: v1\nkind: Pod\nkind: Pod\n", "the key kind is there twice (line 3)"),
        (
            b"--- {apiVersion: v1, kind: Pod, apiVersion: v1}",
            "the key apiVersion is there twice (line",
        ),
        (b"kind: Pod\nmetadata: {? [a] : b}\n", "a key that is no text (line 2)"),
        (b"kind: Pod\nmetadata: !secret\n  name: a\n", "the tag !secret is not taken, kubectl pri"),
        (
            b"--- {kind: List, items: !!set {a}}",
            "the tag tag:yaml.org,2002:set is not taken, kubectl",
        ),
    ],
)
def test_yaml_that_is_no_json_is_refused_with_its_line(data: bytes, message: str) -> None:
    """Aliases, merges, tags and keys that stand twice mean something that kubectl never prints."""
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert str(caught.value).startswith(f"the file holds YAML that is no JSON: {message}")


def test_a_mistake_after_json_is_told_with_its_line_in_the_file() -> None:
    """Lines are counted from the begin of the file, whatever stands before the YAML."""
    with pytest.raises(DumpError) as caught:
        read_dump(b'{"apiVersion":"v1","kind":"List"}\n---\nkind: Pod\nkind: Pod\n')
    assert str(caught.value).endswith("the key kind is there twice (line 4)")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("data", [b"a: " + b"[" * 2_000, b"a: " + b"{a: " * 2_000])
def test_deep_yaml_is_refused(data: bytes) -> None:
    """Brackets by the thousand end in a line, not in a stack that overflows."""
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert str(caught.value) == "the file is nested too deeply"


@pytest.mark.usefixtures("parser")
def test_a_number_beyond_all_bounds_breaks_nothing_but_its_own_object() -> None:
    """Digits are kept as they are; whoever doesn't read the field never meets them."""
    digits = "9" * 500
    text = (
        f"kind: Service\napiVersion: v1\nmetadata: {{name: s}}\nstatus: {{x: {digits}, y: 1e999}}"
    )
    (found,) = read_dump(text.encode()).objects["services"]
    assert isinstance(found, Service)


@pytest.mark.usefixtures("parser")
def test_tags_of_json_types_are_read() -> None:
    """`!!str 80` is text and `!!int "80"` a number, as YAML has it."""
    text = (
        "kind: Service\napiVersion: v1\nmetadata: !!map\n  name: !!str 80\n"
        '  labels: {a: !!str 1}\nspec:\n  ports: !!seq [{port: !!int "80"}]\n'
    )
    (found,) = read_dump(text.encode()).objects["services"]
    assert isinstance(found, Service)
    assert (found.name, found.labels, found.ports[0].port) == ("80", {"a": "1"}, 80)


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """It is refused in a process that may have 600 MB."""
    path = tmp_path / "bomb.yaml"
    path.write_bytes(BOMB)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20));"
        "from exporter.cli import main; sys.exit(main(['get', '--from-file', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kube-endpoints-exporter: {path}: the file holds YAML that is ")


def test_reading_yaml_needs_a_few_times_its_size(tmp_path: Path) -> None:
    """Objects leave the parser one by one: 3 MB of YAML fit into 40 MB above an empty program."""
    one = (
        "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: web-%d\n    namespace: shop\n"
        "  spec:\n    containers:\n    - name: app\n      env:\n"
        + "      - name: A\n        value: b\n"
        * 100
    )
    path = tmp_path / "big.yaml"
    path.write_text("apiVersion: v1\nkind: List\nitems:\n" + "".join(one % n for n in range(800)))
    code = (
        "import resource, sys; from exporter.cli import main;"
        "main(['get', '--from-file', *sys.argv[1:]]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(*paths: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, *paths],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        kilobytes = int(done.stdout.split()[-1])
        return kilobytes // 1024 if sys.platform == "darwin" else kilobytes

    small = tmp_path / "small.yaml"
    small.write_text("apiVersion: v1\nkind: PodList\nitems: []\n")
    assert path.stat().st_size > 2_500_000
    assert peak(str(path)) - peak(str(small)) < 40_000
