"""An unfinished track as it can be read: nothing is missing in a language that is said in the other."""

from dataclasses import replace
from pathlib import Path

from curricula.load import load_track
from curricula.model import Branch, LessonText, Term
from curricula.readable import readable
from curricula.registry import shipped_tracks


def test_what_is_whole_stays_as_it_is() -> None:
    for track in shipped_tracks().values():
        assert readable(track) == track


def test_what_one_language_lacks_is_said_in_the_other(folder: Path) -> None:
    track = load_track(folder)
    first = track.modules[0]
    lesson = replace(first.lessons[0], texts={"fr": LessonText("Un", (), "Texte.\n")})
    unfinished = replace(
        track, title={"en": "Track", "fr": ""}, branches=(Branch("b", {"fr": "Branche"}),),
        glossary=(Term("t", {"fr": "", "en": ""}, {"fr": "Sens", "en": ""}),),
        modules=(replace(first, lessons=(lesson,)), *track.modules[1:]),
    )  # fmt: skip
    found = readable(unfinished)
    assert found.title == {"fr": "Track", "en": "Track"}
    assert found.branches[0].title == {"fr": "Branche", "en": "Branche"}
    assert found.glossary[0].term == {"fr": "", "en": ""}
    assert found.glossary[0].definition == {"fr": "Sens", "en": "Sens"}
    assert found.modules[0].lessons[0].texts["en"].title == "Un"


def test_a_certificate_asks_for_modules_that_are_there_alone(folder: Path) -> None:
    track = load_track(folder)
    rule = track.certificate
    assert rule is not None
    found = readable(replace(track, certificate=replace(rule, modules=("m1", "gone"))))
    assert found.certificate is not None
    assert found.certificate.modules == ("m1",)
    assert readable(replace(track, certificate=replace(rule, modules=("gone",)))).certificate is None
