"""Banks to work on: an author's browser, the fields of a question, thousands of questions at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import LANGUAGES, Localized, Question
from curricula.pieces import question_path, question_piece
from lms.models import Draft, DraftPiece, db
from lms.services import drafts
from lms.services.bank import bank_path
from lms.services.descriptions import described
from tests.account_in_test import make_person, signed_in, token_of
from tests.curricula.exchange.question_samples import a_question

TRACK, MODULE = "decideurs", "d1"
BANK = f"/author/{TRACK}/{MODULE}/bank"
#: What of an option a form has as it is.
OPTION = ("key", "misconception", "place", "leads", "value", "tolerance")


class Author:
    """A browser signed in as somebody of the studio."""

    def __init__(self, app: Flask, name: str = "ada", *roles: str) -> None:
        email = f"{name}@example.org"
        with app.app_context():
            self.person_id = make_person(db.session(), email, *roles or ["author"], name=name, track_key=TRACK)
            drafts.begin(db.session(), TRACK, None)
            db.session.commit()
            db.session.remove()
        self.browser = signed_in(app, email)
        self.token = token_of(self.browser)

    def get(self, path: str = "") -> Any:
        """A page of the bank."""
        return self.browser.get(BANK + path)

    def post(self, path: str, follow: bool = False, **data: Any) -> Any:
        """A form of the bank."""
        return self.browser.post(BANK + path, data={"csrf_token": self.token, **data}, follow_redirects=follow)

    def write(self, path: str, question: Question, edition: int | str = 1, **more: Any) -> Any:
        """The form of a question, filled in."""
        return self.post(path, **{**fields(question), "edition": str(edition), "do": "save", **more})


def fields(question: Question) -> dict[str, str]:
    """A question as its form is sent."""
    data = {
        "type": question.type, "objective": question.objective, "difficulty": str(question.difficulty),
        "source": question.source, "instead": question.instead, **_texts("stem", question.stem),
    }  # fmt: skip
    data |= {"reserved": "y"} if question.reserved else {}
    for number, (key, value) in enumerate(question.settings):
        data |= {f"settings-{number}-key": key, f"settings-{number}-value": str(value)}
    for number, place in enumerate(question.places):
        row = f"places-{number}-"
        data |= {row + "key": place.key, row + "factor": place.factor, **_texts(row + "text", place.text)}
    for number, option in enumerate(question.options):
        row = f"options-{number}-"
        data |= {f"{row}{name}": getattr(option, name) for name in OPTION}
        for name in ("text", "feedback", "accepted"):
            data |= _texts(row + name, getattr(option, name) or {})
        data |= {row + "correct": "y"} if option.correct else {}
        data |= {row + "points": str(option.points)} if option.points else {}
    for number, criterion in enumerate(question.criteria):
        row = f"criteria-{number}-"
        data |= {row + "key": criterion.key, row + "weight": str(criterion.weight)}
        data |= _texts(row + "title", criterion.title)
        for at, level in enumerate(criterion.levels):
            inner = f"{row}levels-{at}-"
            data |= {
                inner + "key": level.key,
                inner + "points": str(level.points),
                **_texts(inner + "text", level.text),
            }
    return data


def _texts(name: str, texts: Localized) -> dict[str, str]:
    return {f"{name}_{language}": texts.get(language, "") for language in LANGUAGES}


def fill(session: Session, draft: Draft, count: int, module_key: str = MODULE) -> None:
    """That many questions at the end of a bank, at the cost of one: each names its number."""
    content = question_piece(a_question())
    label, words, facts = described(question_path(module_key, "q1"), content)
    rows = [
        {
            "draft_id": draft.id, "path": question_path(module_key, f"many-{number:05}"), "place": 10_000 + number,
            "parent": bank_path(module_key), "content": content, "label": label,
            "words": f"{words} numero{number}", "facts": {**facts, "difficulty": 1 + number % 3},
        }
        for number in range(count)
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(DraftPiece), rows)
    session.flush()


@contextmanager
def loaded() -> Iterator[list[str]]:
    """The path of each piece read from the database meanwhile."""
    seen: list[str] = []

    def note(piece: DraftPiece, _context: Any) -> None:
        seen.append(piece.path)

    sa.event.listen(DraftPiece, "load", note)
    try:
        yield seen
    finally:
        sa.event.remove(DraftPiece, "load", note)
