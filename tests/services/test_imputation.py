"""Imputed costs: shares are equal to a cent, add up to the whole, and are read in bounded memory."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.models import (
    Agent,
    AgentMatch,
    Context,
    Cost,
    Deployment,
    Enrolment,
    Membership,
    Person,
    Platform,
    ResourceLink,
    utcnow,
)  # fmt: skip
from lms.services import costs, imputation
from lms.services.costs import CostRefused, NewCost
from lms.services.imputation import covered, imputed, shares
from lms.services.organisation import Scope
from tests.budget_in_test import line, unit


@given(whole=st.integers(0, 10**14), count=st.integers(1, 200))
def test_shares_add_up_to_the_whole(whole: int, count: int) -> None:
    found = list(shares(whole, count))
    assert len(found) == count
    assert sum(found) == whole
    assert max(found) - min(found) <= 1
    assert found == sorted(found, reverse=True)


def enrolments(session: Session, count: int, track: str = "sante", year: int = 2026, **person: Any) -> list[Enrolment]:
    first = session.query(Person).count()
    rows = [
        Enrolment(
            person=Person(subject=f"p{first + n}", email=f"p{first + n}@example.org", **person), track_key=track,
            track_version="1", track_digest="0", enrolled_at=datetime(year, 6, 1, tzinfo=UTC),
        )
        for n in range(count)
    ]  # fmt: skip
    for row in rows:  # one by one, so that their numbers follow each other
        session.add(row)
        session.flush()
    return rows


def course(session: Session, people: list[Enrolment], track: str) -> Context:
    platform = Platform(name="L", issuer="https://l", client_id="c", auth_url="x", token_url="x", jwks_url="x")
    context = Context(deployment=Deployment(platform=platform, deployment_id="1"), lti_id="c1", title="Session d’avril")
    session.add_all([context, ResourceLink(context=context, lti_id="l1", track_key=track)])
    session.flush()
    session.add_all(Membership(person_id=each.person_id, context_id=context.id, role="learner") for each in people)
    session.flush()
    return context


def cost(session: Session, kind: Any, amount: int, **more: Any) -> Cost:
    return costs.enter(session, NewCost(**{"year": 2026, "kind": kind, "label": "x", "amount": amount, **more}))


def test_each_kind_is_imputed_by_its_rule(session: Session) -> None:
    health, justice = enrolments(session, 3), enrolments(session, 2, "justice")
    last_year, in_may = enrolments(session, 1, year=2025), course(session, health[:2], "sante")
    a, b, c = (each.id for each in health)
    d, e = (each.id for each in justice)
    assert dict(imputed(session)) == {}

    cost(session, "fixed", 100_00, track_key="sante")
    assert dict(imputed(session, 2026)) == {a: 33_34, b: 33_33, c: 33_33}
    cost(session, "per_head", 5, track_key="justice")
    cost(session, "trainer", 50_01, quantity=7, context_id=in_may.id)  # 350,07 € between two
    cost(session, "licence", 1, quantity=7, line_id=line(session, "whole").id)  # 7 seats among five enrolments
    assert dict(imputed(session, 2026)) == {a: 33_34 + 175_04 + 2, b: 33_33 + 175_03 + 2, c: 33_33 + 1, d: 6, e: 6}
    assert dict(imputed(session, 2025)) == {}
    nobody = cost(session, "session", 9, year=2025, track_key="justice")
    lone = cost(session, "session", 9, year=2025, track_key="sante")
    assert covered(session, [nobody, lone]) == {lone.id: 1}
    found = imputed(session)
    assert found[last_year[0].id] == 9
    assert len(found) == 6
    assert found.get(10**6) is None
    assert found.total(Enrolment.track_key == "sante") == sum(found[row.id] for row in [*health, *last_year])
    assert sum(found.values()) == 100_00 + 2 * 5 + 350_07 + 7 + 9, "whatever is imputed adds up"


def test_a_line_alone_covers_the_agents_of_its_unit(session: Session) -> None:
    ministry = unit(session, "MIN")
    service, other = unit(session, "SRV", ministry), unit(session, "AUT")
    people = enrolments(session, 3)
    for place, where, state in ((0, service, "sure"), (1, other, "confirmed"), (2, service, "doubtful")):
        agent = Agent(number=f"{place}", family_name="A", given_name="B", branch="FPE", unit_id=where.id)
        session.add(agent)
        session.flush()
        session.add(AgentMatch(person_id=people[place].person_id, agent_id=agent.id, state=state, by="number"))
    cost(session, "fixed", 700, line_id=line(session, "148", ministry).id)
    assert dict(imputed(session)) == {people[0].id: 700}
    # A line beside a track is what pays: it narrows nothing.
    cost(session, "fixed", 3, track_key="sante", line_id=line(session, "149", ministry).id)
    assert dict(imputed(session)) == {people[0].id: 701, people[1].id: 1, people[2].id: 1}


def test_a_cost_that_is_closed_counts_as_it_did_before(session: Session) -> None:
    (row,) = enrolments(session, 1)
    wrong = cost(session, "fixed", 700, track_key="sante")
    then = utcnow()
    costs.close(session, wrong)
    closed_at = wrong.until
    costs.close(session, wrong)
    assert wrong.until == closed_at
    assert dict(imputed(session)) == {}
    assert dict(imputed(session, at=then)) == {row.id: 700}
    assert [each.id for each in costs.costs(session, Scope(), at=then)] == [wrong.id]
    assert list(costs.costs(session, Scope())) == []


def test_many_enrolments_take_few_queries(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imputation, "PAGE", 10)
    rows = enrolments(session, 35)
    for amount in (1, 36, 71, 10_007):
        cost(session, "fixed", amount, track_key="sante")
    found, asked = imputed(session), []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    values = [found[row.id] for row in rows]
    assert sum(values) == 1 + 36 + 71 + 10_007
    assert values == sorted(values, reverse=True)
    assert len(asked) <= 4, "a query a page"
    assert sorted(found) == [row.id for row in rows]
    assert found[rows[0].id] == values[0], "and back"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"year": 1}, "year"),
        ({"track_key": None}, "nothing"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"kind": "licence", "quantity": 0}, "quantity"),
        ({"kind": "licence", "amount": 10**13, "quantity": 11}, "amount"),
    ],
)
def test_what_is_no_cost_is_refused(session: Session, change: dict[str, Any], reason: str) -> None:
    values = {"year": 2026, "kind": "fixed", "label": "", "amount": 5, "track_key": "sante", **change}
    with pytest.raises(CostRefused, match=reason):
        costs.enter(session, NewCost(**values))
