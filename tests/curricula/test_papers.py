"""The papers of a module are read with it, written back, compared; what is wrong with one is said with its place."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.folder import Folder
from curricula.load import load_track, track_of
from curricula.model import Paper, PaperText, Reading, Track
from curricula.papers import KINDS
from curricula.quality import findings
from curricula.write import folder_of
from tests.curricula.samples import rewrite, told, write_track

FRENCH, ENGLISH = "## Le geste\n\nUn texte.\n", "## It\n\nA text.\n"
MEMO = {
    "fr": f'+++\ntitle = "À garder"\n+++\n\n{FRENCH}',
    "en": f'+++\ntitle = "To keep"\n+++\n\n{ENGLISH}',
}
NOTE = {"fr": "Pour qui débute.", "en": "For beginners."}
BARE = '+++\ntitle = "T"\n+++\n\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_track(tmp_path)
    for language, text in MEMO.items():
        (made / "m1" / f"memo.{language}.md").write_text(text, "utf-8")
    rewrite(
        made, "m1/module.toml", "duration_minutes = 60\n", "duration_minutes = 60\nworkshop_minutes = 30\n",
    )  # fmt: skip
    with (made / "m1/module.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[reading]]\nkey = "guide"\ntitle = { fr = "Un guide", en = "A guide" }\n'
            'note = { fr = "Pour qui débute.", en = "For beginners." }\nmark = "M"\n'
        )
    return made


def said(track: Track) -> set[str]:
    return {str(each) for each in findings(track, date(2026, 11, 26))}


def test_a_paper_and_further_reading_are_read(folder: Path) -> None:
    module = load_track(folder, anatomies()).modules[0]
    texts = {"fr": PaperText("À garder", FRENCH), "en": PaperText("To keep", ENGLISH)}
    assert module.papers == (Paper("memo", texts),)
    assert module.paper("memo") is module.papers[0]
    assert module.paper("session") is None
    assert [lesson.key for lesson in module.lessons] == ["first"], "a paper is no lesson"
    assert module.workshop_minutes == 30
    assert module.reading == (Reading("guide", {"fr": "Un guide", "en": "A guide"}, "M", note=NOTE),)


def test_they_are_written_as_they_are_read(folder: Path) -> None:
    track = load_track(folder)
    written = folder_of(track)
    assert track_of(written) == track
    for language, text in MEMO.items():
        assert written.files[f"m1/memo.{language}.md"].decode() == text
    assert Folder.read(folder).digest == written.digest or track_of(Folder.read(folder)) == track_of(written)


def test_what_changes_in_them_is_said(folder: Path) -> None:
    track = load_track(folder)
    module = track.modules[0]
    paper = replace(module.papers[0], texts={**module.papers[0].texts, "fr": PaperText("À garder", "Autre.\n")})
    read = replace(module.reading[0], note={"fr": "Pour tous.", "en": "For all."})
    changed = replace(
        track, modules=(replace(module, papers=(paper,), reading=(read,), workshop_minutes=0), *track.modules[1:])
    )
    assert {change.path for change in compare(track, changed)} == {
        ("m1", "paper", "memo", "body", "fr"), ("m1", "reading", "guide", "note", "fr"),
        ("m1", "reading", "guide", "note", "en"), ("m1", "workshop_minutes"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("memo.en.md", None, "m1/memo.en.md: This paper is missing in one language."),
        ("memo.fr.md", '+++\ntitle = "T"\n+++\n', "m1/memo.fr.md: This paper has no text."),
        ("memo.fr.md", "Texte.\n", "m1/memo.fr.md:1: The lesson has no TOML header."),
        (
            "memo.fr.md",
            BARE + "Texte.\n\n::: method\nUn.\n:::\n",
            "m1/memo.fr.md:7: A paper has no block.",
        ),
        ("memo.fr.md", '+++\ntitle = "T"\nminutes = 3\n+++\n\nTexte.\n', "m1/memo.fr.md:3: « minutes » is not a field"),
        ("memo.fr.md", BARE + "[x](term:nothing)\n", "The term « nothing » is unknown."),
        ("notes.fr.md", "Texte.\n", "m1/notes.fr.md: This is not a lesson's file name."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, name: str, text: str | None, expected: str) -> None:
    path = folder / "m1" / name
    path.unlink() if text is None else path.write_text(text, "utf-8")
    assert any(expected in each for each in told(folder)), told(folder)


def test_what_a_module_lacks_is_advice(folder: Path) -> None:
    track = load_track(folder)
    assert "m1 / paper / session: The module has a workshop and no plan of the session." in said(track)
    module = track.modules[0]
    bare = replace(track, modules=(replace(module, papers=(), reading=()), *track.modules[1:]))
    assert "m1 / paper / memo: The module leaves no page to keep." in said(bare) - said(track)
    assert "m1 / reading: The module names nothing to read further." in said(bare) - said(track)
    work = replace(module.questions[0], type="project")
    asks = replace(track, modules=(replace(module, questions=(work,)), *track.modules[1:]))
    assert {f"m1 / paper / {kind}: The module asks for a work without it." for kind in KINDS[2:]} <= said(asks)


def test_the_page_to_keep_holds_on_a_page(folder: Path) -> None:
    track = load_track(folder)
    module = track.modules[0]
    long = Paper("memo", dict.fromkeys(("fr", "en"), PaperText("T", "mot " * 400)))
    longer = replace(track, modules=(replace(module, papers=(long,)), *track.modules[1:]))
    assert any("The page to keep reads 400 words" in each for each in said(longer) - said(track))


def test_a_text_of_law_may_still_be_to_be_checked(folder: Path) -> None:
    rewrite(folder, "track.toml", 'checked_on = "2026-11"\n', 'mark = "M"\n')
    track = load_track(folder)
    assert (track.legal[0].mark, track.legal[0].checked_on) == ("M", "")
    assert track_of(folder_of(track)).legal == track.legal
    assert "legal / ai-act-4: This source is still to be checked." in said(track)
    rewrite(folder, "track.toml", 'mark = "M"\n', "")
    assert any("« checked_on » is missing." in each for each in told(folder))
