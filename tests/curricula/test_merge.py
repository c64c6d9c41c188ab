"""Merging what two sides changed of one track: everything each did is kept, or asked about."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from curricula.folder import Folder
from curricula.merge import Conflict, Side, merge, named
from curricula.pieces import Piece, folder_of, lesson_path, pieces, track_in, track_path
from tests.tracks_in_test import FOLDER as TRACKS
from tests.tracks_in_test import fixed_tracks

PATHS = (
    "track", "d1/module", "d1/lesson/a", "d1/lesson/a/fr", "d1/lesson/a/en", "d1/question/q1", "d1/question/q2",
    "d2/module", "d2/lesson/b", "d2/lesson/b/fr", "d1/image.png", "glossary.toml",
)  # fmt: skip


@st.composite
def side(draw: st.DrawFn) -> list[Piece]:
    """Some pieces in some order, each saying one of a few things."""
    paths = draw(st.lists(st.sampled_from(PATHS), unique=True))
    return [Piece(path, draw(st.sampled_from((b"1", b"2", b"3")))) for path in paths]


@given(side(), side())
def test_with_no_change_of_mine_it_is_theirs(base: list[Piece], theirs: list[Piece]) -> None:
    merged = merge(base, base, theirs)
    assert list(merged.pieces) == theirs
    assert merged.conflicts == ()


@given(side(), side())
def test_with_no_change_of_theirs_it_is_mine(base: list[Piece], mine: list[Piece]) -> None:
    merged = merge(base, mine, base)
    assert list(merged.pieces) == mine
    assert (merged.conflicts, merged.taken) == ((), ())


@given(side(), side(), side())
def test_no_piece_is_lost_in_silence(base: list[Piece], mine: list[Piece], theirs: list[Piece]) -> None:
    merged = merge(base, mine, theirs)
    old, own, other, now = ({piece.path: piece.content for piece in each}
                            for each in (base, mine, theirs, merged.pieces))  # fmt: skip
    asked = {conflict.path for conflict in merged.conflicts}
    assert len(merged.pieces) == len(now)
    for path in old.keys() | own.keys() | other.keys():
        values = {each.get(path) for each in (own, other)}
        changed = [each.get(path) for each in (own, other) if each.get(path) != old.get(path)]
        assert (path in asked) == (len(set(changed)) == 2)
        if path in now:
            assert now[path] in values | {old.get(path)}
        for content in changed:
            assert content is None or path in asked or now[path] == content
    assert set(merged.taken) == {path for path in own.keys() | now.keys() if own.get(path) != now.get(path)}


@given(side(), side(), side(), st.data())
def test_a_settled_merge_asks_nothing_and_says_what_was_chosen(
    base: list[Piece], mine: list[Piece], theirs: list[Piece], data: st.DataObject
) -> None:
    sides: tuple[Side, ...] = ("mine", "theirs")
    asked = merge(base, mine, theirs).conflicts
    settled = {conflict.path: data.draw(st.sampled_from(sides)) for conflict in asked}
    merged = merge(base, mine, theirs, settled)
    now = {piece.path: piece.content for piece in merged.pieces}
    assert merged.conflicts == ()
    for conflict in asked:
        chosen = conflict.mine if settled[conflict.path] == "mine" else conflict.theirs
        if chosen is not None:
            assert now[conflict.path] == chosen


def changed(found: list[Piece], *changes: Piece, without: tuple[str, ...] = ()) -> list[Piece]:
    """The same pieces with some that say something else, or are not there."""
    new = {piece.path: piece for piece in changes}
    return [new.get(piece.path, piece) for piece in found if piece.path not in without]


def shipped() -> list[Piece]:
    return list(pieces(Folder.read(TRACKS / "decideurs")))


def test_changes_of_both_sides_come_together() -> None:
    base = shipped()
    texts = [piece.path for piece in base if piece.path.endswith("/fr")]
    mine = changed(base, Piece(texts[0], b'title = "Mine"\nable = []\n+++\n\nMine.\n'))
    theirs = changed(base, Piece(texts[1], b'title = "Theirs"\nable = []\n+++\n\nTheirs.\n'))
    merged = merge(base, mine, theirs)
    assert merged.conflicts == ()
    assert merged.taken == (texts[1],)
    assert [piece.path for piece in merged.pieces] == [piece.path for piece in base]


def test_each_side_is_asked_about_what_both_changed() -> None:
    base = [Piece("track", b"0"), Piece("d1/module", b"0")]
    merged = merge(base, changed(base, Piece("track", b"1")), changed(base, Piece("track", b"2")))
    assert merged.conflicts == (Conflict("track", b"0", b"1", b"2"),)
    assert merged.pieces[0].content == b"1"
    assert merge(base, changed(base, Piece("track", b"1")), base, {}).conflicts == ()


def test_the_order_follows_who_moved_and_additions_stay_beside_their_neighbour() -> None:
    base = [Piece(path, b"") for path in "abc"]
    moved = [Piece(path, b"") for path in "cab"]
    added = [Piece(path, b"") for path in "abxc"]
    for mine, theirs in ((moved, added), (added, moved)):
        assert "".join(piece.path for piece in merge(base, mine, theirs).pieces) == "cabx"


def test_a_lesson_one_removes_and_the_other_rewrites_stays_readable() -> None:
    base = shipped()
    lesson = fixed_tracks()["decideurs"].modules[0].lessons[0]
    path = lesson_path("d1", lesson.key, "fr")
    text = b'+++\ntitle = "Theirs"\nable = []\n+++\n\nTheirs.\n'
    gone = tuple(piece.path for piece in base if piece.path.startswith("d1/"))
    merged = merge(base, changed(base, without=gone), changed(base, Piece(path, text)), {path: "theirs"})
    kept = {piece.path for piece in merged.pieces if piece.path.startswith("d1/")}
    assert kept == {"d1/module", lesson_path("d1", lesson.key), path}
    assert f"d1/01-{lesson.key}.fr.md" in folder_of("decideurs", merged.pieces).files


def test_what_names_a_track_is_its_own() -> None:
    base = shipped()
    (mine, *rest) = (piece for piece in named(base, "ours", "7") if piece.path == track_path())
    assert rest == []
    track = track_in(base[[piece.path for piece in base].index("track")].content)
    assert track_in(mine.content) == replace(track, key="ours", version="7")
    assert [piece for piece in named(base, "ours", "7") if piece.path != "track"] == [
        piece for piece in base if piece.path != "track"
    ]
