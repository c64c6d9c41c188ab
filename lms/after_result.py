"""What follows a result, as its page says it: the score's way to the training platform, and the learner's way on."""

from typing import Any

from flask import url_for

from curricula.model import Module, Track
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Enrolment, OutboxJob, Participation, ResourceLink, db
from lms.services import learning
from lms.services.results import issued_certificate


def delivery(person_id: int, track: Track) -> str | None:
    """How far the score is on its way to the gradebook: sent, waiting, failed, or None without gradebook."""
    wanted = (
        db.select(Participation.id, Participation.score_sent)
        .join(Participation.resource_link)
        .where(Participation.person_id == person_id)
        .where(ResourceLink.track_key.is_(None) | (ResourceLink.track_key == track.key))
    )
    sent = {f"participation:{number}": score is not None for number, score in db.session.execute(wanted)}
    query = db.select(OutboxJob.key, OutboxJob.status).where(OutboxJob.kind == "send_score", OutboxJob.key.in_(sent))
    states = dict(db.session.execute(query).tuples().all())
    if not states:
        return None
    if "failed" in states.values():
        return "failed"
    # Done without a score sent: its column is being found or made.
    waits = any(status == "pending" or not sent[key] for key, status in states.items())
    return "waiting" if waits else "sent"


def onward(row: Enrolment, track: Track, module: Module) -> dict[str, Any]:
    state = learning.track_progress(db.session(), row, track)
    step = state.current
    if step is not None and step.module.key != module.key:
        url = url_for("learn.module", track_key=track.key, module_key=step.module.key)
        title = localized(step.module.title)
        return {"label": _("Go on with %(code)s", code=step.module.code), "url": url, "hint": title}
    certificate = issued_certificate(db.session(), row.person_id, track.key)
    if certificate is not None:
        return {
            "label": _("See my certificate"),
            "url": url_for("verify.show", code=certificate.code),
            "hint": None,
        }
    url = url_for("learn.track", track_key=track.key)
    if state.completed and track.certificate is not None and not row.person.certificate_name:
        return {
            "label": _("Confirm the name"),
            "url": url_for("certificates.name", next=url),
            "hint": _("Confirm the name to print: nothing is issued before."),
        }
    hint = _("Your certificate is being prepared. It takes less than a minute.") if state.completed else None
    return {"label": _("Back to the track"), "url": url, "hint": hint}
