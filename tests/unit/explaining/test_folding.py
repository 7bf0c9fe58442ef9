from __future__ import annotations

import shlex

from exporter.explaining.folding import fold, fold_command


def test_short_text_is_one_line() -> None:
    """What fits stays as it is."""
    assert fold("one two", 20, first="  - ", rest="    ") == ["  - one two"]


def test_words_stay_whole() -> None:
    """A line ends where a word does."""
    assert fold("one two three four", 9) == ["one two", "three", "four"]
    assert fold("one two three", 11, first="- ", rest="  ") == ["- one two", "  three"]


def test_a_long_selector_breaks_between_its_labels() -> None:
    """No label is cut, though a selector is one word."""
    selector = ",".join(f"app.kubernetes.io/label-{n}=value-{n}" for n in range(20))
    lines = fold(f"the selector {selector} matches no Pod", 80, first="  - ", rest="    ")
    assert all(len(line) <= 80 for line in lines)
    assert "".join(line.strip() for line in lines[1:]).startswith(selector)
    labels = selector.split(",")
    assert all(any(label in line for line in lines) for label in labels)


def test_a_name_that_is_too_long_breaks_at_a_joint() -> None:
    """Where there is no comma, a dash or a dot will do; else it is cut where the line ends."""
    assert fold("abcd-efgh-ijkl", 10) == ["abcd-efgh-", "ijkl"]
    assert fold("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_a_long_command_is_one_command_still() -> None:
    """A shell puts the lines together again, in the midst of a selector too."""
    selector = ",".join(f"label-{n}=value-{n}" for n in range(30))
    command = f"kubectl get pods -n shop -l {selector} -o wide"
    lines = fold_command(command, 100, first="    $ ", rest="        ")
    assert len(lines) > 3
    assert all(len(line) <= 100 for line in lines)
    joined = "\n".join(lines).removeprefix("    $ ").replace("\\\n", "")
    assert shlex.split(joined) == shlex.split(command)


def test_quotes_are_not_broken() -> None:
    """In quotes a backslash at the end of a line would stay in the word."""
    command = f"kubectl get pods -n 'odd name' -l '{'x y,' * 40}'"
    lines = fold_command(command, 60, first="$ ", rest="  ")
    joined = "\n".join(lines).removeprefix("$ ").replace("\\\n", "")
    assert shlex.split(joined) == shlex.split(command)
