from __future__ import annotations

from exporter.model import ServiceKey, Standing
from exporter.notify.gathering import Change, Gathering, Outcome
from tests.unit.apiserver import NOW
from tests.unit.notify.stories import DOWN, READY, Play


class Counts:
    """What was counted, by outcome."""

    def __init__(self) -> None:
        self.of: dict[Outcome, int] = {}

    def __call__(self, outcome: Outcome, count: int) -> None:
        """So many ended so."""
        self.of[outcome] = self.of.get(outcome, 0) + count


def gathering_of(play: Play, *flags: tuple[str, ...], counts: Counts | None = None) -> Gathering:
    """What is gathered while the endpoints become these, one second after the other."""
    made = Gathering(counts or Counts())
    for second, each in enumerate(flags):
        made.add(*play.become(each), NOW + second)
    return made


def shape(change: Change) -> tuple[Standing, Standing, int, float]:
    """Before, after, how often, when last."""
    return change.before.standing, change.after.standing, change.count, change.at - NOW


def test_the_last_state_is_told_and_the_first_before() -> None:
    """Ready, half ready, down within one message: from ready to down, two changes."""
    gathered = gathering_of(Play(), ("TTF", "FFF", "FFF"), DOWN)
    (change,) = gathered.take(10)
    assert shape(change) == (Standing.READY, Standing.DOWN, 2, 1.0)
    assert len(gathered) == 0


def test_who_returns_before_anybody_was_told_has_nothing_to_tell() -> None:
    """Down and up again between two messages is counted as settled, and not sent."""
    counts = Counts()
    assert len(gathering_of(Play(), DOWN, READY, counts=counts)) == 0
    assert counts.of == {Outcome.SETTLED: 1}


def test_who_returns_after_somebody_may_have_been_told_is_told_as_returned() -> None:
    """A message that failed may have arrived: the receiver must not believe in an outage."""
    counts, play = Counts(), Play()
    gathered = gathering_of(play, DOWN, counts=counts)
    tried = gathered.take(10)
    gathered.add(*play.become(READY), NOW + 5)
    gathered.give_back(tried)
    (change,) = gathered.take(10)
    assert shape(change) == (Standing.READY, Standing.READY, 2, 5.0)
    assert change.returned
    assert counts.of == {}


def test_what_was_never_sent_is_given_back_without_a_trace() -> None:
    """A change that was only put off is settled by its return."""
    counts, play = Counts(), Play()
    gathered = gathering_of(play, DOWN, counts=counts)
    gathered.give_back(gathered.take(10), tried=False)
    gathered.add(*play.become(READY), NOW + 5)
    assert len(gathered) == 0
    assert counts.of == {Outcome.SETTLED: 1}


def test_a_service_that_is_gone_has_nothing_to_tell() -> None:
    """What waited of it is settled; that it went is no change."""
    counts, play = Counts(), Play()
    gathered = gathering_of(play, DOWN, counts=counts)
    gathered.add(*play.go(), NOW)
    assert len(gathered) == 0
    assert counts.of == {Outcome.SETTLED: 1}


def test_another_number_alone_is_told_with_what_waits() -> None:
    """Fewer addresses of a Service that is down anyway change what is sent, and count for none."""
    play = Play()
    gathered = gathering_of(play, DOWN, ("FFF",))
    (change,) = gathered.take(10)
    assert shape(change) == (Standing.READY, Standing.DOWN, 1, 0.0)
    assert change.report.not_ready == 1


def test_what_changed_longest_ago_goes_when_there_is_no_room() -> None:
    """Three Services and room for two: one is left out, counted, and told of once."""
    counts = Counts()
    gathered = Gathering(counts, most=2)
    _, story, report = Play().become(DOWN)
    for name in ("a", "b", "c"):
        gathered.add(ServiceKey("d", name), story, report, NOW)
    assert (gathered.take_left_out(), gathered.take_left_out()) == (1, 0)
    assert [change.key.name for change in gathered.take(10)] == ["b", "c"]
    assert counts.of == {Outcome.DROPPED: 1}


def test_what_failed_goes_before_what_came_since() -> None:
    """The oldest come first again, and who must not go yet stays."""
    gathered = Gathering(Counts())
    _, story, report = Play().become(DOWN)
    for name in ("a", "b"):
        gathered.add(ServiceKey("d", name), story, report, NOW)
    tried = gathered.take(1)
    gathered.add(ServiceKey("d", "c"), story, report, NOW)
    gathered.give_back(tried)
    assert [one.key.name for one in gathered.take(2, lambda key: key.name != "a")] == ["b", "c"]
    (last,) = gathered.take(2)
    assert (last.key.name, last.tried) == ("a", True)
