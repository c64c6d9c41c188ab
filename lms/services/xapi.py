"""What the learning record store is told (xAPI 1.0.3): statements made from what is recorded, the same however often.

A person is a pseudonym of this service, the same for all that they do; no name and no address leaves.
"""

import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from curricula.model import Localized, Track
from lms.models import Attempt, Enrolment, EventListener, Grading
from lms.services.library import Library

VERSION = "1.0.3"
_VERBS = "http://adlnet.gov/expapi/verbs/"
_ACTIVITIES = "http://adlnet.gov/expapi/activities/"
_WORDS = {
    "completed": {"fr": "a achevé", "en": "completed"},
    "passed": {"fr": "a réussi", "en": "passed"},
    "failed": {"fr": "n’a pas réussi", "en": "failed"},
}

Statement = dict[str, Any]


@dataclass(frozen=True)
class Teller:
    """Who tells: the address of the service, from which every identifier is made, and the key that makes pseudonyms."""

    base_url: str
    key: bytes

    def account(self, person_id: int) -> Statement:
        """A person, as an account here whose name tells nothing."""
        name = hmac.digest(self.key, str(person_id).encode(), "sha256").hex()[:32]
        return {"objectType": "Agent", "account": {"homePage": self.base_url, "name": name}}

    def identity(self, what: str) -> str:
        """The identifier of a statement or of a registration: the same each time it is made."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.base_url}/xapi/{what}"))

    def activity(self, path: str, kind: str, name: Localized | None) -> Statement:
        """Something that can be followed, by its page."""
        definition: Statement = {"type": _ACTIVITIES + kind}
        if name is not None:
            definition["name"] = dict(name)
        return {"objectType": "Activity", "id": f"{self.base_url}/learn/{path}", "definition": definition}


def keep_listening(session: Session, url: str) -> None:
    """Let acts be written down for the learning record store of the settings, or no longer where there is none."""
    row = session.scalars(select(EventListener).filter_by(kind="lrs")).first()
    if not url:
        session.execute(delete(EventListener).where(EventListener.kind == "lrs"))
    elif row is None:
        session.add(EventListener(kind="lrs", name="LRS", url=url, events=[]))
    else:
        row.url = url
    session.flush()


def completion(session: Session, teller: Teller, enrolment_id: int) -> Statement | None:
    """That somebody completed a track; None when that is no longer so."""
    row = session.get(Enrolment, enrolment_id)
    if row is None or row.completed_at is None:
        return None
    track = Library(session).followed(row.track_key, row.track_digest)
    course = teller.activity(row.track_key, "course", track.title if track else None)
    return _statement(teller, f"completed/{row.id}", row, "completed", course, row.completed_at, {"completion": True})


def result(session: Session, teller: Teller, grading_id: int) -> Statement | None:
    """That somebody passed or failed an assessment; None when it is no longer there, or has no score."""
    row = session.get(Grading, grading_id)
    attempt = session.get(Attempt, row.attempt_id) if row is not None else None
    if row is None or attempt is None or row.score is None or row.passed is None:
        return None
    enrolment, key = attempt.enrolment, attempt.module_key
    track = Library(session).followed(enrolment.track_key, attempt.track_digest)
    path = f"{enrolment.track_key}/{key}"
    title = _title(track, key)
    given = {
        # The nearest number that JSON has; the exact one beside it.
        "score": {"scaled": float(row.score)}, "success": row.passed, "completion": True,
        "extensions": {f"{teller.base_url}/xapi/exact-score": str(row.score)},
    }  # fmt: skip
    made = _statement(
        teller, f"result/{row.id}", enrolment, "passed" if row.passed else "failed",
        teller.activity(f"{path}/assessment", "assessment", title), row.graded_at, given,
    )  # fmt: skip
    made["context"]["contextActivities"] = {
        "parent": [teller.activity(path, "module", title)],
        "grouping": [teller.activity(enrolment.track_key, "course", track.title if track else None)],
    }
    return made


def _title(track: Track | None, key: str) -> Localized | None:
    module = track.module(key) if track else None
    return module.title if module else None


def _statement(
    teller: Teller, what: str, row: Enrolment, verb: str, about: Statement, at: datetime, given: Statement
) -> Statement:
    return {
        "id": teller.identity(what),
        "actor": teller.account(row.person_id),
        "verb": {"id": _VERBS + verb, "display": _WORDS[verb]},
        "object": about,
        "result": given,
        "context": {
            "registration": teller.identity(f"enrolment/{row.id}"), "revision": row.track_version,
            "platform": "Manager Public IA",
        },
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }  # fmt: skip
