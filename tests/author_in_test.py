"""An author's browser, and what a draft holds of the lesson it writes."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.services import studio
from lms.services.accounts import make_account
from tests.test_authorisation import form_token

TRACK, MODULE, LESSON = "decideurs", "d1", "ce-que-produit-un-modele"
LESSONS = f"/author/{TRACK}/{MODULE}/lessons"
PATH = f"{MODULE}/lesson/{LESSON}/fr"
URL = f"{LESSONS}/{LESSON}/fr"
JSON = {"Accept": "application/json"}
PASSWORD = "a long enough password"
#: What the database holds of a lesson now: (text, edition), or None.
Kept = Callable[..., Any]


class Author:
    """An author's browser."""

    def __init__(self, app: Flask, session: Session, name: str, *roles: str) -> None:
        person = make_account(session, f"{name}@example.org", PASSWORD, ["author"], name.capitalize()).person_id
        studio.grant(session, person, roles or ["author"])
        session.commit()
        self.person, self.browser = person, app.test_client()
        data = {"username": f"{name}@example.org", "password": PASSWORD, "csrf_token": form_token(self.browser)}
        assert self.browser.post("/account/login", data=data).status_code == 303
        self.token = form_token(self.browser)

    def get(self, url: str) -> TestResponse:
        return self.browser.get(f"{url}?lang=en")

    def post(self, url: str, headers: dict[str, str] | None = None, **data: Any) -> TestResponse:
        answer = self.browser.post(f"{url}?lang=en", data={"csrf_token": self.token, **data}, headers=headers)
        answer.request.environ["wsgi.input"].close()  # a large one is a file, which nobody else closes
        return answer

    def save(self, body: str, edition: int, *, script: bool = False, url: str = URL, **more: str) -> TestResponse:
        data = {"title": "Titre", "able": "choisir", "body": body, "edition": str(edition), **more}
        return self.post(url, JSON if script else None, **data)


def plain(answer: TestResponse) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())
