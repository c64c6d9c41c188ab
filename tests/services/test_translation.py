"""How the languages of a draft stand as its pieces are written, and one side written beside the other."""

from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from curricula.agreement import digests
from curricula.model import LANGUAGES, LessonText, Option, Question
from curricula.pieces import (
    Piece,
    lesson_path,
    module_path,
    question_in,
    question_path,
    question_piece,
    settings_piece,
    text_in,
    text_piece,
)
from curricula.pieces import Settings as LessonSettings
from curricula.texts import texts_of
from lms.models import Draft, DraftPiece
from lms.services import agreements, drafts, history, translation
from lms.services.drafts import Conflict, Frozen
from lms.services.translation import Count, Unit

KEY = "decideurs"
QUESTION = question_path("d1", "d1-q01")


@pytest.fixture
def draft(session: Session) -> Draft:
    return drafts.begin(session, KEY, None)


@pytest.fixture
def lesson(session: Session, draft: Draft) -> str:
    """The first lesson, without its language."""
    return drafts.listed(session, draft, "d1/lesson/")[0].path


def row(session: Session, draft: Draft, path: str) -> DraftPiece:
    found = drafts.piece(session, draft, path)
    assert found is not None
    return found


def ask(session: Session, draft: Draft, path: str = QUESTION, **changes: object) -> None:
    """Save a question with another stem, or other options."""
    here = row(session, draft, path)
    made = replace(question_in(here.content), **changes)  # type: ignore[arg-type]
    drafts.save(session, draft, path, question_piece(made), here.edition, None)


def write(session: Session, draft: Draft, lesson: str, language: str, body: str, *, apart: bool = True) -> None:
    here = row(session, draft, f"{lesson}/{language}")
    text = replace(text_in(here.content), body=body + "\n")
    drafts.save(session, draft, here.path, text_piece(text), here.edition, None, apart=apart)


def unit(session: Session, draft: Draft, path: str) -> Unit:
    return next(each for each in translation.units(session, draft) if each.path == path)


def open_texts(session: Session, draft: Draft, path: str, language: str = "en") -> dict[str, str]:
    return dict(unit(session, draft, path).agreement.open(language))


def texts(session: Session, draft: Draft, path: str) -> dict[str, dict[str, str]]:
    return texts_of({each: found.content for each, found in agreements.of_unit(session, draft.id, path).items()})


def seen(session: Session, draft: Draft, path: str) -> dict[str, str]:
    return {name: ":".join(digests(text).values()) for name, text in texts(session, draft, path).items()}


def test_a_draft_agrees_everywhere_as_it_begins(session: Session, draft: Draft) -> None:
    found = translation.counted(translation.units(session, draft))
    assert {"", "d1", "d2"} <= found.keys()
    for counts in found.values():
        for language in LANGUAGES:
            assert counts[language].done == counts[language].total > 0


def test_the_state_of_a_track_takes_one_query(session: Session, draft: Draft) -> None:
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    translation.counted(translation.units(session, draft))
    assert len(asked) == 1
    assert "content" not in asked[0]


def test_a_question_written_in_one_language_is_to_read_again_in_the_other(session: Session, draft: Draft) -> None:
    stem = question_in(row(session, draft, QUESTION).content).stem
    ask(session, draft, stem={**stem, "fr": "Que faire ?"})
    assert open_texts(session, draft, QUESTION) == {"stem": "review"}
    assert open_texts(session, draft, QUESTION, "fr") == {}
    before = translation.counted(translation.units(session, draft))["d1"]["en"]
    assert (before.stale, before.missing) == (1, 0)
    ask(session, draft, stem=stem)
    assert open_texts(session, draft, QUESTION) == {}
    ask(session, draft, stem={"fr": "Que faire ?", "en": "What next?"})
    assert open_texts(session, draft, QUESTION) == {}
    ask(session, draft, stem={"fr": "Que faire ?", "en": ""})
    assert open_texts(session, draft, QUESTION) == {"stem": "missing"}


def test_a_lesson_keeps_the_state_of_its_two_languages(session: Session, draft: Draft, lesson: str) -> None:
    write(session, draft, lesson, "fr", "Autre chose.")
    assert open_texts(session, draft, lesson) == {"body": "review"}
    write(session, draft, lesson, "en", "Something else.")
    assert open_texts(session, draft, lesson, "fr") == {"body": "review"}
    agreements.agree(session, draft, lesson, {"body"})
    assert open_texts(session, draft, lesson) == open_texts(session, draft, lesson, "fr") == {}


