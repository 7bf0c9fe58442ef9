"""Whatever a server does to it, in the end the reflector holds what the server holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Delete, SyncMode, Upsert
from exporter.objects.codec import Event, ListHead, Status
from exporter.objects.meta import Rejected
from exporter.reflector import (
    Apply,
    Begin,
    Commit,
    Ended,
    Failed,
    Failure,
    FailureKind,
    FeedState,
    Forgotten,
    Gather,
    Input,
    List,
    Opened,
    Order,
    PageRead,
    Plan,
    Read,
    Received,
    Rest,
    Watch,
    Woke,
    step,
)

PAGE = 2
CODES = (401, 403, 404, 405, 410, 429, 500, 503, 504)


def thing(name: str, version: int) -> Rejected:
    """An object: what it is does not matter here, only which state of it we hold."""
    return Rejected("pods", "d", name, "", str(version))


class Server:
    """A cluster's Pods with their history; versions before `compacted` are gone."""

    def __init__(self) -> None:
        self.version = 10
        self.compacted = 10
        self.history: dict[int, dict[str, int]] = {10: {}}
        self.log: list[tuple[int, Event]] = []

    @property
    def now(self) -> dict[str, int]:
        """Names and versions of all there is."""
        return self.history[self.version]

    def change(self, name: str, *, gone: bool) -> None:
        """One write."""
        known = dict(self.now)
        if gone and name not in known:
            return
        self.version += 1
        if gone:
            del known[name]
            kind = "DELETED"
        else:
            kind = "MODIFIED" if name in known else "ADDED"
            known[name] = self.version
        self.history[self.version] = known
        event = Event(kind, thing(name, self.version), str(self.version))
        self.log.append((self.version, event))


class Client:
    """What the feed does, without sockets."""

    def __init__(self, server: Server, plan: Plan) -> None:
        self.server = server
        self.plan = plan
        self.state = FeedState()
        self.clock = 0.0
        self.gathered: list[Rejected] = []
        self.view: dict[str, str] | None = None
        self.open_at: int | None = None
        self.order: Order = Read()
        self.take(Begin())

    def take(self, given: Input) -> None:
        """One step, its effects, and the order that follows."""
        done = step(self.plan, self.state, given, self.clock, 0.5)
        self.state, self.order = done.state, done.order
        for effect in done.effects:
            match effect:
                case Gather():
                    self.gathered += [o for o in effect.objects if isinstance(o, Rejected)]
                case Commit():
                    self.view = {found.name: found.why for found in self.gathered}
                    versions = {name: int(why) for name, why in self.view.items()}
                    # Never half a list: what is committed is what the server once held.
                    assert versions in self.server.history.values()
                case Forgotten():
                    self.view = None
                case Apply():
                    assert self.view is not None
                    for change in effect.changes:
                        match change:
                            case Upsert(object=Rejected() as found):
                                self.view[found.name] = found.why
                            case Delete():
                                self.view.pop(change.key.name, None)

    def fail(self, code: int) -> None:
        """What is under way fails: with a status, or (0) without an answer."""
        kind = FailureKind.ANSWER if code else FailureKind.BROKEN
        too_large = code == 504
        self.open_at = None
        self.take(Failed(Failure(kind, "failed", code=code, too_large=too_large)))

    def answer(self) -> None:
        """The order is carried out by a healthy server."""
        match self.order:
            case Rest():
                self.clock += self.order.seconds
                self.take(Woke())
            case List():
                self.list(self.order)
            case Watch():
                self.watch(self.order)
            case Read():
                self.read()

    def list(self, order: List) -> None:
        """One page; the token is `version/offset`."""
        at, _, offset = order.token.partition("/")
        if not order.token:
            self.gathered = []
            at = str(self.server.version)
        if int(at) < self.server.compacted:
            self.fail(410)
            return
        names = sorted(self.server.history[int(at)].items())
        begin = int(offset or 0)
        end = begin + PAGE if order.limit is not None else len(names)
        self.gathered += [thing(name, version) for name, version in names[begin:end]]
        token = f"{at}/{end}" if end < len(names) else ""
        self.take(PageRead(ListHead(at, token)))

    def watch(self, order: Watch) -> None:
        """The watch opens; an old version is told of inside of it."""
        if order.initial:
            self.gathered = []
            self.open_at = self.server.version
        else:
            self.open_at = int(order.resource_version)
        initial = order.initial
        self.take(Opened())
        if initial:
            found = [
                Event("ADDED", thing(name, version), str(version))
                for name, version in sorted(self.server.now.items())
            ]
            end = Event("BOOKMARK", resource_version=str(self.open_at), initial_end=True)
            self.take(Received([*found, end]))

    def read(self) -> None:
        """All that has happened since, or the end of the stream."""
        at = self.open_at
        assert at is not None
        if at < self.server.compacted:
            self.open_at = None
            self.take(Received([Event("ERROR", status=Status(code=410))]))
            return
        self.open_at = self.server.version
        events = [event for version, event in self.server.log if version > at]
        if events:
            self.clock += 1
            self.take(Received(events))

    def heal(self) -> None:
        """Nothing goes wrong any more: until a watch is open and read, or a poll is done."""
        for _ in range(200):
            if isinstance(self.order, Read):
                self.read()
                if isinstance(self.order, Read):
                    return
            self.answer()
            rests = isinstance(self.order, Rest) and self.order.failure is None
            if rests and self.server.version == int(self.state.resource_version):
                return
        raise AssertionError("it never settles")


