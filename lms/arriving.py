"""Where a verified message arrives: what it changes, the session it opens, the page it asks for."""

from typing import Any

from flask import url_for
from flask_login import current_user
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lms.i18n import from_lti_locale
from lms.lti.model import DeepLinking, Launch, LtiError, Message, PrivacyRequest, SubmissionReview
from lms.models.secrets import hashed
from lms.pages import config, tracks
from lms.services.audit import record
from lms.services.deep_links import remember as remember_choice
from lms.services.evidence import reviewed
from lms.services.launches import Arrival, arrive
from lms.services.learning import enrol
from lms.services.legacy import continue_person, note_old_subject, old_subject
from lms.services.library import Library
from lms.services.matching import keys_of
from lms.services.notices import ask_once
from lms.services.privacy import Request, sign_request
from lms.services.results import promise_scores
from lms.services.sessions import open_session


def arrived(own: Connection, message: Message, minutes: int) -> tuple[str, str]:
    """(session token, page to show) of a message, recorded."""
    old = old_subject(own, message, config().secret_key)
    if old is not None:
        continue_person(own, message, old)
    arrival = arrive(own, message, from_lti_locale(message.locale), keys=keys_of(config()))
    if old is not None:
        note_old_subject(own, arrival.person_id, old)
    ask_once(own, message)
    token = open_session(
        own, arrival.person_id, arrival.roles, minutes,
        launch=message, context_id=arrival.context_id, resource_link_id=arrival.link_id,
    )  # fmt: skip
    record(own, "launch", f"link:{arrival.link_id}", arrival.person_id, message=type(message).__name__)
    return token, _page(own, message, arrival, hashed(token))


def _page(own: Connection, message: Message, arrival: Arrival, session_hash: str) -> str:
    """The page a message asks for, for the session it opened."""
    match message:
        case Launch():
            return _activity(own, arrival)
        case DeepLinking():
            return url_for("pick.choose", token=remember_choice(own, message, session_hash))
        case SubmissionReview():
            return _evidence(own, message, arrival)
        case PrivacyRequest():
            asked = Request(message.registration.platform_id, message.about, session_hash)
            return url_for("privacy.show", asked=sign_request(config().secret_key, asked))
        case _:
            raise LtiError("message_type")


def _evidence(own: Connection, message: SubmissionReview, arrival: Arrival) -> str:
    """What the learner of a review did: one's own, or that of a learner of the course one trains."""
    assert arrival.context_id is not None
    about = reviewed(own, message, arrival.person_id, arrival.context_id)
    what: dict[str, Any] = {"track": about.track_key, "module": about.module_key}
    if about.person_id == arrival.person_id:
        return url_for("evidence.mine", **what)
    return url_for("evidence.learner", context_id=arrival.context_id, person_id=about.person_id, **what)


def _activity(own: Connection, arrival: Arrival) -> str:
    """Where a link leads: its track or module for learners, their room for the others."""
    if "learner" not in arrival.roles and arrival.roles & {"hr", "administrator"}:
        return url_for("home.index")
    if "trainer" in arrival.roles:
        return url_for("teach.cohort", context_id=arrival.context_id)
    library = Library(own)
    track = library.get(arrival.track_key or "")
    if track is None:
        if arrival.track_key:
            raise LtiError("track_unknown", arrival.track_key)
        return url_for("learn.catalogue")
    if not arrival.enrolled:
        if track.key in library.retired:
            raise LtiError("track_retired", track.key)
        enrol(own, arrival.person_id, track)
    elif arrival.new_column:
        with Session(own) as joined:
            promise_scores(joined, arrival.person_id, track, arrival.link_id)
    module = track.module(arrival.module_key or "")
    if module is not None and module.published:
        return url_for("learn.module", track_key=track.key, module_key=module.key)
    return url_for("learn.track", track_key=track.key)


def going_on() -> str:
    """The page of a visitor whose message was already used: the track of their link, else their room."""
    link = current_user.session.resource_link
    track = tracks().get(link.track_key or "") if link else None
    if track is None or "learner" not in current_user.roles:
        return url_for("home.index")
    return url_for("learn.track", track_key=track.key)
