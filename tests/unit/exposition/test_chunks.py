from __future__ import annotations

import zlib

import pytest

from exporter.exposition.chunks import ChunkStore
from exporter.exposition.fragments import Fragment
from exporter.exposition.pieces import CAPACITY, LARGEST, Piece, lone_piece

Batch = dict[tuple[str, ...], Fragment | None]


def lines(key: tuple[str, ...], *values: int) -> tuple[bytes, bytes]:
    """Two families: a line per value in the first, always one in the second."""
    text = "/".join(key)
    many = "".join(f"a {text} {value}\n" for value in values)
    return (many.encode(), f"b {text}\n".encode())


def keys(count: int, start: int = 0) -> list[tuple[str, ...]]:
    """Keys in order, ten a namespace."""
    return [(f"n{number // 10:04}", f"s{number % 10}") for number in range(start, start + count)]


def store_of(batch: Batch) -> ChunkStore:
    """A store that took all at once."""
    store = ChunkStore(2)
    store.apply(batch)
    return store


def texts(store: ChunkStore) -> list[bytes]:
    """The whole text of each family."""
    return [b"".join(piece.text for piece in store.pieces(number)) for number in (0, 1)]


def sizes(store: ChunkStore) -> list[int]:
    """How many keys each chunk holds."""
    return [piece.text.count(b"\n") for piece in store.pieces(1)]


def expected(batch: Batch) -> list[bytes]:
    """The whole text of each family, put together by hand."""
    return [
        b"".join(fragment[number] or b"" for _, fragment in sorted(batch.items()) if fragment)
        for number in (0, 1)
    ]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 127, 128, 129, 192, 193, 1000])
def test_any_number_of_keys_gives_the_lines_in_order(count: int) -> None:
    """Below, at and above what a chunk holds."""
    batch: Batch = {key: lines(key, 1, 2) for key in reversed(keys(count))}
    store = store_of(batch)
    assert texts(store) == expected(batch)
    assert list(store.keys()) == keys(count)
    assert len(store) == count
    assert store.series == [2 * count, count]
    assert all(0 < size <= CAPACITY for size in sizes(store))


def test_a_chunk_is_split_when_it_is_full() -> None:
    """The key that is one too many makes two of one, wherever it lies."""
    for new in (("a",), ("n0006", "s1a"), ("z",)):
        batch: Batch = {key: lines(key, 1) for key in keys(CAPACITY)}
        store = store_of(batch)
        assert sizes(store) == [CAPACITY]
        batch[new] = lines(new, 1)
        assert store.apply({new: batch[new]})
        assert len(sizes(store)) > 1
        assert texts(store) == expected(batch)


def test_a_chunk_goes_with_its_last_key() -> None:
    """No empty chunk stays behind, and the store can be filled again."""
    batch: Batch = {key: lines(key, 1) for key in keys(300)}
    store = store_of(batch)
    before = len(sizes(store))
    gone: Batch = dict.fromkeys(keys(64))
    assert store.apply(gone)
    assert len(sizes(store)) == before - 1
    assert store.apply(dict.fromkeys(keys(300)))
    assert (texts(store), len(store), store.series) == ([b"", b""], 0, [0, 0])
    store.apply(batch)
    assert texts(store) == expected(batch)


@pytest.mark.parametrize("many", [1, 3, 4, 5, 50])
def test_known_keys_are_spliced(many: int) -> None:
    """Longer, shorter, empty and equally long lines; few at once and many."""
    batch: Batch = {key: lines(key, 1) for key in keys(200)}
    store = store_of(batch)
    for values in ((10, 20, 30), (), (7,), (8,)):
        change: Batch = {key: lines(key, *values) for key in keys(200)[3 : 3 + many]}
        batch.update(change)
        assert store.apply(change)
        assert texts(store) == expected(batch)
        assert store.series == [many * len(values) + 200 - many, 200]


@pytest.mark.parametrize("many", [1, 50])
def test_lines_that_are_none_stay_as_they_were(many: int) -> None:
    """A report tells only the families that it changed; the others keep their lines."""
    batch: Batch = {key: lines(key, 1) for key in keys(200)}
    store = store_of(batch)
    change: Batch = dict.fromkeys(keys(200)[:many], (None, b"b new\n"))
    assert store.apply(change)
    first, second = texts(store)
    assert first == expected(batch)[0]
    assert second.startswith(b"b new\n" * many)
    assert not store.apply(dict.fromkeys(keys(200)[:many], (None, None)))


