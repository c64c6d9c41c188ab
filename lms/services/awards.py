"""What each learner has earned: facts are gathered, and the rules of the track they follow decide on them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from certificates.award import Decision, Rule, decide
from certificates.needs import Evidence, Facts, Refreshed, Result
from certificates.rules import named, rules, tracks_named
from curricula.model import Module, Track
from lms.models import (
    Attempt,
    Certificate,
    Deliberation,
    Enrolment,
    Exemption,
    JuryMember,
    LessonProgress,
    OutboxJob,
    utcnow,
)
from lms.services.learning import enrolments
from lms.services.library import Library
from lms.services.outbox import promise_all
from lms.services.reminders import renewal_open, renewal_opens
from lms.services.verification import state_at


@dataclass(frozen=True)
class Award:
    """One thing a track leads to, as a learner stands: what is decided, and the last certificate issued of it.

    ``facts`` are what it was decided on; ``renewal`` is the decision on the next cycle, None where nothing was issued
    or it cannot be renewed.
    """

    decision: Decision
    facts: Facts
    issued: Certificate | None = None
    renewal: Decision | None = None

    @property
    def rule(self) -> Rule:
        return self.decision.rule

    def renewable(self, now: datetime) -> bool:
        """Whether the next cycle can be issued."""
        earned = self.renewal is not None and self.renewal.earned
        return earned and self.issued is not None and renewal_open(self.issued, now)

    def refreshing(self, now: datetime) -> bool:
        """Whether what the next cycle asks for can be done."""
        return self.renewal is not None and self.issued is not None and _refreshes(self.rule, self.issued, now)


def awards(session: Session, person_id: int, track: Track) -> list[Award]:
    """Everything that a track leads to, decided for one person; four queries at most."""
    return _decided(session, person_id, list(rules(track)))


def award(session: Session, person_id: int, track: Track, key: str) -> Award | None:
    """The same of one award; None where the track has none of that key."""
    found = _decided(session, person_id, [rule for rule in rules(track) if rule.key == key])
    return found[0] if found else None


def renewing_since(session: Session, person_id: int, track: Track, module: Module) -> datetime | None:
    """Since when a module is to be passed again to renew a certificate of the track or its label; None where it is not.

    No query for a module that renews nothing, one while nothing is to be renewed.
    """
    key, now = named(track, module.key), utcnow()
    wanted = [rule for rule in rules(track) if rule.refresher and key in rule.refresher.modules]
    if not wanted:
        return None
    held = certificates_of(session, [person_id])
    due = [rule for rule in wanted if (issued := held[person_id].get(rule.key)) and _refreshes(rule, issued, now)]
    if not due:
        return None
    facts = gather(session, due, held)[person_id]
    renewals = (_award(rule, facts, held[person_id][rule.key]).renewal for rule in due)
    conditions = [each for renewal in renewals if renewal for each in renewal.conditions]
    again = [each.need.since for each in conditions if isinstance(each.need, Refreshed) and key not in each.modules]
    return max(again, default=None)


def unheld(track: Track) -> list[Award]:
    """The same for whoever has done nothing: a preview."""
    return [_award(rule, Facts(), None) for rule in rules(track)]


def award_of_each(session: Session, wanted: Mapping[int, Rule]) -> dict[int, Award]:
    """One award of many people, by person, each by the rule given; as many queries as for one."""
    held = certificates_of(session, wanted)
    facts = gather(session, list(wanted.values()), held)
    return {
        person_id: _award(rule, facts[person_id], held[person_id].get(rule.key)) for person_id, rule in wanted.items()
    }


def _decided(session: Session, person_id: int, wanted: Sequence[Rule]) -> list[Award]:
    if not wanted:
        return []
    held = certificates_of(session, [person_id])
    facts = gather(session, wanted, held)[person_id]
    return [_award(rule, facts, held[person_id].get(rule.key)) for rule in wanted]


def _award(rule: Rule, facts: Facts, issued: Certificate | None) -> Award:
    again = decide(rule, facts, _since(rule, issued)) if issued and issued.valid_until and rule.refresher else None
    return Award(decide(rule, facts), facts, issued, again)


def _late(rule: Rule) -> bool:
    return rule.refresher is not None and rule.refresher.late


def _refreshes(rule: Rule, issued: Certificate, now: datetime) -> bool:
    """Whether what renews a certificate of that rule can be passed: at any time, or near its end alone."""
    return renewal_open(issued, now) if _late(rule) else issued.status == "valid"


def _since(rule: Rule, issued: Certificate) -> datetime:
    """After when what renews a certificate was passed."""
    # Its moment is kept to the second, and what brought it may be of the same one.
    after, opens = issued.issued_at + timedelta(seconds=1), renewal_opens(issued)
    return max(after, opens) if _late(rule) and opens else after


def certificates_of(session: Session, people: Collection[int]) -> dict[int, dict[str, Certificate]]:
    """The last certificate of each award each person was issued: of the last cycle, the last edition; one query."""
    query = select(Certificate).where(Certificate.person_id.in_(people))
    found: dict[int, dict[str, Certificate]] = {person_id: {} for person_id in people}
    for row in session.scalars(query.order_by(Certificate.cycle, Certificate.edition)):
        found[row.person_id][row.award_key] = row
    return found


def gather(
    session: Session, wanted: Sequence[Rule], held: Mapping[int, Mapping[str, Certificate]], now: datetime | None = None
) -> dict[int, Facts]:
    """What the rules look at, across every track that the persons of ``held`` follow; one query a kind of fact."""
    now = now or utcnow()
    kinds, people = {rule.kind for rule in wanted}, list(held)
    results = _results(session, people) if kinds & {"certificate", "label"} else {}
    read = _read(session, people) if "attendance" in kinds else {}
    accepted = _accepted(session, people) if "label" in kinds else {}
    return {
        person_id: Facts(
            results.get(person_id, {}),
            read.get(person_id, {}),
            accepted.get(person_id, {}),
            {
                key: Evidence("certificate", row.number, row.issued_at, f"{row.id} {row.number} {row.issued_at}")
                for key, row in own.items()
                if state_at(row, now) == "valid"
            },
        )
        for person_id, own in held.items()
    }


#: What was obtained in each module, the first one first, by person.
Obtained = dict[int, dict[str, tuple[Result, ...]]]


def _results(session: Session, people: Collection[int]) -> Obtained:
    """Every result in a module, the first one first, then what the placement test exempts from."""
    tried = select(
        Enrolment.person_id, Enrolment.track_key, Attempt.module_key, Attempt.score, Attempt.submitted_at.label("at"),
        Attempt.id, Attempt.track_version, Attempt.seed, literal(0).label("exempt"),
    )  # fmt: skip
    tried = tried.join(Enrolment, Enrolment.id == Attempt.enrolment_id).where(
        Enrolment.person_id.in_(people), Attempt.submitted_at.is_not(None), Attempt.score.is_not(None)
    )
    spared = select(
        Enrolment.person_id, Enrolment.track_key, Exemption.module_key, Exemption.score, Exemption.granted_at,
        Exemption.placement_id, Enrolment.track_version, literal(""), literal(1),
    )  # fmt: skip
    spared = spared.join(Enrolment, Enrolment.id == Exemption.enrolment_id).where(Enrolment.person_id.in_(people))
    both: Any = union_all(tried, spared)
    found: dict[int, dict[str, tuple[Result, ...]]] = defaultdict(dict)
    rows = session.execute(both.order_by("exempt", "at"))
    for person_id, track, module, score, at, number, version, seed, exempt in rows:
        parts = [number, module, version, score, at] if exempt else [number, version, seed, score, at]
        evidence = Evidence("exemption" if exempt else "attempt", str(number), at, " ".join(map(str, parts)))
        own, name = found[person_id], f"{track}/{module}"
        own[name] = (*own.get(name, ()), Result(score, evidence))
    return found


def _read(session: Session, people: Collection[int]) -> dict[int, dict[str, dict[str, datetime]]]:
    """When each lesson was read to its end, by person and module."""
    query = (
        select(
            Enrolment.person_id,
            Enrolment.track_key,
            LessonProgress.module_key,
            LessonProgress.lesson_key,
            LessonProgress.read_at,
        )
        .join(Enrolment, Enrolment.id == LessonProgress.enrolment_id)
        .where(Enrolment.person_id.in_(people), LessonProgress.read_at.is_not(None))
    )
    found: dict[int, dict[str, dict[str, datetime]]] = defaultdict(lambda: defaultdict(dict))
    for person_id, track, module, lesson, at in session.execute(query):
        if at is not None:
            found[person_id][f"{track}/{module}"][lesson] = at
    return found


def _accepted(session: Session, people: Collection[int]) -> Obtained:
    """The works that a jury admitted, with how many sat in it."""
    seats = select(func.count()).where(JuryMember.jury_id == Deliberation.jury_id).scalar_subquery()
    query = (
        select(Enrolment.person_id, Enrolment.track_key, Attempt.module_key, seats, Deliberation.id,
               Deliberation.decided_at, Deliberation.attempt_id, Deliberation.score)
        .join(Attempt, Attempt.id == Deliberation.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id.in_(people), Deliberation.decision == "admitted",
               Deliberation.decided_at.is_not(None))
        .order_by(Deliberation.id)
    )  # fmt: skip
    found: dict[int, dict[str, tuple[Result, ...]]] = defaultdict(dict)
    for person_id, track, module, members, number, at, attempt, score in session.execute(query):
        evidence = Evidence("jury", str(number), at, f"{number} {attempt} {members} {score} {at}")
        own, name = found[person_id], f"{track}/{module}"
        own[name] = (*own.get(name, ()), Result(Fraction(members), evidence))
    return found


def promise_earned(
    session: Session, person_id: int, tracks: Library, after: str | None = None, known: Iterable[Track] = ()
) -> None:
    """Promise each certificate and label that a person has earned and does not hold, in the caller's transaction.

    With ``after``, those alone that what happened in that track, or the issue of that award, may complete. ``known``
    are tracks as they are followed now, whatever the library says.
    """
    given = {track.key: track for track in known}
    waiting: list[tuple[Enrolment, Rule]] = []
    for row in enrolments(session, person_id):
        track = given.get(row.track_key) or tracks.followed(row.track_key, row.track_digest)
        found = rules(track) if track is not None else ()
        waiting += [(row, rule) for rule in found if rule.kind != "attendance" and after in (None, *tracks_named(rule))]
    if not waiting:
        return
    held = certificates_of(session, [person_id])
    waiting = [(row, rule) for row, rule in waiting if rule.key not in held[person_id]]
    if not waiting:
        return
    facts = gather(session, [rule for _row, rule in waiting], held)[person_id]
    earned = [(row, rule) for row, rule in waiting if decide(rule, facts).earned]
    promise_all(session, "issue_certificate", dict(job(row, rule.key) for row, rule in earned))


def job(row: Enrolment, award_key: str, cycle: int | None = None) -> tuple[str, dict[str, Any]]:
    """(key, payload) of the job that issues an award to whoever is enrolled so; with ``cycle``, that renews it."""
    if cycle is not None:
        payload = {"enrolment_id": row.id, "award_key": award_key, "cycle": cycle}
        return f"enrolment:{row.id}:{award_key}:{cycle}", payload
    if award_key == row.track_key:
        return f"enrolment:{row.id}", {"enrolment_id": row.id}
    return f"enrolment:{row.id}:{award_key}", {"enrolment_id": row.id, "award_key": award_key}


def ask(session: Session, row: Enrolment, award_key: str, cycle: int | None = None) -> None:
    """Promise an award to whoever is enrolled so, or its next ``cycle``: they asked for it, or somebody for them."""
    key, payload = job(row, award_key, cycle)
    promise_all(session, "issue_certificate", {key: payload})


def asked(session: Session, row: Enrolment, found: Iterable[Award]) -> frozenset[str]:
    """The statements that were asked for and are under way, by key; one query, none where none may be."""
    waiting = (each for each in found if each.rule.kind == "attendance" and each.decision.earned and not each.issued)
    jobs = {job(row, each.rule.key)[0]: each.rule.key for each in waiting}
    if not jobs:
        return frozenset()
    query = select(OutboxJob.key).where(
        OutboxJob.kind == "issue_certificate", OutboxJob.status == "pending", OutboxJob.key.in_(jobs)
    )
    return frozenset(jobs[key] for key in session.scalars(query))
