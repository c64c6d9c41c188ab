"""Whose attempt a page is about: its owner's, or whoever holds the permission signed into the page."""

import uuid

from flask import abort, request
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from curricula.model import Module, Track
from lms.models import Attempt, db
from lms.models.signing import serializer
from lms.pages import config, followed
from lms.quiz_pages import attempt_module
from lms.security import visitor
from lms.services import attempts


def mine(attempt_id: uuid.UUID) -> tuple[Attempt, Track, Module]:
    """The visitor's own attempt, the track they follow, the module as it was when they began; 404 otherwise."""
    attempt = attempts.owned(db.session(), attempt_id, visitor().person.id)
    if attempt is None:
        abort(404)
    return attempt, followed(attempt.enrolment), attempt_module(attempt)


def writable(attempt_id: uuid.UUID) -> Attempt:
    """The attempt a page may answer: its signed permission names it, and the visitor, if any, owns it.

    An answer given on a page that outlived its session is kept: the permission opens this attempt alone. It also
    stands for the form token, since no other site can know it.
    """
    try:
        allowed = _permissions().loads(request.form.get("permission", ""))
    except BadSignature:
        abort(400)
    if allowed != str(attempt_id):
        abort(400)
    if current_user.is_authenticated:
        return mine(attempt_id)[0]
    attempt = db.session.get(Attempt, attempt_id)
    if attempt is None:
        abort(404)
    return attempt


def permission(attempt: Attempt) -> str:
    """What a page of an attempt holds to be allowed to answer."""
    return _permissions().dumps(str(attempt.id))


def _permissions() -> URLSafeSerializer:
    # A page open during an upgrade must not lose an answer: its permission is of the release before.
    return serializer(config().secret_key, "answer this attempt", and_before=True)
