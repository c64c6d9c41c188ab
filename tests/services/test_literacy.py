"""The AI-literacy register: what is written through time, who is not trained, what is signed for good."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, Attempt, AuditEntry, Certificate, Person, Register, RegisterEdition, StatusList, utcnow
from lms.services import legal_watch, literacy, literacy_editions
from lms.services.literacy import Entry, RegisterRefused
from lms.services.literacy_content import whole
from lms.services.literacy_editions import Signature
from lms.services.literacy_people import trained
from lms.services.literacy_sources import teaching
from lms.services.literacy_words import Speaker
from lms.tables import Scope
from tests.learner_in_test import together
from tests.literacy_in_test import D1, GROUP, LAW, ORGANISATION, SYSTEM, TAUGHT, TRACK, agent, followed, register, unit


def person(session: Session, name: str) -> int:
    row = Person(subject=name, email=f"{name}@example.org", full_name=name)
    session.add(row)
    session.flush()
    return row.id


def of_kind(session: Session, row: Register, kind: str) -> list[Entry]:
    return [entry for entry in literacy.entries(session, row.id) if entry.kind == kind]


def signature(session: Session, row: Register, who: int, **changes: Any) -> Signature:
    values = {"name": "Zoé", "function": "Directrice", "words": "", "read": literacy_editions.fingerprint(session, row)}
    return Signature(who, **{**values, **changes})


def journal(session: Session, row: Register) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.target == literacy.target(row.id)).order_by(AuditEntry.id)
    return list(session.scalars(query))


def test_what_was_written_stays_in_its_states(session: Session) -> None:
    editor = person(session, "editor")
    row = register(session, unit(session, "SG"), editor, system=[SYSTEM])
    (first,) = of_kind(session, row, "system")
    (opened,) = of_kind(session, row, "review")
    assert opened.content["reason"] == "system"
    literacy.change(session, row, first, SYSTEM, editor)  # says the same
    literacy.change(session, row, first, {**SYSTEM, "risk": "high"}, editor)
    with pytest.raises(RegisterRefused, match="stale"):
        literacy.change(session, row, first, {**SYSTEM, "risk": "prohibited"}, editor)
    (now,) = of_kind(session, row, "system")
    assert (now.id, now.content["risk"]) == (first.id, "high")
    assert [state.content for state in literacy.past(session, first.id)] == [SYSTEM]
    literacy.add(
        session, row, "overseer", {"system": now.id, "agent": "1", "competence": "x", "authority": "y"}, editor
    )
    with pytest.raises(RegisterRefused, match="used"):
        literacy.remove(session, row, now, editor)
    literacy.remove(session, row, of_kind(session, row, "overseer")[0], editor)
    literacy.remove(session, row, now, editor)
    assert of_kind(session, row, "system") == []
    with pytest.raises(RegisterRefused, match="gone"):
        literacy.change(session, row, now, SYSTEM, editor)
    with pytest.raises(RegisterRefused, match="single"):
        literacy.add(session, row, "organisation", ORGANISATION, editor)
    assert journal(session, row) == [
        "register.opened", "register.added", "register.added", "register.added", "register.changed", "register.added",
        "register.removed", "register.removed",
    ]  # fmt: skip


def test_who_writes_after_somebody_else_at_the_same_moment_edited_last_and_does_not_sign(
    app: Flask, session: Session
) -> None:
    first, second = person(session, "first"), person(session, "second")
    row = register(session, unit(session, "SG"), first)
    session.commit()

    def write(own: Session) -> None:
        literacy.add(own, own.get_one(Register, row.id), "system", SYSTEM, second)
        own.commit()

    together(app, [write])  # the page of the first has read the register already
    literacy.add(session, row, "system", {**SYSTEM, "name": "Autre"}, first)
    session.commit()
    session.expire_all()
    assert row.edited_by == first
    with pytest.raises(RegisterRefused, match="same"):
        literacy_editions.sign(session, row, signature(session, row, first), utcnow())


def test_a_register_is_seen_from_its_unit_and_above(session: Session) -> None:
    top = unit(session, "MIN")
    left, right = unit(session, "DIR1", top), unit(session, "DIR2", top)
    mine, theirs = register(session, left), register(session, right)
    assert literacy.open_register(session, left, None).id == mine.id
    seen = {scope: [row.id for row in literacy.registers(session, Scope((scope,)))] for scope in (top.path, left.path)}
    assert seen == {top.path: [mine.id, theirs.id], left.path: [mine.id]}
    assert literacy.register(session, Scope((left.path,)), theirs.id) is None
    assert literacy.register(session, Scope(None, 7), mine.id) is None  # by a platform's word alone
    assert literacy.register(session, Scope(), mine.id) is not None


def test_gaps_are_the_exposed_less_the_trained(session: Session) -> None:
    top = unit(session, "MIN")
    below, other = unit(session, "DIR", top), unit(session, "ELSE")
    rows = {name: agent(session, name, below, category=name[0].upper()) for name in ("a1", "a2", "a3", "a4", "b1")}
    agent(session, "a9", other)
    agent(session, "a8", below, left_at=utcnow())
    for name, how in (("a1", {}), ("a2", {"done": False}), ("a3", {"state": "doubtful"}), ("b1", {})):
        followed(session, rows[name], **how)
    followed(session, rows["a1"], done=False, version="2026.2")  # on another platform: the same agent
    group = {**GROUP, "categories": ["A"], "units": ["DIR"], "deadline": "2020-01-31"}
    row = register(session, top, None, group=[group], measure=[TAUGHT])
    content = whole(session, row, utcnow())
    (gap,), (evidence,) = content["gaps"], content["evidence"]
    assert (gap["exposed"], gap["trained"], gap["not_trained"], gap["late"]) == (4, 1, ["a2", "a3", "a4"], True)
    assert (evidence["exposed"], evidence["enrolled"], evidence["completed"]) == (4, 2, 1)
    assert evidence["versions"] == {"2026.1": 1}
    # A second measure is asked of the group too: those who attended the workshop, by number.
    literacy.add(session, row, "measure", {"name": "Atelier", "objectives": "Relire"}, None)
    workshop = of_kind(session, row, "measure")[1]
    there = {"name": "Émargement", "measure": workshop.id, "done_on": "2026-11-02", "agents": ["a2", "a1", "nobody"]}
    literacy.add(session, row, "proof", there, None)
    (gap,) = whole(session, row, utcnow())["gaps"]
    assert (gap["trained"], gap["not_trained"]) == (1, ["a2", "a3", "a4"])
    literacy.change(session, row, of_kind(session, row, "group")[0], {**group, "units": ["ELSE"]}, None)
    assert whole(session, row, utcnow())["gaps"][0]["exposed"] == 0  # a rule never reaches out of the register


@given(
    exposed=st.frozensets(st.integers(0, 12)),
    done=st.lists(st.frozensets(st.integers(0, 15)), max_size=4),
)
def test_trained_is_every_measure_and_never_none(exposed: frozenset[int], done: list[frozenset[int]]) -> None:
    found = trained(exposed, done)
    assert found == (exposed.intersection(*done) if done else frozenset())
    assert exposed - found == {one for one in exposed if not done or any(one not in each for each in done)}


ONE = st.tuples(st.sampled_from("AB"), st.booleans(), st.booleans(), st.booleans())
SOME = st.sets(st.integers(0, 1))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    agents=st.lists(ONE, max_size=6), rules=st.lists(st.sets(st.sampled_from("AB")), max_size=2), track=SOME, day=SOME
)
def test_gaps_in_the_database_are_those_counted_by_hand(
    session: Session, agents: list[tuple[str, bool, bool, bool]], rules: list[set[str]], track: set[int], day: set[int]
) -> None:
    """Each agent: grade, completed the track, attended the workshop, left; each measure: the groups it is for."""
    top = unit(session, "MIN")
    for number, (grade, done, _there, left) in enumerate(agents):
        who = agent(session, str(number), top, category=grade, left_at=utcnow() if left else None)
        if done:
            followed(session, who)
    row = register(session, top)
    groups = [
        literacy.add(session, row, "group", {**GROUP, **({"categories": sorted(rule)} if rule else {})}, None)
        for rule in rules
    ]
    asked = [sorted(groups[each] for each in of if each < len(groups)) for of in (track, day)]
    literacy.add(session, row, "measure", {**TAUGHT, "groups": asked[0]}, None)
    workshop = literacy.add(session, row, "measure", {"name": "Atelier", "objectives": "x", "groups": asked[1]}, None)
    attended = [str(number) for number, one in enumerate(agents) if one[2]]
    sheet = {"name": "Émargement", "measure": workshop, "done_on": "2026-11-02", "agents": attended}
    literacy.add(session, row, "proof", sheet, None)
    found = whole(session, row, utcnow())["gaps"]
    session.rollback()
    for gap, group, rule in zip(found, groups, rules, strict=True):
        needs = [group in (each or [group]) for each in asked]
        exposed = {n for n, one in enumerate(agents) if not one[3] and (not rule or one[0] in rule)}
        fine = {n for n in exposed if any(needs) and all(agents[n][k + 1] for k in range(2) if needs[k])}
        assert gap["exposed"] == len(exposed)
        assert gap["not_trained"] == sorted(str(n) for n in exposed - fine)


def test_evidence_of_a_module_and_of_certificates(session: Session) -> None:
    top = unit(session, "MIN")
    first, second = agent(session, "1", top), agent(session, "2", top)
    for who, scores in ((first, [Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)]), (second, [Fraction(8, 10)])):
        enrolled = followed(session, who, done=False)
        for number, score in enumerate(scores, 1):
            values = {"track_version": "2026.1", "track_digest": "x", "seed": "s", "questions": []}
            passed = score >= Fraction(7, 10)
            session.add(Attempt(enrolment_id=enrolled.id, module_key="d1", number=number, score=score, passed=passed,
                                submitted_at=utcnow(), **values))  # fmt: skip
    listed = StatusList()
    session.add(listed)
    session.flush()
    for index, (status, award) in enumerate((("valid", TRACK.key), ("revoked", TRACK.key), ("valid", "decideurs/d1"))):
        session.add(Certificate(
            person_id=enrolled.person_id, award_key=award, edition=index + 1, number=f"N{index}", code=f"C{index}",
            record={}, status=status, status_list_id=listed.id, status_index=index,
        ))  # fmt: skip
    session.flush()
    row = register(
        session, top, None, group=[GROUP], measure=[{"name": "D1", "taught": teaching(TRACK, D1)}, TAUGHT],
        overseer=[{"system": 1, "agent": "2", "competence": "x", "authority": "y"}],
    )  # fmt: skip
    module, track = whole(session, row, utcnow())["evidence"]
    assert (module["completed"], module["mean_score"]) == (2, "17/20")  # the best of each: 9/10 and 8/10
    assert (track["completed"], track["certified"], track["mean_score"]) == (0, 1, None)


def test_a_signature_never_changes_whatever_is_done_after(session: Session) -> None:
    editor, signer = person(session, "editor"), person(session, "signer")
    top = unit(session, "MIN")
    agents = [agent(session, str(number), top) for number in range(3)]
    row = register(session, top, editor, system=[SYSTEM], group=[GROUP], measure=[TAUGHT])
    with pytest.raises(RegisterRefused, match="same"):
        literacy_editions.sign(session, row, signature(session, row, editor), utcnow())
    with pytest.raises(RegisterRefused, match="changed"):
        literacy_editions.sign(session, row, signature(session, row, signer, read="other"), utcnow())
    made = literacy_editions.sign(session, row, signature(session, row, signer), utcnow())
    kept, digest, words = made.content, made.sha256, list(Speaker(json.loads(made.content), "fr").lines())
    assert digest == hashlib.sha256(kept.encode()).hexdigest()
    line = session.scalars(select(AuditEntry).filter_by(action="register.signed")).one()
    assert line.details == {"edition": 1, "sha256": digest, "not_trained": 3}

    followed(session, agents[0])
    for entry in literacy.entries(session, row.id):
        literacy.change(session, row, entry, {**entry.content, "name": "autre", "about": "autre"}, editor)
    literacy.remove(session, row, of_kind(session, row, "group")[0], editor)
    agents[1].left_at, agents[2].number, top.name = utcnow(), "99", "Renommé"
    session.delete(session.get_one(Person, signer))
    session.flush()
    second = literacy_editions.sign(session, row, signature(session, row, person(session, "other")), utcnow())
    session.expire_all()
    again = literacy_editions.edition(session, row.id, 1)
    assert again is not None
    assert (again.content, again.sha256, again.signed_by) == (kept, digest, None)
    assert list(Speaker(literacy_editions.content_of(again), "fr").lines()) == words
    assert second.number == 2
    assert second.content != kept
    assert literacy_editions.intact(again)
    again.content = kept.replace("Zoé", "Léo")
    assert not literacy_editions.intact(again)
    assert literacy_editions.due(None, utcnow())
    assert not literacy_editions.due(second, utcnow())
    assert literacy_editions.due(second, utcnow() + timedelta(days=366))


def test_nothing_is_signed_before_the_organisation_is_described(session: Session) -> None:
    row = literacy.open_register(session, unit(session, "MIN"), None)
    with pytest.raises(RegisterRefused, match="empty"):
        literacy_editions.sign(session, row, signature(session, row, person(session, "signer")), utcnow())
    assert session.scalars(select(RegisterEdition)).all() == []


def test_a_text_that_changed_opens_a_review_by_itself_once(session: Session) -> None:
    editor, watcher = person(session, "editor"), person(session, "watcher")
    row = register(session, unit(session, "A"), editor, measure=[TAUGHT])
    apart = literacy.open_register(session, unit(session, "B"), editor)  # rests on no text
    for _twice in range(2):
        legal_watch.changed(session, [], "ai-act-26", "2027-01-01", watcher, note="Dates reportées")
    (review,) = of_kind(session, row, "review")
    assert (review.content["reason"], review.content["about"]) == ("law", "Dates reportées")
    assert review.content["law"]["version"] == "2027-01-01"
    assert of_kind(session, apart, "review") == []
    assert row.edited_by == editor  # who watches the law did not edit the register, and may sign it
    literacy.remove(session, row, review, editor)
    legal_watch.changed(session, [], "ai-act-26", "2027-01-01", watcher)
    legal_watch.changed(session, [], "ai-act-26", LAW["ai-act-26"]["version"], watcher)  # the version it has
    assert of_kind(session, row, "review") == []
    moved = tuple(replace(each, version="2028-01-01") if each.key == "ai-act-4" else each for each in TRACK.legal)
    legal_watch.published(session, TRACK, replace(TRACK, legal=moved), watcher, utcnow())
    (review,) = of_kind(session, row, "review")
    assert review.content["law"]["version"] == "2028-01-01"


def test_the_register_is_said_in_both_languages_and_names_nobody(session: Session) -> None:
    top = unit(session, "MIN")
    agent(session, "00042", top, family_name="Secret")
    row = register(
        session, top, None, system=[SYSTEM], group=[GROUP], measure=[TAUGHT],
        remedy=[{"agent": "00042", "deadline": "2027-03-31", "exempt": "Mobilité"}],
    )  # fmt: skip
    said = {speech: list(Speaker(whole(session, row, utcnow()), speech).lines()) for speech in ("fr", "en")}
    assert {line.part for line in said["fr"]} == {1, 2, 3, 4, 5, 6, 7, 8}
    assert [line.part for line in said["fr"]] == [line.part for line in said["en"]]
    assert all(line.value and line.field and line.item for lines in said.values() for line in lines)
    missing = next(line for line in said["fr"] if line.field == "Agent non formé")
    assert (missing.value, str(missing.on)) == ("00042", "2027-03-31")
    assert TRACK.digest in {line.value for line in said["fr"]}
    assert "Secret" not in str(said)
    assert session.scalars(select(Agent)).one().family_name == "Secret"