def test_what_is_the_same_changes_nothing() -> None:
    """A report that renders to the same lines leaves every piece as it is, deflated form too."""
    batch: Batch = {key: lines(key, 1) for key in keys(200)}
    store = store_of(batch)
    pieces = [store.pieces(number) for number in (0, 1)]
    assert not store.apply(dict(list(batch.items())[:3]))
    assert not store.apply(batch)
    assert not store.apply({("gone",): None, ("n0000", "s0x"): None})
    assert all(
        one is other
        for number in (0, 1)
        for one, other in zip(pieces[number], store.pieces(number), strict=True)
    )


def test_a_change_touches_its_own_family_and_chunk_alone() -> None:
    """What did not change is not compressed again."""
    batch: Batch = {key: lines(key, 1) for key in keys(200)}
    store = store_of(batch)
    before = [store.pieces(number) for number in (0, 1)]
    store.apply({keys(200)[0]: lines(keys(200)[0], 2)})
    after = [store.pieces(number) for number in (0, 1)]
    assert before[0][0] is not after[0][0]
    assert before[0][1:] == after[0][1:]
    assert before[1] == after[1]


def test_a_piece_that_was_given_out_stays_as_it_was() -> None:
    """A scrape that is being written shows one state to its end."""
    store = store_of({key: lines(key, 1) for key in keys(10)})
    [held] = store.pieces(0)
    text = held.text
    store.apply({keys(10)[0]: lines(keys(10)[0], 99)})
    assert held.text == text


def test_lines_of_namespaces() -> None:
    """Only those asked for, in order, and nothing for one that is not there."""
    store = store_of({key: lines(key, 1) for key in keys(300)})
    found = store.lines_of(1, frozenset({"n0012", "n0000", "nowhere"}))
    wanted = [key for key in keys(300) if key[0] in ("n0000", "n0012")]
    assert found == b"".join(lines(key, 1)[1] for key in wanted)
    assert store.lines_of(0, frozenset()) == b""


def test_pieces_without_text_are_left_out() -> None:
    """A family that nobody has samples of has no pieces."""
    store = store_of({key: lines(key) for key in keys(3)})
    assert store.pieces(0) == []
    assert len(store.pieces(1)) == 1


def test_deflated_pieces_can_be_joined_in_any_order() -> None:
    """Each ends at a byte and forgets what came before; an empty one is nothing."""
    pieces: list[Piece] = [
        lone_piece(text)
        for text in (b"one\n" * 50, b"", b"two\n" * 50, b"one\n", b"three\n" * 5000)
    ]
    for order in (pieces, pieces[::-1], pieces * 2):
        raw = b"".join(piece.deflated() for piece in order) + b"\x03\x00"
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        text = unpacker.decompress(raw)
        assert text == b"".join(piece.text for piece in order)
        assert unpacker.eof
        assert unpacker.unused_data == b""


def test_a_piece_is_deflated_once() -> None:
    """The compressed form is kept."""
    piece = lone_piece(b"text")
    assert piece.deflated() is piece.deflated()


def test_a_chunk_is_bounded_in_bytes() -> None:
    """Where keys have much text few are together: a change of one copies and deflates little."""
    long = b"a " + b"x" * 20_000 + b"\n"
    batch: Batch = dict.fromkeys(keys(50), (long, b"b\n"))
    store = store_of(batch)
    assert all(len(piece.text) <= LARGEST for piece in store.pieces(0))
    assert max(sizes(store)) == 3
    assert texts(store) == expected(batch)
    for key in keys(3):
        batch[key] = (long * 4, b"b\n")
        assert store.apply({key: batch[key]})
    assert all(len(piece.text) <= 2 * LARGEST for piece in store.pieces(0))
    assert texts(store) == expected(batch)
    assert store.series == [50 + 3 * 3, 50]


@pytest.mark.parametrize("at_once", [True, False])
def test_chunks_merge_again(at_once: bool) -> None:
    """After a mass deletion there are no more chunks than a fresh store of the rest has, or so."""
    store = store_of({key: lines(key, 1) for key in keys(5000)})
    assert len(sizes(store)) == 79
    gone: Batch = {key: None for number, key in enumerate(keys(5000)) if number % 20}
    if at_once:
        store.apply(gone)
    else:
        for key in gone:
            store.apply({key: None})
    left: Batch = {key: lines(key, 1) for number, key in enumerate(keys(5000)) if not number % 20}
    assert texts(store) == expected(left)
    assert len(sizes(store)) <= 2 * len(sizes(store_of(left))) + 1