names = st.sampled_from("abcde")
moves = st.one_of(
    st.tuples(st.just("change"), names, st.booleans()),
    st.tuples(st.just("answer")),
    st.tuples(st.just("answer")),
    st.tuples(st.just("fail"), st.sampled_from((0, *CODES))),
    st.tuples(st.just("end"), st.sampled_from(("end", "reset", "idle")), st.integers(0, 200)),
    st.tuples(st.just("fault"), st.sampled_from((410, 429, 500))),
    st.tuples(st.just("compact")),
    st.tuples(st.just("repeat")),
)


def play(client: Client, move: tuple[object, ...]) -> None:
    """One thing that happens: to the cluster, to the network, or in peace."""
    server = client.server
    match move:
        case ("change", str(name), bool(gone)):
            server.change(name, gone=gone)
        case ("compact",):
            server.compacted = server.version
        case ("answer",):
            client.answer()
        case ("fail", int(code)) if isinstance(client.order, List | Watch):
            client.fail(code)
        case ("end", str(cause), int(seconds)) if isinstance(client.order, Read):
            client.clock += seconds
            client.open_at = None
            client.take(Ended(cause))
        case ("fault", int(code)) if isinstance(client.order, Read):
            client.open_at = None
            client.take(Received([Event("ERROR", status=Status(code=code))]))
        case ("repeat",) if isinstance(client.order, Read) and server.log:
            # A restarted watch may send what we know: the last event once more is no news.
            if client.open_at == server.version:
                client.take(Received([server.log[-1][1]]))


@given(
    st.sampled_from([SyncMode.WATCH, SyncMode.AUTO, SyncMode.POLL]),
    st.booleans(),
    st.lists(moves, max_size=60),
)
@settings(max_examples=300, deadline=None)
def test_it_ends_with_what_the_server_holds(
    mode: SyncMode, streaming: bool, script: list[tuple[object, ...]]
) -> None:
    """Changes, faults of any kind at any point, compaction: when they stop, both hold the same."""
    server = Server()
    client = Client(server, Plan("pods", mode=mode, streaming=streaming, probe=100.0))
    for move in script:
        play(client, move)
    server.change("z", gone=False)
    client.heal()
    assert client.view == {name: str(version) for name, version in server.now.items()}
    assert client.state.synced is True
    assert (client.state.forbidden, client.state.absent) == (False, False)
