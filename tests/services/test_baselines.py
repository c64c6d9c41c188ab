"""Baselines: four eyes, whoever they are; the one in force at a date stays so."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, AuditEntry, Person, Platform, utcnow
from lms.services.baselines import BaselineRefused, Reference, decide, in_force, pending, propose, target_of
from lms.services.indicators import AE
from tests.budget_in_test import approved, officer, unit

NEW, WHY = Reference(2026, AE(10_000_000_00), AE(200_000_00), "linear"), "Loi de finances 2026"


def refusal_of(session: Session, person: Person, baseline: object, answer: str = "Vu") -> str:
    with pytest.raises(BaselineRefused) as refused:
        decide(session, person, baseline, answer, approve=True)  # type: ignore[arg-type]
    return refused.value.reason


def test_one_proposes_and_another_decides(session: Session) -> None:
    ministry = unit(session, "MIN")
    service, other = unit(session, "SRV", ministry), unit(session, "AUT")
    ann, bob = officer(session, "ann", ministry), officer(session, "bob", ministry)
    baseline = propose(session, ann, service, NEW, WHY)
    assert in_force(session, service) is None
    assert refusal_of(session, ann, baseline) == "same"
    assert refusal_of(session, officer(session, "eve", other), baseline) == "scope"
    assert refusal_of(session, bob, baseline, "  ") == "reason"
    # Somebody whose only word is a platform's sees no budget.
    platform = Platform(name="L", issuer="https://l", client_id="c", auth_url="x", token_url="x", jwks_url="x")
    launched = Person(platform=platform, subject="x")
    session.add(launched)
    session.flush()
    assert refusal_of(session, launched, baseline) == "scope"

    decide(session, bob, baseline, "Conforme au projet annuel", approve=True)
    assert in_force(session, service) is baseline
    assert refusal_of(session, officer(session, "late"), baseline) == "decided"
    before = utcnow()

    again = propose(session, bob, service, Reference(2027, AE(12_000_000_00), AE(0), "geometric"), "Rebasage")
    with pytest.raises(BaselineRefused, match="pending"):
        propose(session, ann, service, NEW, WHY)
    mended = propose(session, bob, service, Reference(2027, AE(12_500_000_00), AE(0), "geometric"), "Rebasage exact")
    assert again.state == "superseded"
    assert pending(session, service) is mended
    decide(session, ann, mended, "Refusé : chiffre provisoire", approve=False)
    assert in_force(session, service) is baseline
    final = propose(session, ann, service, Reference(2027, AE(12_400_000_00), AE(0), "geometric"), "Chiffre définitif")
    decide(session, bob, final, "Vu", approve=True)
    assert (baseline.state, in_force(session, service)) == ("superseded", final)
    assert in_force(session, service, before) is baseline, "at a date, what was in force then"
    assert in_force(session, ministry) is None

    lines = session.execute(select(AuditEntry.action, AuditEntry.person_id, AuditEntry.details).order_by(AuditEntry.id))
    told = [(action, person, details["reason"]) for action, person, details in lines]
    assert told[:2] == [
        ("hr.baseline_proposed", ann.id, "Loi de finances 2026"),
        ("hr.baseline_approved", bob.id, "Conforme au projet annuel"),
    ]
    assert [action for action, _, _ in told].count("hr.baseline_refused") == 1


def test_one_human_with_two_accounts_has_two_eyes(session: Session) -> None:
    ann = officer(session, "ann")
    baseline = propose(session, ann, None, NEW, WHY)
    twin = Person(subject="other", email="ANN@example.org")
    agent = Agent(number="1", family_name="A", given_name="B", branch="FPE")
    third = officer(session, "third")
    session.add_all([twin, agent])
    session.flush()
    session.add_all(
        AgentMatch(person_id=person.id, agent_id=agent.id, state="confirmed", by="name") for person in (ann, third)
    )
    session.flush()
    assert refusal_of(session, twin, baseline) == "same"
    assert refusal_of(session, third, baseline) == "same"
    decide(session, officer(session, "bob"), baseline, "Vu", approve=True)
    assert baseline.state == "approved"


def test_paths_of_the_worked_example(session: Session) -> None:
    linear, geometric = (Reference.of(approved(session, path=path)) for path in ("linear", "geometric"))
    assert [target_of(linear, year) for year in range(2026, 2030)] == [
        10_000_000_00, 13_333_333_33, 16_666_666_67, 20_000_000_00,
    ]  # fmt: skip
    assert [target_of(geometric, year) for year in range(2026, 2030)] == [
        10_000_000_00, 12_599_210_50, 15_874_010_52, 20_000_000_00,
    ]  # fmt: skip
    assert target_of(linear, 2025) is None
    assert target_of(linear, 2030) is None
    custom = Reference.of(
        approved(session, path="custom", custom={2027: AE(11), 2028: AE(12), 2029: AE(20_000_000_00)})
    )
    assert [target_of(custom, year) for year in (2026, 2028, 2029)] == [10_000_000_00, 12, 20_000_000_00]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"base": 0}, "amount"),
        ({"ai_base": 10_000_000_01}, "ai"),
        ({"ai_base": -1}, "amount"),
        ({"reference_year": 1998}, "year"),
        ({"reference_year": 2098}, "year"),
        ({"reason": " "}, "reason"),
        ({"path": "custom"}, "custom"),
        ({"custom": {2027: 1}}, "custom"),
        ({"path": "custom", "custom": {2027: 1, 2028: 2}}, "custom"),
        ({"path": "custom", "custom": {2027: 1, 2028: 2, 2029: 1_999_999_999}}, "double"),
        ({"path": "custom", "custom": {2027: 0, 2028: 2, 2029: 2_000_000_000}}, "amount"),
    ],
)
def test_what_is_no_baseline_is_refused(session: Session, change: dict[str, object], reason: str) -> None:
    values = {**vars(NEW), "reason": WHY, **change}
    why = str(values.pop("reason"))
    with pytest.raises(BaselineRefused, match=reason):
        propose(session, officer(session, "ann"), None, Reference(**values), why)  # type: ignore[arg-type]
