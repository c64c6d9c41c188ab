"""Modules of a draft: added, moved, removed, and what names what is removed."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from curricula.load import read_track
from curricula.model import Module
from curricula.outline import outline as plan_of
from curricula.pieces import (
    Piece,
    module_in,
    module_path,
    module_piece,
    piece_of_question,
    pieces,
    track_in,
    track_path,
)
from lms.models import Draft
from lms.services import drafts, outline
from lms.services.drafts import Frozen, Taken
from tests.bank_in_test import loaded
from tests.curricula.exchange.question_samples import a_question

NEW = Module(
    key="new", code="N", order=1, status="planned", title={"fr": "Neuf"}, summary={}, duration_minutes=0,
    recommendations=(), legal=(), objectives=(),
)  # fmt: skip


@pytest.fixture
def draft(session: Session) -> Draft:
    return drafts.begin(session, "decideurs", None)


def keys(session: Session, draft: Draft) -> list[str]:
    return [each.module.key for each in outline.plan(session, draft).modules]


def rewrite(session: Session, draft: Draft, key: str, **more: object) -> None:
    row = drafts.piece(session, draft, module_path(key))
    assert row is not None
    content = module_piece(replace(module_in(row.content), **more))  # type: ignore[arg-type]
    drafts.save(session, draft, row.path, content, row.edition, None)


def test_the_plan_is_that_of_the_pieces_though_no_question_is_read(session: Session, draft: Draft) -> None:
    drafts.add(session, draft, [piece_of_question("d1", a_question("aimless", objective=""))], None)
    plan = outline.plan(session, draft)
    folder = drafts.folder(session, draft)
    modules = read_track(folder)[0].modules
    asked = {module.key: Counter(question.objective for question in module.questions) for module in modules}
    assert plan == plan_of(pieces(folder), asked)
    found = plan.module("d1")
    assert found is not None
    assert (found.questions[""], found.questions.total()) == (1, 16)
    with loaded() as seen:
        outline.plan(session, draft)
    assert not any("/question/" in path for path in seen)


def test_a_module_is_added_at_the_end_under_a_key_of_its_own(session: Session, draft: Draft) -> None:
    before = keys(session, draft)
    outline.add_module(session, draft, NEW, None)
    assert keys(session, draft) == [*before, "new"]
    for key in ("new", "d1"):
        with pytest.raises(Taken):
            outline.add_module(session, draft, replace(NEW, key=key), None)


def test_modules_whose_numbers_have_gaps_or_are_alike_still_move(session: Session, draft: Draft) -> None:
    before = keys(session, draft)
    for key in before:
        rewrite(session, draft, key, order=99)
    assert outline.move_module(session, draft, before[1], -1, None)
    assert keys(session, draft) == [before[1], before[0], *before[2:]]
    assert not outline.move_module(session, draft, before[1], -1, None)
    assert not outline.move_module(session, draft, before[-1], 1, None)
    rewrite(session, draft, before[-1], order=99)
    outline.add_module(session, draft, NEW, None)
    assert keys(session, draft)[-1] == "new"
    with pytest.raises(LookupError):
        outline.move_module(session, draft, "no-such-module", 1, None)


def test_a_track_has_99_modules_at_most(session: Session, draft: Draft) -> None:
    more = [replace(NEW, key=f"n{number}") for number in range(outline.MOST_MODULES - len(keys(session, draft)))]
    drafts.add(session, draft, [Piece(module_path(each.key), module_piece(each)) for each in more], None)
    with pytest.raises(Taken, match="99"):
        outline.add_module(session, draft, NEW, None)


def test_nothing_asks_for_a_module_that_is_gone(session: Session, draft: Draft) -> None:
    rewrite(session, draft, "d2", requires=("d1",))
    outline.remove_module(session, draft, "d1", None)
    row = drafts.piece(session, draft, track_path())
    assert row is not None
    rule = track_in(row.content).certificate
    assert rule is not None
    assert rule.modules == ("d2",)
    needed = outline.plan(session, draft).module("d2")
    assert needed is not None
    assert needed.module.requires == ()


def test_what_names_a_branch_or_a_text_of_law_is_found_and_forgets_it(session: Session, draft: Draft) -> None:
    rewrite(session, draft, "d2", branch="health")
    row = drafts.piece(session, draft, track_path())
    assert row is not None
    track = track_in(row.content)
    law = track.legal[0].key
    found = outline.track_uses(session, draft, track, replace(track, legal=track.legal[1:]))
    assert {use.key for use in found} == {law}
    outline.forget(session, draft, found, None)
    assert outline.track_uses(session, draft, track, replace(track, legal=track.legal[1:])) == []
    assert outline.track_uses(session, draft, track, track) == []


@pytest.mark.parametrize("state", ["review", "approved"])
def test_what_is_being_read_keeps_its_plan(session: Session, draft: Draft, state: str) -> None:
    draft.state = state
    session.flush()
    for attempt in (
        lambda: outline.add_module(session, draft, NEW, None),
        lambda: outline.move_module(session, draft, "d1", 1, None),
        lambda: outline.remove_module(session, draft, "d1", None),
    ):
        with pytest.raises(Frozen):
            attempt()
