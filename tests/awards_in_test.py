"""Awards for tests: facts said in a line, and a track that leads to a label beside another one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sqlalchemy.orm import Session

from certificates.needs import Evidence, Facts, Result
from curricula.awards import JuryRule, LabelRule, Refresher, Way
from curricula.model import CertificateRule, QuizRules, Track
from curricula.write import folder_of
from lms.models import Attempt, Enrolment, Jury, ResourceLink, utcnow
from lms.services import attempts, juries, learning, marking
from lms.services.answers import Sent, save_answer
from lms.services.juries import NewJury
from lms.services.library import Library
from lms.services.marking import Judged
from lms.services.revisions import publish
from tests.branching_in_test import part
from tests.judged_in_test import trainer_of
from tests.learner_in_test import TRACK, answer
from tests.works_in_test import question_of

DAY = datetime(2026, 11, 2, 10, tzinfo=UTC)
LABEL = "manager-in-test"
TITLE = {"fr": "Manager Public IA", "en": "Public Manager AI"}
HEALTH = {"fr": "Santé", "en": "Health"}


def result(value: Fraction | int, name: str = "1", days: int = 0) -> Result:
    """A score, so many days after the first one."""
    return Result(Fraction(value), Evidence("attempt", name, DAY + timedelta(days=days), f"{name} {value}"))


def scored(track: str, scores: Mapping[str, Fraction]) -> Facts:
    """One score in each of these modules of a track."""
    return Facts({f"{track}/{key}": (result(score, key),) for key, score in scores.items()})


def labelled(**more: object) -> Track:
    """« chiefs »: c1 and c2, then one of three ways, then the work of c3, which a jury accepts; c4 renews it."""
    core = part("d1", "c3", 3, 120)
    work = replace(
        core, quiz=QuizRules(1, Fraction(7, 10), 0, 0, jury=True), objectives=core.objectives[:1],
        lessons=core.lessons[:1], questions=(question_of("essay"),),
    )  # fmt: skip
    ways = (
        Way("health-in-test", HEALTH), Way(modules=("decideurs/d2",), threshold=Fraction(8, 10)),
        Way(modules=("c5",)),
    )  # fmt: skip
    label = LabelRule(
        LABEL, TITLE, ("c1", "c2"), Fraction(7, 10), 36, JuryRule("c3"), Refresher(("c4",), 60), ways
    )  # fmt: skip
    return replace(
        TRACK, key="chiefs", code="C", version="2026.1", certificate=None, label=label, attendance=True, branches=(),
        modules=(
            part("d1", "c1", 1, 100), part("d2", "c2", 2, 100), work, part("d1", "c4", 4, 60), part("d2", "c5", 5, 60),
        ), **more,
    )  # fmt: skip


def health() -> Track:
    """« health-in-test »: one module, h1, and a certificate."""
    rule = CertificateRule({"fr": "IA en santé", "en": "AI in health"}, ("h1",), Fraction(7, 10), 12)
    return replace(
        TRACK, key="health-in-test", code="H", version="2026.1", certificate=rule, branches=(),
        modules=(part("d1", "h1", 1, 60),),
    )  # fmt: skip


def published(session: Session, track: Track) -> Track:
    """The track as it is followed once published."""
    publish(session, folder_of(track), "imported")
    session.commit()
    return Library(session)[track.key]


def follows(session: Session, person_id: int, track: Track) -> Enrolment:
    """The person's enrolment in that track, made where there is none."""
    learning.enrol(session, person_id, track)
    row = learning.enrolment(session, person_id, track.key)
    assert row is not None
    session.commit()
    return row


def passes(session: Session, row: Enrolment, track: Track, *keys: str) -> None:
    """Pass these modules with every answer right, committed."""
    for key in keys:
        module = track.module(key)
        assert module is not None
        attempt = attempts.start(session, row, module)
        answer(session, attempt, module)
        attempts.submit(session, attempt, track, module)
        session.commit()


def before_a_jury(session: Session, row: Enrolment, track: Track, link: ResourceLink) -> tuple[Jury, Attempt]:
    """The work of c3, handed in, marked, and a jury of two trainers of that course who have said nothing yet."""
    module = track.module("c3")
    assert module is not None
    people = [trainer_of(session, link, name) for name in ("Ana", "Bruno", "Chloé")]
    attempt = attempts.start(session, row, module)
    save_answer(session, attempt, module.questions[0], Sent({"text": ("Je propose d’autoriser le résumé.",)}))
    attempts.submit(session, attempt, track, module)
    marking.take(session, attempt, module, people[2], utcnow())
    said = Judged({"method": "whole", "control": "shown"}, "Un dossier solide.")
    marking.save(session, attempt, people[2], {"essay": said})
    marking.finish(session, attempt, track, module, people[2], utcnow())
    new = NewJury(track.key, "c3", "Jury", date(2026, 12, 2), people[:2])
    jury = juries.create(session, link.context, new, people[2])
    session.commit()
    return jury, attempt


def decides(
    session: Session, jury: Jury, attempt: Attempt, track: Track, decision: str = "admitted",
    score: Fraction | None = Fraction(9, 10),
) -> None:  # fmt: skip
    """Both members decide so, committed."""
    module = track.module("c3")
    assert module is not None
    one, two, *_others = juries.members(session, jury)
    said = juries.propose(session, jury, one, attempt, module, decision, score, "Un gain mesuré.", utcnow())
    juries.confirm(session, jury, two, attempt, track, module, said.id, utcnow())
    session.commit()