def test_what_is_prepared_is_not_seen_before_it_is_published() -> None:
    """Made in short steps, shown by one: a scrape in between has what was there."""
    batch: Batch = {key: lines(key, 1) for key in keys(2000)}
    store = store_of(batch)
    before = texts(store)
    change: Batch = {key: lines(key, 2, 3) for key in keys(3000)}
    steps = 0
    for _ in store.prepare(list(change.items())):
        steps += 1
        assert texts(store) == before
        assert store.series == [2000, 2000]
    assert steps > 30
    assert texts(store) == before
    assert store.publish()
    assert texts(store) == expected(change)
    assert store.series == [6000, 3000]
    assert not store.publish()


class Counted(tuple[bytes, bytes]):
    """Lines that are missed when they are gone."""

    __slots__ = ()
    gone = 0

    def __del__(self) -> None:
        Counted.gone += 1


def test_lines_that_were_put_in_go_in_small_steps() -> None:
    """To let a hundred thousand go in one would hold the loop for a tenth of a second."""
    Counted.gone = most = 0
    batch: list[tuple[tuple[str, ...], Fragment | None]] = [
        (key, Counted(lines(key, 1))) for key in keys(10_000)
    ]
    store = ChunkStore(2)
    before = 0
    for _ in store.prepare(batch):
        most, before = max(most, Counted.gone - before), Counted.gone
    assert store.publish()
    assert Counted.gone == 10_000
    assert most <= 256
    assert batch == []


def test_to_take_all_out_pauses_at_each_chunk() -> None:
    """Where nothing comes in place of a chunk there is a pause as well, and for its end another."""
    store = store_of({key: lines(key, 1) for key in keys(5000)})
    chunks = len(sizes(store))
    steps = sum(1 for _ in store.prepare([(key, None) for key in keys(5000)]))
    assert steps > chunks
    assert store.publish()
    assert sum(1 for _ in store.release()) == chunks
    assert texts(store) == [b"", b""]


def test_what_was_never_there_is_taken_out_for_nothing() -> None:
    """Keys without lines make no chunk, and leave those that are there as they are."""
    store = ChunkStore(2)
    assert not store.apply(dict.fromkeys(keys(1000)))
    store.apply({key: lines(key, 1) for key in keys(10)})
    [before] = store.pieces(0)
    assert not store.apply(dict.fromkeys(keys(100, start=10)))
    assert store.pieces(0) == [before]
    assert len(store) == 10


def test_very_many_keys_between_two_others() -> None:
    """They come in portions, and what was there before lies between and around them."""
    few: Batch = {key: lines(key, 1) for key in (("a", "a"), ("n", "s2500x"), ("z", "z"))}
    store = store_of(few)
    many: Batch = {("n", f"s{number:04}"): lines(("n", str(number)), 1) for number in range(5000)}
    gone: Batch = {("n", "s2500x"): None, ("z", "z"): lines(("z", "z"), 2)}
    assert store.apply(dict(reversed((many | gone).items())))
    assert texts(store) == expected(few | many | gone)
    assert len(store) == 5002
    assert store.series == [5002, 5002]


def test_a_piece_that_keeps_changing_is_packed_quickly() -> None:
    """It is packed well again once it has lasted; what it says is the same either way."""
    text = b"".join(b"name{label=%d} %d\n" % (number % 7, number) for number in range(3000))
    fresh = lone_piece(text)
    changed = lone_piece(b"").spliced(0, text)
    quick = changed.deflated()
    assert len(quick) > len(fresh.deflated())
    packed = [changed.deflated() for _ in range(10)]
    assert packed[0] == quick
    assert packed[-1] == fresh.deflated()
    for raw in (quick, packed[-1]):
        assert zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw) == text


def test_lines_of_a_namespace_are_found_and_not_looked_for() -> None:
    """A namespace whose name begins like another's is another; chunks apart from it are let be."""
    names = ["a", "a-b", "a0", "b"]
    batch: Batch = {
        (name, f"s{number:03}"): lines((name, f"s{number:03}"), 1)
        for name in names
        for number in range(150)
    }
    store = store_of(batch)
    for name in names:
        wanted = expected({key: found for key, found in batch.items() if key[0] == name})
        assert [store.lines_of(number, frozenset({name})) for number in (0, 1)] == wanted
    assert store.lines_of(0, frozenset({"", "a1", "zz"})) == b""
    both = frozenset({"b", "a"})
    before = store.lines_of(1, both)
    store.apply({("a", "s000"): None})
    assert store.lines_of(1, both) == before.replace(b"b a/s000\n", b"")
