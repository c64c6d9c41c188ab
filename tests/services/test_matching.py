"""People and agents: a match is sure, doubtful or nobody's; never a silent merge, whatever the order people come in."""

from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.jobs import match_people
from lms.models import Agent, AgentMatch, AuditEntry, OutboxJob, Person, Platform
from lms.services import match_review, matching, matching_names
from lms.services.import_files import Asked, prepare
from lms.services.match_review import MatchRefused, confirm, pairs, refuse, undo, waiting
from lms.services.matching import DEFAULT_KEYS, Keys, match
from lms.services.matching_names import doubt_names
from lms.services.organisation import Scope
from lms.services.units import make_unit
from tests.platform_in_test import PlatformInTest, person

VERIFIED = Keys(("sourced_id", "custom:matricule", "email"), frozenset({"https://verified"}))


def platform(session: Session, name: str = "verified") -> Platform:
    row = Platform(
        name=name, issuer=f"https://{name}", client_id="c", auth_url="https://x", token_url="x", jwks_url="x"
    )
    session.add(row)
    session.flush()
    return row


def agent(session: Session, number: str, email: str | None = None, **values: Any) -> Agent:
    said = {"family_name": "Lefèvre", "given_name": "Zoé", "branch": "FPE", **values}
    row = Agent(number=number, email=email, **said)
    session.add(row)
    session.flush()
    return row


def someone(session: Session, where: Platform | None, subject: str, **values: Any) -> Person:
    row = Person(platform=where, subject=subject, **{"email": f"{subject}@nowhere.example", **values})
    session.add(row)
    session.flush()
    return row


def states(session: Session) -> set[tuple[str, str, str, str]]:
    query = select(Person.subject, Agent.number, AgentMatch.state, AgentMatch.by)
    rows = session.execute(query.join(AgentMatch, AgentMatch.person_id == Person.id).join(Agent))
    return {tuple(row) for row in rows}


def held_once(session: Session) -> None:
    """Of a person one agent, of an agent one person a platform."""
    query = select(AgentMatch.agent_id, Person.platform_id, AgentMatch.person_id).join(
        Person, Person.id == AgentMatch.person_id
    )
    rows = session.execute(query.where(AgentMatch.state.in_(("sure", "confirmed")))).all()
    assert len({(row.agent_id, row.platform_id) for row in rows}) == len(rows) == len({row.person_id for row in rows})


def test_each_key_says_what_it_is_worth(session: Session) -> None:
    trusted, other = platform(session), platform(session, "other")
    for number in ("1", "2", "3", "4"):
        agent(session, number, f"a{number}@etat.example")
    twin = agent(session, "5", "a4@etat.example")
    people = [
        someone(session, trusted, "by-number", sourced_id="1"),
        someone(session, other, "elsewhere", sourced_id="1"),
        someone(session, trusted, "by-custom", agent_key="2"),
        someone(session, trusted, "by-mail", sourced_id="unknown", email="A3@Etat.example"),
        someone(session, other, "unverified", email="a3@etat.example"),
        someone(session, trusted, "shared", email="a4@etat.example"),
        someone(session, trusted, "nobody", sourced_id="77"),
        someone(session, None, "local", email="a2@etat.example"),
    ]
    assert match(session, [row.id for row in people], VERIFIED) == 8
    assert states(session) == {
        ("by-number", "1", "sure", "sourced_id"), ("elsewhere", "1", "sure", "sourced_id"),
        ("by-custom", "2", "sure", "custom"), ("by-mail", "3", "sure", "email"),
        ("unverified", "3", "doubtful", "email"), ("shared", "4", "doubtful", "email"),
        ("shared", twin.number, "doubtful", "email"), ("local", "2", "doubtful", "email"),
    }  # fmt: skip
    assert match(session, [row.id for row in people], VERIFIED) == 0, "again changes nothing"
    held_once(session)


