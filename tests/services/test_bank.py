"""A bank in a draft: found a page at a time whatever its size, written, copied, moved."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from curricula.pieces import module_in, module_path, question_in, question_path, question_piece
from lms.bank_pages import known
from lms.models import Draft, DraftPiece
from lms.services import bank, drafts
from lms.services.bank import PAGE, Known, Search
from lms.services.drafts import Conflict, Frozen, Taken
from tests.bank_in_test import MODULE, TRACK, fill, loaded
from tests.curricula.exchange.question_samples import a_question
from tests.learner_in_test import data, statements

LARGE = 5_000


@pytest.fixture
def draft(session: Session) -> Draft:
    return drafts.begin(session, TRACK, None)


@pytest.fixture
def own(session: Session, draft: Draft) -> Known:
    row = drafts.piece(session, draft, module_path(MODULE))
    assert row is not None
    return known(module_in(row.content))


def found(session: Session, draft: Draft, own: Known, **wanted: object) -> list[str]:
    rows = bank.find(session, draft, MODULE, Search(**wanted), own).rows  # type: ignore[arg-type]
    return [row.path.rpartition("/")[2] for row in rows]


def test_a_bank_is_listed_in_order(session: Session, draft: Draft, own: Known) -> None:
    everything = bank.find(session, draft, MODULE, Search(), own)
    assert [row.path for row in everything.rows] == [question_path(MODULE, f"d1-q{n:02}") for n in range(1, 16)]
    assert (everything.total, everything.page, everything.pages) == (15, 1, 1)
    assert bank.keys(session, draft, MODULE) == [row.path.rpartition("/")[2] for row in everything.rows]
    assert [each.key for each in bank.whole(session, draft, MODULE)] == bank.keys(session, draft, MODULE)


def test_words_are_found_whatever_their_accents_and_every_one_counts(
    session: Session, draft: Draft, own: Known
) -> None:
    assert "d1-q02" in found(session, draft, own, text="HOPITAL directrice")
    assert found(session, draft, own, text="hôpital zzyzx") == []
    assert found(session, draft, own, text="d1-q07") == ["d1-q07"]
    for sign in ("%", "_", "\\"):
        assert len(found(session, draft, own, text=sign * 3)) == 0


def test_facts_narrow_a_bank(session: Session, draft: Draft, own: Known) -> None:
    assert found(session, draft, own, objective="d1-o2", difficulty=3) == ["d1-q06"]
    kinds = {kind: found(session, draft, own, type=kind) for kind in ("single", "multiple", "other")}
    assert len(kinds["single"]) + len(kinds["multiple"]) == 15
    assert kinds["multiple"]
    assert kinds["other"] == []
    assert bank.counts(session, draft, MODULE) == {(f"d1-o{o}", d): 1 for o in range(1, 6) for d in (1, 2, 3)}


def test_what_is_unfinished_or_not_translated_is_found(session: Session, draft: Draft, own: Known) -> None:
    assert found(session, draft, own, state="unfinished") == []
    bank.add(session, draft, MODULE, a_question("half", objective="d1-o1", source=own.sources[0]), None)
    assert found(session, draft, own, state="untranslated") == ["half"]
    whole = bank.whole(session, draft, MODULE)[0]
    bank.add(session, draft, MODULE, replace(whole, key="stray", objective="gone"), None)
    bank.add(session, draft, MODULE, replace(whole, key="none-right", options=whole.options[:1]), None)
    assert found(session, draft, own, state="unfinished") == ["half", "stray", "none-right"]
    assert found(session, draft, Known((), ()), state="unfinished") == bank.keys(session, draft, MODULE)
    rows = bank.find(session, draft, MODULE, Search(), own).rows
    assert [row.path.rpartition("/")[2] for row in rows if bank.unfinished(row, own)] == ["half", "stray", "none-right"]


def test_a_large_bank_costs_no_more_queries_and_reads_a_page(session: Session, draft: Draft, own: Known) -> None:
    searches = (Search(), Search(text="numero4321"), Search(text="permis", difficulty=2), Search(state="unfinished"))
    asked = {}
    for size in (0, LARGE):
        fill(session, draft, size)
        session.expunge_all()
        draft = session.get_one(Draft, draft.id)
        with statements() as heard, loaded() as read:
            for search in searches:
                bank.find(session, draft, MODULE, search, own)
            bank.find(session, draft, MODULE, Search(), own, 60)
            bank.counts(session, draft, MODULE)
            bank.next_key(session, draft, MODULE)
        asked[size] = len(data(heard))
        assert len(read) <= PAGE * (len(searches) + 1)
    assert asked[0] == asked[LARGE]
    last = bank.find(session, draft, MODULE, Search(), own, 10_000)
    assert (last.total, last.page, last.pages, len(last.rows)) == (LARGE + 15, 101, 101, 15)
    with loaded() as read:
        drafts.move(session, draft, question_path(MODULE, "many-02500"), 1, None)
        bank.copy(session, draft, MODULE, "many-02500", None)
        edited = question_piece(a_question("many-00003", stem={"fr": "Autre ?"}))
        drafts.save(session, draft, question_path(MODULE, "many-00003"), edited, 1, None)
    assert len(read) <= 6


def test_a_new_key_is_one_that_nothing_has_or_had(session: Session, draft: Draft) -> None:
    assert bank.next_key(session, draft, MODULE) == "d1-q16"
    bank.add(session, draft, MODULE, a_question("d1-q16"), None)
    drafts.remove(session, draft, question_path(MODULE, "d1-q16"), None)
    assert bank.next_key(session, draft, MODULE) == "d1-q17"
    drafts.remove(session, draft, question_path(MODULE, "d1-q15"), None)
    assert bank.next_key(session, draft, MODULE) == "d1-q17"
    with pytest.raises(Taken):
        bank.add(session, draft, MODULE, a_question("d1-q01"), None)


def test_a_copy_says_the_same_under_another_key(session: Session, draft: Draft) -> None:
    made = bank.copy(session, draft, MODULE, "d1-q02", None)
    *_others, before = (each for each in bank.whole(session, draft, MODULE) if each.key == "d1-q02")
    assert bank.whole(session, draft, MODULE)[-1] == replace(before, key=made)
    with pytest.raises(Conflict):
        bank.copy(session, draft, MODULE, "nobody", None)


def test_a_question_moves_to_another_module_with_its_key_when_it_is_free(session: Session, draft: Draft) -> None:
    assert bank.transfer(session, draft, MODULE, "d1-q02", "d2", None) == "d1-q02"
    assert "d1-q02" not in bank.keys(session, draft, MODULE)
    assert bank.keys(session, draft, "d2")[-1] == "d1-q02"
    bank.add(session, draft, MODULE, a_question("d1-q02"), None)
    assert bank.transfer(session, draft, MODULE, "d1-q02", "d2", None).startswith("d2-q")
    with pytest.raises(LookupError):
        bank.transfer(session, draft, MODULE, "d1-q03", "nowhere", None)
    assert "d1-q03" in bank.keys(session, draft, MODULE)


def test_neighbours_follow_the_order(session: Session, draft: Draft) -> None:
    row = drafts.piece(session, draft, question_path(MODULE, "d1-q02"))
    assert row is not None
    assert bank.neighbours(session, row) == ("d1-q01", "d1-q03")
    drafts.move(session, draft, row.path, -1, None)
    assert bank.neighbours(session, row) == ("", "d1-q01")


def test_what_is_being_read_is_not_written_to(session: Session, draft: Draft) -> None:
    draft.state = "review"
    session.flush()
    before = bank.keys(session, draft, MODULE)
    for attempt in (
        lambda: bank.add(session, draft, MODULE, a_question(), None),
        lambda: bank.copy(session, draft, MODULE, "d1-q01", None),
        lambda: bank.transfer(session, draft, MODULE, "d1-q01", "d2", None),
    ):
        with pytest.raises(Frozen):
            attempt()
    assert bank.keys(session, draft, MODULE) == before


def test_facts_follow_what_is_saved(session: Session, draft: Draft) -> None:
    path = question_path(MODULE, "d1-q01")
    row = drafts.piece(session, draft, path)
    assert row is not None
    changed = replace(question_in(row.content), difficulty=3, stem={"fr": "Nouvel énoncé", "en": ""})
    saved = drafts.save(session, draft, path, question_piece(changed), row.edition, None)
    assert (saved.facts["difficulty"], saved.facts["untranslated"], saved.facts["unfinished"]) == (3, True, True)
    assert isinstance(session.get(DraftPiece, saved.id), DraftPiece)
    assert "nouvel enonce" in saved.words