def test_a_language_removed_is_missing_until_it_is_back(session: Session, draft: Draft, lesson: str) -> None:
    drafts.remove(session, draft, f"{lesson}/en", None)
    assert set(open_texts(session, draft, lesson).values()) == {"missing"}
    drafts.restore(session, draft, history.changes(session, draft)[0], None)
    assert open_texts(session, draft, lesson) == {}
    drafts.remove(session, draft, module_path("d1"), None)
    assert "d1" not in translation.counted(translation.units(session, draft))
    for change in history.changes(session, draft):
        drafts.restore(session, draft, change, None)
    assert translation.counted(translation.units(session, draft))["d1"]["en"].missing == 0
    assert open_texts(session, draft, lesson) == {}


def test_a_new_lesson_being_translated_is_not_to_read_again(session: Session, draft: Draft) -> None:
    path = lesson_path("d1", "new")
    french = text_piece(LessonText("Neuve", (), "Du texte."))
    drafts.add(session, draft, [Piece(path, settings_piece(LessonSettings())), Piece(f"{path}/fr", french)], None)
    assert open_texts(session, draft, path) == dict.fromkeys(("title", "body"), "missing")
    drafts.add(session, draft, [Piece(f"{path}/en", text_piece(LessonText("New", (), "")))], None)
    for typed in ("Some", "Some text."):
        write(session, draft, path, "en", typed, apart=False)
    assert open_texts(session, draft, path) == open_texts(session, draft, path, "fr") == {}


def test_translating_brings_both_sides_together(session: Session, draft: Draft, lesson: str) -> None:
    write(session, draft, lesson, "fr", "Autre chose.")
    read = seen(session, draft, lesson)
    outcome = translation.save(session, draft, lesson, "en", {"body": "Something else.", "title": "T"}, read, None)
    assert outcome.written == ["body", "title"]
    assert open_texts(session, draft, lesson) == open_texts(session, draft, lesson, "fr") == {}
    assert texts(session, draft, lesson)["body"] == {"fr": "Autre chose.", "en": "Something else."}


def test_a_language_that_is_not_there_is_begun(session: Session, draft: Draft, lesson: str) -> None:
    drafts.remove(session, draft, f"{lesson}/en", None)
    read = seen(session, draft, lesson)
    translation.save(session, draft, lesson, "en", {"title": "Title", "body": ""}, read, None)
    assert text_in(row(session, draft, f"{lesson}/en").content).title == "Title"
    assert "title" not in open_texts(session, draft, lesson)
    assert open_texts(session, draft, lesson)["body"] == "missing"


def test_still_the_same_needs_no_word(session: Session, draft: Draft) -> None:
    stem = question_in(row(session, draft, QUESTION).content).stem
    ask(session, draft, stem={**stem, "fr": "Que faire ?"})
    edition = row(session, draft, QUESTION).edition
    said, read = {"stem": stem["en"]}, seen(session, draft, QUESTION)
    assert translation.save(session, draft, QUESTION, "en", said, read, None).written == []
    assert open_texts(session, draft, QUESTION) == {"stem": "review"}
    assert translation.save(session, draft, QUESTION, "en", said, read, None, same="stem").written == ["stem"]
    assert open_texts(session, draft, QUESTION) == {}
    assert row(session, draft, QUESTION).edition == edition


def test_a_source_that_changed_meanwhile_is_not_said_to_agree(session: Session, draft: Draft) -> None:
    stem = question_in(row(session, draft, QUESTION).content).stem
    read = seen(session, draft, QUESTION)
    ask(session, draft, stem={**stem, "fr": "Que faire ?"})
    translation.save(session, draft, QUESTION, "en", {"stem": stem["en"]}, read, None, same="stem")
    assert open_texts(session, draft, QUESTION) == {"stem": "review"}
    translation.save(session, draft, QUESTION, "en", {"stem": "What?"}, read, None)
    assert open_texts(session, draft, QUESTION) == {"stem": "review"}
    assert texts(session, draft, QUESTION)["stem"]["en"] == "What?"


