"""A track with a placement test and a competency framework, made of the shipped one."""

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from assessments.placement import modules_of
from curricula.model import Framework, Level, PlacementRules, Question, Track
from curricula.write import folder_of
from lms.services.library import Library
from lms.services.revisions import publish
from tests.branching_in_test import DECIDE, part
from tests.learner_in_test import TRACK, module, right, wrong
from tests.platform_in_test import form_token

KEY = "places"


def placed_track(exempts: bool = True, **more: Any) -> Track:
    """« p1 » then « p2 », of D1 and D2; their objectives lead to two levels of one competency."""
    levels = (*DECIDE.levels, Level(2, {"fr": "Confronte deux sources.", "en": "Compares two sources."}))
    leading = [replace(each, competency="decide", level=1) for each in module("d1").objectives]
    rest = [replace(each, competency="decide", level=2) for each in module("d2").objectives[:2]]
    assert TRACK.certificate is not None
    return replace(
        TRACK,
        **{
            "key": KEY,
            "code": "P",
            "title": {"fr": "Parcours à test de positionnement", "en": "Track with a placement test"},
            "placement": PlacementRules(3, Fraction(7, 10), exempts),
            "framework": Framework("public-ai", "2026.1", DECIDE.title, (replace(DECIDE, levels=levels),)),
            "certificate": replace(TRACK.certificate, modules=("p1", "p2")),
            "modules": (
                part("d1", "p1", 1, 120, objectives=tuple(leading)),
                part("d2", "p2", 2, 150, objectives=(*rest, *module("d2").objectives[2:])),
            ),
            **more,
        },
    )


def published(session: Session, track: Track) -> Track:
    """The track once it is published."""
    publish(session, folder_of(track), "imported")
    session.commit()
    found = Library(session)[track.key]
    assert [module.key for module in modules_of(found)] == [module.key for module in found.modules]
    return found


def asked_on(page: TestResponse, track: Track) -> Question:
    """The question that a page asks, found by its options."""
    text = re.search(r'id="stem">(.*?)</div>', page.text, re.DOTALL)
    assert text is not None, page.text
    plain = re.sub(r"\W+", "", re.sub(r"<[^>]+>|&[^;]+;", "", text[1]))
    for each in track.modules:
        for question in each.questions:
            if re.sub(r"\W+", "", re.sub(r"[&'\"<>]", "", question.stem["fr"])) == plain:
                return question
    raise AssertionError(plain)


def answered(client: FlaskClient, url: str, question: Question, page: TestResponse, *, rightly: bool) -> TestResponse:
    """The question answered through the form of its page."""
    chosen = right(question) if rightly else wrong(question)
    return client.post(url, data={"csrf_token": form_token(page), "a.choice": chosen})
