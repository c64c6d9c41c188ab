"""An author's browser, and what a draft holds of the lesson it writes."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.account_in_test import make_person, signed_in, token_of

TRACK, MODULE, LESSON = "decideurs", "d1", "ce-que-produit-un-modele"
LESSONS = f"/author/{TRACK}/{MODULE}/lessons"
PATH = f"{MODULE}/lesson/{LESSON}/fr"
URL = f"{LESSONS}/{LESSON}/fr"
JSON = {"Accept": "application/json"}
#: What the database holds of a lesson now: (text, edition), or None.
Kept = Callable[..., Any]


class Author:
    """An author's browser."""

    def __init__(self, app: Flask, session: Session, name: str, *roles: str) -> None:
        email = f"{name}@example.org"
        self.person = make_person(session, email, *roles or ["author"], name=name.capitalize())
        session.commit()
        self.browser = signed_in(app, email)
        self.token = token_of(self.browser)

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
