"""A fictitious ministry for the demo: its organisation, agents, budget and training, through HR's own doors."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, Enrolment, LessonProgress, Person, Unit, utcnow
from lms.services import costs, figures, matching
from lms.services.accounts import make_account
from lms.services.baselines import Reference, decide, propose
from lms.services.budget_imports import import_budget
from lms.services.dashboards import today_here
from lms.services.import_files import Asked, prepare
from lms.services.indicators import AE
from lms.services.library import Library
from lms.services.organisation import Scope
from lms.services.population import Rule, declare

#: Who sees HR's pages in the demo: two accounts, for a baseline is proposed by one and approved by another.
OFFICERS = (
    ("rh@example.org", "Responsable RH de démonstration"),
    ("budget@example.org", "Responsable du budget de démonstration"),
)
TRACK = "decideurs"
#: Code, name, kind, code above, how many agents.
UNITS = (
    ("MIN-DEMO", "Ministère de démonstration", "ministère", "", 0),
    ("DIR-A", "Direction A", "direction", "MIN-DEMO", 9),
    ("SERV-A1", "Service A1", "service", "DIR-A", 34),
    ("SERV-A2", "Service A2", "service", "DIR-A", 27),
    ("DIR-B", "Direction B", "direction", "MIN-DEMO", 6),
    ("SERV-B1", "Service B1", "service", "DIR-B", 48),
    ("SERV-B2", "Service B2", "service", "DIR-B", 3),
    ("CHU-DEMO", "Hôpital de démonstration", "hôpital", "", 0),
    ("POLE-1", "Pôle médical", "service", "CHU-DEMO", 41),
    ("POLE-2", "Pôle administratif", "service", "CHU-DEMO", 22),
)
GRADES = ("A", "A", "B", "C", "contractuel")
#: In thousands of euros, from the reference year on: AE opened, committed, CP opened, paid, AI's AE and CP.
BUDGET = (
    ("DEMO-1", "", "MIN-DEMO", ((7000, 6900, 6800, 6700, 150, 140), (9100, 9000, 8800, 8600, 2050, 1640))),
    ("DEMO-1", "APPUI", "DIR-B", ((1000, 990, 950, 940, 10, 10), (1300, 1250, 1200, 1150, 290, 230))),
    ("DEMO-2", "", "CHU-DEMO", ((2000, 1980, 1900, 1890, 40, 40), (2600, 2580, 2500, 2480, 560, 450))),
)
#: Kind, label, cents, how many.
COSTS: tuple[tuple[costs.CostKind, str, int, int], ...] = (
    ("session", "Sessions en présence", 1_800_000, 1),
    ("per_head", "Supports imprimés", 2_450, 1),
    ("trainer", "Heures de formateurs", 9_000, 120),
)


def seed_ministry(session: Session, password: str) -> None:
    """Make the ministry once; flushes, never commits."""
    if session.scalar(select(Unit.id).where(Unit.code == UNITS[0][0])) is not None:
        return
    now = utcnow()
    officers = [make_account(session, email, password, ["hr"], name).person for email, name in OFFICERS]
    rows = [("code", "nom", "type", "code parent"), *(unit[:4] for unit in UNITS)]
    _take(session, "units", rows, officers[0].id)
    _take(session, "agents", _agents(), officers[0].id)
    words = "Tous les agents de démonstration : ministère et hôpital, toutes catégories."
    declare(session, Rule(), words, officers[0].id)
    _budget(session, officers, today_here(now).year - 1)
    _training(session, now)


def _take(session: Session, kind: str, rows: Sequence[Sequence[str]], person_id: int) -> None:
    file = BytesIO("\r\n".join(";".join(row) for row in rows).encode())
    with prepare(session, kind, file, Asked(), person_id=person_id) as act:
        written = act.write(act.look())
    assert written.written, written.problems


def _agents() -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [
        ("matricule", "nom", "prénom", "versant", "code unité", "catégorie", "corps"),
        ("A-0001", "de démonstration A", "Agent", "FPE", "SERV-A1", "A", "attachés"),
        ("A-0002", "de démonstration B", "Agent", "FPE", "SERV-B1", "B", "secrétaires"),
        ("A-0003", "de démonstration", "Formateur", "FPE", "DIR-A", "A", "attachés"),
        ("A-0004", "de démonstration", "Responsable RH", "FPE", "DIR-A", "A", "attachés"),
    ]
    for code, _name, _kind, _above, agents in UNITS:
        branch = "FPH" if code.startswith("POLE") else "FPE"
        for place in range(agents):
            number = f"D-{len(rows):04}"
            rows.append((number, f"Fictif {number[2:]}", "Agent", branch, code, GRADES[place % len(GRADES)], ""))
    return rows


def _budget(session: Session, officers: Sequence[Person], reference: int) -> None:
    rows: list[tuple[str, ...]] = [
        (
            "exercice", "programme", "BOP", "libellé", "code unité", "AE ouvertes", "AE engagées", "CP ouverts",
            "CP payés", "part IA (AE)", "part IA (CP)",
        )
    ]  # fmt: skip
    for programme, bop, unit, years in BUDGET:
        for step, amounts in enumerate(years):
            euros = (f"{thousands}000,00" for thousands in amounts)
            rows.append((str(reference + step), programme, bop, "Formation", unit, *euros))
    file = BytesIO("\r\n".join(";".join(row) for row in rows).encode())
    assert import_budget(session, file, Scope(), person_id=officers[0].id).written
    thousand = 100_000
    ministry = session.scalars(select(Unit).where(Unit.code == UNITS[0][0])).one()
    for of, base, ai_base in ((None, 10_000, 200), (ministry, 8_000, 160)):
        new = Reference(reference, AE(base * thousand), AE(ai_base * thousand), "linear")
        proposed = propose(session, officers[0], of, new, "Exercice de référence.")
        decide(session, officers[1], proposed, "Conforme au budget voté.", approve=True)
    for kind, label, cents, quantity in COSTS:
        costs.enter(session, costs.NewCost(reference + 1, kind, label, cents, quantity, TRACK), officers[0].id)


def _training(session: Session, now: datetime) -> None:
    """Two agents in three follow the track, one in three completed it, in the months before."""
    track = Library(session)[TRACK]
    lessons = [(module.key, lesson.key) for module in track.published_modules for lesson in module.lessons]
    agents = session.scalars(select(Agent).where(Agent.number.startswith("D-")).order_by(Agent.number)).all()
    people = []
    for place, agent in enumerate(agents):
        if place % 3 == 2:
            continue
        person = Person(
            subject=f"demo-{agent.number}", family_name=agent.family_name, given_name=agent.given_name,
            full_name=f"{agent.given_name} {agent.family_name}", sourced_id=agent.number,
            email=f"{agent.number.lower()}@example.org",
        )  # fmt: skip
        began = now.astimezone(UTC) - timedelta(days=20 + 7 * (place % 40))
        completed = began + timedelta(days=15) if place % 3 == 0 else None
        enrolment = Enrolment(
            person=person, track_key=track.key, track_version=track.version, track_digest=track.digest,
            enrolled_at=began, started_at=began, completed_at=completed,
        )  # fmt: skip
        session.add(enrolment)
        session.flush()
        read = lessons if completed else lessons[: place % len(lessons)]
        session.add_all(
            LessonProgress(
                enrolment_id=enrolment.id, module_key=module, lesson_key=lesson,
                opened_at=began + timedelta(hours=step), read_at=began + timedelta(hours=step, minutes=20),
            )
            for step, (module, lesson) in enumerate(read)
        )  # fmt: skip
        people.append(person)
    session.flush()
    matching.match(session, [person.id for person in people])
    figures.touch_moved(session)
