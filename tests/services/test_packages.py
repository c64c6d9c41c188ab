"""Archives taken into a draft: whole or not at all, whatever they hold."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from curricula.exchange.model import NotReadable
from curricula.folder import Folder
from curricula.problems import CurriculumError
from lms.services import drafts, history, packages, translation
from tests.archives_in_test import TRACK_FILE, zipped
from tests.tracks_in_test import FOLDER as TRACKS

KEY = "decideurs"
FOLDER = Folder.read(TRACKS / KEY)
TRACK = {"track.toml": TRACK_FILE}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not an archive", zipped({"a": b"x"}), zipped({"../track.toml": TRACK_FILE}),
        zipped({"/track.toml": TRACK_FILE}), zipped({"track.toml": b"key ="}), zipped({"track.toml": b"\xff"}),
        zipped({"track.toml": b'key = "other"'}), zipped(TRACK | {"track": b"x"}),
        zipped(TRACK | {"d1/module": b"\xff"}), zipped(TRACK | {"d1/question/x": b"\xff"}),
        zipped(TRACK | {"d1/lesson/x/fr": b"\xff"}), zipped(TRACK | {"D1/module.toml": b'key = "d1"'}),
        zipped(TRACK | {"d1/01-a.fr.md": b"+++\n+++\n", "d1/02-a.fr.md": b"+++\n+++\n"}),
        zipped(TRACK | {"d1/questions.toml": b'[[questions]]\nkey = "A/b"\n'}),
        zipped(TRACK | {"d1/questions.toml": b'[[questions]]\nkey = "a"\n[[questions]]\nkey = "a"\n'}),
        zipped(TRACK | {"d1/01-a.fr.md": b"no header"}), zipped(TRACK | {"b.bin": b"\0" * 6_000_000}),
        zipped(TRACK | {"x/" * 200 + "y": b""}), zipped({"a/track.toml": TRACK_FILE, "b/track.toml": TRACK_FILE}),
    ],
)  # fmt: skip
def test_what_is_no_track_is_refused(content: bytes) -> None:
    with pytest.raises((NotReadable, CurriculumError)):
        packages.read(content, KEY)


#: What an archive can be made with: a name ends at its first NUL.
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=4))
def test_no_archive_breaks_the_reading(files: dict[str, bytes]) -> None:
    with contextlib.suppress(NotReadable, CurriculumError):
        packages.read(zipped(files | TRACK), KEY)


def test_what_tools_add_is_left_out() -> None:
    files = {f"{KEY}/{path}": content for path, content in FOLDER.files.items()}
    extra = {"__MACOSX/._x": b"x", f"{KEY}/.DS_Store": b"x", f"{KEY}/d1/.git/track.toml": b"x"}
    assert packages.read(zipped(files | extra), KEY) == FOLDER
    assert packages.read(FOLDER.packed(), KEY) == FOLDER


def test_a_draft_becomes_what_the_folder_says_and_can_be_put_back(session: Session) -> None:
    draft = drafts.begin(session, KEY, None)
    begun = drafts.folder(session, draft)
    files = {path: said for path, said in FOLDER.files.items() if not path.startswith("d2/")}
    files["d1/files/plan.bin"] = b"\0\1"
    state = packages.state_of(session, draft)
    taken = packages.take(session, draft, Folder(KEY, files), state, None)
    assert (taken.added, taken.changed) == (1, 0)
    made = drafts.folder(session, draft).files  # under a version that is free
    assert made == files | {"track.toml": files["track.toml"].replace(b'"2026.1"', b'"2026.2"')}
    with pytest.raises(packages.Changed):
        packages.take(session, draft, FOLDER, state, None)
    for change in history.changes(session, draft):
        drafts.restore(session, draft, change, None)
    assert drafts.folder(session, draft) == begun


def test_what_is_being_read_takes_nothing(session: Session) -> None:
    draft = drafts.begin(session, KEY, None)
    draft.state = "review"
    session.flush()
    with pytest.raises(drafts.Frozen):
        packages.take(session, draft, FOLDER, packages.state_of(session, draft), None)


def test_a_lesson_that_loses_a_language_counts_as_not_translated(session: Session) -> None:
    draft = drafts.begin(session, KEY, None)
    gone = next(path for path in FOLDER.files if path.startswith("d1/") and path.endswith(".en.md"))
    files = {path: said for path, said in FOLDER.files.items() if path != gone}
    before = translation.counted(translation.units(session, draft))["d1"]["en"]
    packages.take(session, draft, Folder(KEY, files), packages.state_of(session, draft), None)
    after = translation.counted(translation.units(session, draft))["d1"]["en"]
    assert before.missing == 0 < after.missing