def test_what_two_people_wrote_is_kept_where_it_is_not_the_same_text(session: Session, draft: Draft) -> None:
    read = seen(session, draft, QUESTION)
    question = question_in(row(session, draft, QUESTION).content)
    first = question.options[0]
    name = f"options/{first.key}/text"
    translation.save(session, draft, QUESTION, "en", {name: "Theirs"}, read, None)
    said = {"stem": "Mine", name: first.text["en"]}
    assert translation.save(session, draft, QUESTION, "en", said, read, None).written == ["stem"]
    now = texts(session, draft, QUESTION)
    assert (now["stem"]["en"], now[name]["en"]) == ("Mine", "Theirs")
    refused = translation.save(session, draft, QUESTION, "en", {"stem": "Mine again", name: "Mine too"}, read, None)
    assert refused == translation.Outcome([], ["stem", name])
    assert texts(session, draft, QUESTION) == now
    options = tuple(each for each in question.options if each is not first)
    ask(session, draft, options=options)
    assert translation.save(session, draft, QUESTION, "en", {name: "Lost?"}, read, None).conflicts == [name]


def test_a_draft_being_reviewed_and_a_piece_that_is_gone_are_refused(session: Session, draft: Draft) -> None:
    drafts.remove(session, draft, QUESTION, None)
    with pytest.raises(Conflict):
        translation.save(session, draft, QUESTION, "en", {"stem": "x"}, {}, None)
    draft.state = "review"
    session.flush()
    with pytest.raises(Frozen):
        translation.save(session, draft, module_path("d1"), "en", {"title": "x"}, {}, None)


def test_what_it_said_before_is_found_again(session: Session, draft: Draft, lesson: str) -> None:
    said = texts(session, draft, lesson)["body"]["fr"]
    for body in ("Un.", "Deux."):
        write(session, draft, lesson, "fr", body)
    rows = agreements.of_unit(session, draft.id, lesson)
    agreement = unit(session, draft, lesson).agreement
    assert translation.former(session, draft, rows, agreement, "fr") == {"body": said}
    assert translation.former(session, draft, rows, agreement, "en") == {}


def test_pages_follow_each_other_without_gap(session: Session, draft: Draft) -> None:
    found = translation.units(session, draft, ["d2", "d1"])
    assert [each.module for each in found][:1] == [""]
    modules = list(dict.fromkeys(each.module for each in found))
    assert modules.index("d2") < modules.index("d1")
    total, names, number = sum(each.agreement.total for each in found), [], 1
    while len(names) < total:
        page = translation.page(session, draft, found, "en", "", number)
        names += [(each.path, pair.name) for each, pairs in page for pair in pairs]
        assert len(names) == min(total, number * translation.PAGE)
        number += 1
    assert len(set(names)) == total


def test_a_state_and_words_narrow_what_is_shown(session: Session, draft: Draft, lesson: str) -> None:
    write(session, draft, lesson, "fr", "Autre chose.")
    found = translation.units(session, draft)
    ((shown, pairs),) = translation.page(session, draft, found, "en", "review", 1)
    assert (shown.path, [pair.name for pair in pairs]) == (lesson, ["body"])
    assert translation.page(session, draft, found, "en", "missing", 1) == []
    title = texts(session, draft, lesson)["title"]["en"]
    assert lesson in {each.path for each in translation.with_words(session, draft, found, title.upper())}
    assert translation.with_words(session, draft, found, "zzz %") == []


def test_the_next_piece_goes_round(session: Session, draft: Draft, lesson: str) -> None:
    assert translation.following(translation.units(session, draft), "en", "") is None
    write(session, draft, lesson, "fr", "Autre chose.")
    found = translation.units(session, draft)
    for here in ("", found[0].path, found[-1].path):
        following = translation.following(found, "en", here)
        assert following is not None
        assert following.path == lesson
    assert translation.following(found, "en", lesson) is None
    assert translation.following(found, "fr", "") is None


def test_a_large_bank_is_listed_without_its_contents(session: Session, draft: Draft) -> None:
    text = {"fr": "Texte", "en": "Text"}
    options = tuple(Option(key, text, text) for key in "abcd")
    made = (Question(f"q{number}", "single", "o", 1, "s", text, options) for number in range(400))
    drafts.add(session, draft, [Piece(question_path("big", each.key), question_piece(each)) for each in made], None)
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    found = [each for each in translation.units(session, draft) if each.module == "big"]
    assert sum((each.count("en") for each in found), Count()).total == 400 * 9
    page = translation.page(session, draft, found, "en", "", 40)
    assert sum(len(pairs) for _unit, pairs in page) == translation.PAGE
    assert len(asked) == 2
