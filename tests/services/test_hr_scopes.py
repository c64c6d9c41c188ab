"""What HR sees is what the tree says, however units, agents and matches are: told apart from how it is asked."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, HrScope, Person, Platform, Unit
from lms.services.organisation import Scope, agents_in, people_in, scope_of, sees, units_in
from lms.services.units import make_unit

#: Under which unit each goes; where each agent is; (agent, platform, state) of each person; the units opened.
INSTITUTIONS = st.tuples(
    st.lists(st.integers(-1, 20), min_size=1, max_size=12),
    st.lists(st.integers(-1, 11), max_size=8),
    st.lists(
        st.tuples(st.integers(0, 7), st.booleans(), st.sampled_from(("sure", "doubtful", "refused", "confirmed"))),
        max_size=8,
    ),
    st.sets(st.integers(0, 11), max_size=4),
)  # fmt: skip


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(institution=INSTITUTIONS)
def test_what_is_seen_is_under_what_was_opened(session: Session, institution: tuple[list[int], ...]) -> None:
    above, where, people, opened = institution
    with session.begin_nested() as nested:
        units = list[Unit]()
        for number, parent in enumerate(above):
            units.append(
                make_unit(session, f"U{number}", "U", parent=units[parent % number] if parent >= 0 < number else None)
            )
        places = [Platform(name=n, issuer=n, client_id="c", auth_url="x", token_url="x", jwks_url="x") for n in "ab"]
        session.add_all(places)
        agents = [
            Agent(number=str(n), family_name="X", given_name="Y", branch="FPE",
                  unit_id=units[each % len(units)].id if each >= 0 else None)
            for n, each in enumerate(where)
        ]  # fmt: skip
        session.add_all(agents)
        session.flush()
        held = dict[int, int]()
        for number, (agent, second, state) in enumerate(people):  # type: ignore[misc]
            row = Person(platform=places[second], subject=str(number), email="x@x.example")
            session.add(row)
            session.flush()
            if agent < len(agents):
                session.add(AgentMatch(person_id=row.id, agent_id=agents[agent].id, state=state, by="email"))
                if state in {"sure", "confirmed"}:
                    held[row.id] = agents[agent].id
        officer = Person(platform=places[0], subject="officer")
        session.add(officer)
        session.flush()
        tops = {units[number % len(units)].id for number in opened}
        session.add_all(HrScope(person_id=officer.id, unit_id=number) for number in tops)
        session.flush()
        scope = scope_of(session, officer)
        seen = {unit.id for unit in units if _line(session, unit) & tops}
        theirs = {agent.id for agent in agents if agent.unit_id in seen}
        if tops:
            assert set(session.scalars(select(Unit.id).where(units_in(scope)))) == seen
            assert {unit.id for unit in units if sees(scope, unit)} == seen
            assert set(session.scalars(select(Agent.id).where(agents_in(scope)))) == theirs
            expected = {person for person, agent in held.items() if agent in theirs}
            assert set(session.scalars(select(Person.id).where(people_in(scope)))) == expected
        else:
            assert scope == Scope(None, places[0].id)
            ours = set(session.scalars(select(Person.id).where(Person.platform_id == places[0].id)))
            assert set(session.scalars(select(Person.id).where(people_in(scope)))) == ours
            found = set(session.scalars(select(Agent.id).where(agents_in(scope))))
            assert found == {agent for person, agent in held.items() if person in ours}
            assert not any(sees(scope, unit) for unit in units)
        assert not sees(scope, None)
        nested.rollback()
    session.expire_all()


def _line(session: Session, unit: Unit | None) -> set[int]:
    """The unit and those above, by parents."""
    found = set[int]()
    while unit is not None:
        found.add(unit.id)
        unit = session.get(Unit, unit.parent_id) if unit.parent_id is not None else None
    return found
