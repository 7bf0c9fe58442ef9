from __future__ import annotations

from structlog.testing import capture_logs

from exporter.cli.chronicle import Chronicle
from exporter.engine.news import Ration
from exporter.engine.state import State
from exporter.model import Delete, ObjectKey
from tests.unit.apiserver import NOW, at_version, endpoint, service, slice_of, state_of, upsert


def follow(state: State, chronicle: Chronicle) -> None:
    """Have all that becomes of Services written down, as `run` does."""
    state.transitions.follow(lambda key, story: chronicle.tell(key, story, state.reports.get(key)))


def test_a_change_is_one_line_after_the_first_reports() -> None:
    """The first reports are no change; that it fell is, and another commit alone is not."""
    with capture_logs() as lines:
        state = state_of(service(), slice_of(endpoint(".1")))
        follow(state, Chronicle())
        state.settle(NOW)
        assert lines == []
        state.deliver(upsert(at_version(slice_of(endpoint(".1", "FFF")), "2")))
        state.settle(NOW)
        state.touch(state.reports)
        state.settle(NOW)
    (line,) = lines
    assert {key: line[key] for key in ("event", "log_level", "namespace", "service")} == {
        "event": "service_changed",
        "log_level": "info",
        "namespace": "d",
        "service": "s",
    }
    assert (line["before"], line["ready"]) == ("ready", 0)
    assert line["after"] == "down"
    assert line["reason"] == "EndpointsNotReady"
    assert line["findings"] == []
    assert line["since"] == "2023-11-14T22:13:20Z"


def test_a_service_that_goes_leaves_no_line() -> None:
    """Whoever is gone stands no way at all."""
    with capture_logs() as lines:
        state = state_of(service(), slice_of(endpoint(".1")))
        follow(state, Chronicle())
        state.deliver(Delete("services", ObjectKey("d", "s")))
        state.settle(NOW)
    assert lines == []


def test_what_is_too_much_is_counted_in_one_line() -> None:
    """One line a minute here: the second is left out, and told when the minute is over."""
    clock = [10.0]
    chronicle = Chronicle(Ration(1, 60.0), lambda: clock[0])
    with capture_logs() as lines:
        state = state_of(service(), slice_of(endpoint(".1")))
        follow(state, chronicle)
        for version, flags in (("2", "FFF"), ("3", "TTF")):
            state.deliver(upsert(at_version(slice_of(endpoint(".1", flags)), version)))
            state.settle(NOW)
        chronicle.settle()
        assert [line["event"] for line in lines] == ["service_changed"]
        clock[0] = 70.0
        chronicle.settle()
        chronicle.settle()
    assert lines[1:] == [{"event": "service_changes_left_out", "log_level": "info", "count": 1}]
