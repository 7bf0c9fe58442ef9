from __future__ import annotations

import ast
import re

import pytest

from tests.contract.project import ROOT, list_tracked, parse, read, walk_sources

TRACKED = list_tracked()
MODULES = [path for path in TRACKED if re.fullmatch(r"(?:exporter|tools|bench)/.*\.py", path)]
TESTS = [path for path in TRACKED if re.fullmatch(r"tests/.*\.py", path)]

LIMIT = 320
#: Longer ones, each with its reason; they have a limit too.
LONGER = {
    # Nothing but declarations, one below the other; split, a setting would be looked for in two.
    "exporter/config/settings.py": 650,
    # The vocabulary: values without behaviour, which every part looks up in one place.
    # How each kind of object is linked and unlinked; the indexes are modules of their own.
    # What is built and how, one tool after the other.
    "tools/build.py": 400,
}

#: Put together here, so that this file does not hold them.
FORBIDDEN = [
    re.escape("".join(parts))
    for parts in (
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("py", "pi.org"),
        ("files.python", "hosted.org"),
        ("proxy.go", "lang.org"),
        ("registry.npm", "js.org"),
        ("deb.deb", "ian.org"),
        ("helper se", "ssion"),
        ("sub", "agent"),
    )
]
_FORBIDDEN = re.compile("|".join(FORBIDDEN), re.IGNORECASE)


def test_there_is_something_to_look_at() -> None:
    """The lists that the tests below walk are not empty."""
    assert "exporter/__init__.py" in MODULES
    assert "tests/contract/test_house.py" in TESTS


def test_no_file_speaks_of_the_place_it_was_made_in() -> None:
    """No tracked file holds a machine's paths, a package index's address, or talk of its making."""
    for path in TRACKED:
        text = read_any(path)
        for number, line in enumerate(text.splitlines(), 1):
            assert not _FORBIDDEN.search(line), f"{path}:{number}"


def read_any(path: str) -> str:
    """The text of a file; what is no text is looked at all the same."""
    return (ROOT / path).read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("path", MODULES)
def test_a_module_says_what_it_is(path: str) -> None:
    """Every module has a docstring that ends in a full stop or in an example."""
    assert ast.get_docstring(parse(path))


@pytest.mark.parametrize("path", MODULES)
def test_a_module_can_be_read_at_one_go(path: str) -> None:
    """No module is longer than can be held in mind, but for a few that say why."""
    assert len(read(path).splitlines()) <= LONGER.get(path, LIMIT)


def test_exceptions_are_needed() -> None:
    """What is allowed to be longer is longer: an exception that is not needed any more goes."""
    for path in LONGER:
        assert len(read(path).splitlines()) > LIMIT, path


def test_no_module_or_class_is_a_drawer() -> None:
    """Nothing is called utils, helpers, manager or base: such names say what nobody knows."""
    drawer = re.compile(r"utils?|helpers?|managers?|base", re.IGNORECASE)
    for path in MODULES + TESTS:
        names = [part.removesuffix(".py") for part in path.split("/")]
        tree = parse(path)
        names += [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        assert not [name for name in names if drawer.fullmatch(name)], path
        assert not [name for name in names if re.search(r"[a-z](?:Manager|Helper)$", name)], path


@pytest.mark.parametrize("path", TESTS)
def test_every_test_says_in_a_sentence_what_it_proves(path: str) -> None:
    """Each test function has a docstring of one sentence."""
    for node in ast.walk(parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("test_"):
                continue
            text = " ".join((ast.get_docstring(node) or "").split())
            assert text.endswith("."), node.name
            assert not re.search(r"[.!?] [A-Z]", text), node.name


def test_sources_are_found_without_git() -> None:
    """An archive of the sources, or a machine without git, runs the same tests."""
    walked = walk_sources()
    assert set(walked) >= set(TRACKED)
    assert not [path for path in walked if path.startswith((".git/", ".venv/", ".tools/"))]


_THRESHOLDS = r"(?:min_ready|lag_threshold|grace_period)"
_COMPARED = re.compile(rf"{_THRESHOLDS}\)?\s*(?:<|>)|(?:<|>)=?\s*[\w.()]*{_THRESHOLDS}")


@pytest.mark.parametrize(
    "path", [path for path in MODULES if re.match(r"exporter/(?!judging/|sim/)", path)]
)
def test_nobody_outside_judging_compares_with_a_threshold(path: str) -> None:
    """What is as it should be is decided in one place; everybody else reads the judgement."""
    lines = [line for line in read(path).splitlines() if "->" not in line]
    assert [line for line in lines if _COMPARED.search(line)] == []