def test_two_people_of_one_number_are_both_in_doubt_and_a_weaker_key_harms_nobody(session: Session) -> None:
    here = platform(session)
    agent(session, "1", "a1@etat.example")
    first = someone(session, here, "first", sourced_id="1")
    match(session, [first.id], VERIFIED)
    typed = someone(session, here, "typed", email="a1@etat.example")
    match(session, [typed.id], VERIFIED)
    assert states(session) == {("first", "1", "sure", "sourced_id"), ("typed", "1", "doubtful", "email")}
    again = someone(session, here, "again", sourced_id="1")
    match(session, [again.id], VERIFIED)
    assert {(row[0], row[2]) for row in states(session)} == {
        ("first", "doubtful"), ("again", "doubtful"), ("typed", "doubtful")
    }  # fmt: skip
    assert [line.action for line in session.query(AuditEntry).order_by(AuditEntry.id)] == ["hr.match_doubted"]
    rows, more = pairs(session, Scope(), "doubtful")
    assert (len(rows), more, waiting(session, Scope())) == (3, None, 3)
    chosen = next(pair.match for pair in rows if pair.person.subject == "again")
    confirm(session, chosen, None)
    assert waiting(session, Scope()) == 0, "the others are answered by it"
    left = session.query(AgentMatch).filter_by(person_id=first.id).one()
    with pytest.raises(MatchRefused, match="agent"):
        confirm(session, left, None)
    undo(session, chosen, None)
    refuse(session, chosen, None)
    match(session, [first.id, again.id, typed.id], VERIFIED)
    assert ("first", "1", "sure", "sourced_id") in states(session), "what was refused is no rival"
    assert ("again", "1", "refused", "sourced_id") in states(session)
    held_once(session)


def test_a_number_the_platform_replaces_takes_its_match_with_it(session: Session) -> None:
    here = platform(session)
    for number in ("1", "2"):
        agent(session, number)
    row = someone(session, here, "ada", sourced_id="1")
    match(session, [row.id])
    row.sourced_id = "2"
    session.flush()
    assert list(matching.waiting(session)) == [[row.id]]
    match(session, [row.id])
    assert states(session) == {("ada", "2", "sure", "sourced_id")}
    confirmed = session.query(AgentMatch).one()
    undo(session, confirmed, None)  # a sure one is nobody's decision: nothing to undo
    assert confirmed.state == "sure"
    refuse(session, confirmed, None)
    match(session, [row.id])
    assert states(session) == {("ada", "2", "refused", "sourced_id")}


def test_an_address_gives_way_to_a_number_and_to_another_agent_of_that_address(session: Session) -> None:
    here = platform(session)
    agent(session, "1", "shared@etat.example")
    agent(session, "2")
    rows = [someone(session, here, name, email="shared@etat.example") for name in ("ada", "zoé")]
    ids = [row.id for row in rows]
    match(session, ids[:1], VERIFIED)
    assert states(session) == {("ada", "1", "sure", "email")}
    rows[0].sourced_id = "2"
    session.flush()
    assert list(matching.waiting(session)) == [ids]
    match(session, ids, VERIFIED)
    assert states(session) == {("ada", "2", "sure", "sourced_id"), ("zoé", "1", "sure", "email")}
    agent(session, "3", "shared@etat.example")
    match(session, ids, VERIFIED)
    assert states(session) == {
        ("ada", "2", "sure", "sourced_id"), ("zoé", "1", "doubtful", "email"), ("zoé", "3", "doubtful", "email")
    }  # fmt: skip
    held_once(session)


def test_names_alike_are_a_question_and_never_a_match(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching_names, "PIECE", 2)
    here = platform(session)
    agent(session, "1")
    for number in range(10, 16):
        agent(session, str(number), family_name="Martin", given_name="Jean")
    held = agent(session, "2", family_name="Durand", given_name="Léa")
    someone(session, here, "alike", family_name="LEFEVRE", given_name="zoe")
    someone(session, here, "whole name", full_name="Zoé  Lefèvre")
    someone(session, here, "common", family_name="Martin", given_name="Jean")
    someone(session, here, "one word", full_name="Zoé")
    someone(session, None, "nameless")
    lea = someone(session, here, "léa", sourced_id="2", family_name="Durand", given_name="Léa")
    someone(session, here, "other léa", family_name="Durand", given_name="Léa")
    match(session, [lea.id])
    assert sum(doubt_names(session)) == 2
    assert states(session) == {
        ("alike", "1", "doubtful", "name"), ("whole name", "1", "doubtful", "name"),
        ("léa", held.number, "sure", "sourced_id"),
    }  # fmt: skip
    assert sum(doubt_names(session)) == 0
    asked = session.query(AgentMatch).filter_by(state="doubtful").first()
    assert asked is not None
    refuse(session, asked, None)
    assert sum(doubt_names(session)) == 0, "a refusal is not asked again"


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from((None, "1", "2", "3")), st.sampled_from((None, "1", "2")), st.integers(0, 3), st.booleans()
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, data=st.data())
def test_the_result_is_the_same_in_whatever_order(session: Session, people: Any, data: st.DataObject) -> None:
    results = []
    for order in (range(len(people)), data.draw(st.permutations(range(len(people))))):
        with session.begin_nested() as nested:
            places = {True: platform(session), False: platform(session, "other")}
            for number, mail in (("1", "m1@x.example"), ("2", "m2@x.example"), ("3", "m2@x.example")):
                agent(session, number, mail)
            rows = [
                someone(session, places[where], f"p{n}", sourced_id=one, agent_key=two, email=f"m{mail}@x.example")
                for n, (one, two, mail, where) in enumerate(people)
            ]
            for number in order:
                match(session, [rows[number].id], VERIFIED)
            held_once(session)
            one_by_one = states(session)
            match(session, [row.id for row in rows], VERIFIED)
            assert states(session) == one_by_one
            results.append(one_by_one)
            nested.rollback()
        session.expire_all()
    assert results[0] == results[1]


