"""Agents to train: those enrolled first, then the others, each in the order of names, whatever the page."""

import pytest
from sqlalchemy.orm import Session

from lms.models import Agent, utcnow
from lms.services import training_gaps
from lms.services.dashboards import Asked
from lms.services.figures import refresh_all
from lms.services.organisation import Scope, ministries
from lms.services.training_gaps import to_train
from tests.figures_in_test import agent_in, follows, organisation, person_of


@pytest.fixture
def agents(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Agent]:
    """Seven agents of one service and one of another: three enrolled, one trained; two a page."""
    monkeypatch.setattr(training_gaps, "PAGE", 2)
    here, other = organisation(session, (None, None))
    rows = [agent_in(session, here) for _ in range(7)] + [agent_in(session, other)]
    for place, row in enumerate(rows):
        row.family_name, row.ministry = "GCEABDFH"[place], "Justice" if place < 7 else "Santé"
    for row in rows[:3]:
        follows(session, person_of(session, row))
    follows(session, person_of(session, rows[3]), completed_at=utcnow())
    refresh_all(session)
    session.commit()
    return rows


def names(session: Session, page: int, scope: Scope = Scope(), asked: Asked = Asked()) -> tuple[str, bool]:  # noqa: B008
    found, more = to_train(session, scope, asked, page)
    return "".join((row.name[0] if row.enrolled else row.name[0].lower()) for row in found), more


@pytest.mark.usefixtures("agents")
def test_pages_go_from_those_enrolled_to_the_others(session: Session) -> None:
    assert [names(session, page) for page in range(5)] == [
        ("CE", True), ("Gb", True), ("df", True), ("h", False), ("", False),
    ]  # fmt: skip


def test_a_part_of_the_organisation_lists_its_own(session: Session, agents: list[Agent]) -> None:
    scope = Scope((f"{agents[0].unit_id}.",))
    assert [names(session, page, scope) for page in range(3)] == [("CE", True), ("Gb", True), ("df", False)]
    assert names(session, 0, asked=Asked(unit_id=agents[-1].unit_id)) == ("h", False)


def test_ministries_are_those_of_agents_in_scope(session: Session, agents: list[Agent]) -> None:
    agent_in(session, None)
    assert ministries(session, Scope()) == ["Justice", "Santé"]
    assert ministries(session, Scope((f"{agents[-1].unit_id}.",))) == ["Santé"]
    assert ministries(session, Scope(None, 999)) == []


def test_nobody_declares_no_ministry(session: Session) -> None:
    assert ministries(session, Scope()) == []