def test_a_launch_matches_once_and_asks_no_more(app: Flask, platform: PlatformInTest, session: Session) -> None:
    platform.launched()
    assert states(session) == set(), "nobody is declared"
    agent(session, "A-0001")
    session.commit()
    platform.launched()
    assert states(session) == {("learner-1", "A-0001", "sure", "sourced_id")}
    session.rollback()
    platform.launched(lis={"person_sourcedid": "A-2"})
    assert states(session) == set(), "the platform says they are somebody else"
    session.rollback()
    platform.launched(**person(7, lis={}, custom={"track": "decideurs", "matricule": "A-0001"}))
    assert states(session) == set(), "no setting names that parameter"
    session.rollback()


def test_a_custom_parameter_is_a_key_where_the_settings_name_it(
    app: Flask, platform: PlatformInTest, session: Session
) -> None:
    agent(session, "M-1")
    agent(session, "$User.org")
    session.commit()
    app.extensions["mpia"] = replace(app.extensions["mpia"], match_keys=("custom:matricule",))
    platform.launched(custom={"track": "decideurs", "matricule": "M-1", "odd": {"x": 1}, "long": "x" * 500})
    platform.launched(**person(2, custom={"track": "decideurs", "matricule": "$User.org"}))
    assert states(session) == {("learner-1", "M-1", "sure", "custom")}
    session.rollback()


def test_after_an_import_everybody_is_matched_and_names_are_asked_about(
    app: Flask, platform: PlatformInTest, session: Session
) -> None:
    platform.launched()
    platform.launched(**person(2, given_name="Zoé", family_name="Lefèvre", email="z@x.example", lis={}))
    file = "identifiant agent;nom;prénom;versant\nA-0001;Martin;Ada;FPE\n2;LEFEVRE;Zoe;FPE\n".encode()
    with prepare(session, "agents", BytesIO(file), Asked()) as act:
        act.write(act.look())
    assert [job.kind for job in session.query(OutboxJob).filter_by(kind=matching.KIND)] == [matching.KIND]
    match_people.run(SimpleNamespace(session=session, keys=DEFAULT_KEYS), {})  # type: ignore[arg-type]
    assert states(session) == {
        ("learner-1", "A-0001", "sure", "sourced_id"), ("learner-2", "2", "doubtful", "name")
    }  # fmt: skip
    before = session.query(OutboxJob).filter_by(kind=matching.KIND).one().version
    matching.promise_due(session)
    assert session.query(OutboxJob).filter_by(kind=matching.KIND).one().version == before, "nobody came since"
    platform_id = session.query(Platform).one().id
    someone(session, session.get(Platform, platform_id), "late")
    matching.promise_due(session)
    session.expire_all()
    assert session.query(OutboxJob).filter_by(kind=matching.KIND).one().version > before


def test_hr_decides_within_its_scope(app: Flask, session: Session) -> None:
    here = platform(session)
    one, two = make_unit(session, "M1", "Un"), make_unit(session, "M2", "Deux")
    for number, unit in (("1", one), ("2", two)):
        agent(session, number, f"m{number}@x.example", unit_id=unit.id)
        row = someone(session, here, f"p{number}", email=f"m{number}@x.example")
        match(session, [row.id])
    rows, _more = pairs(session, Scope((one.path,)), "doubtful")
    assert len(rows) == waiting(session, Scope((one.path,))) == 1
    assert rows[0].unit is not None
    assert rows[0].unit.name == "Un"
    assert waiting(session, Scope()) == 2
    assert waiting(session, Scope(None, here.id)) == 0, "a platform's word opens no agent"
    assert match_review.find(session, Scope((two.path,)), rows[0].match.id) is None
    assert match_review.find(session, Scope((one.path,)), rows[0].match.id) is rows[0].match
