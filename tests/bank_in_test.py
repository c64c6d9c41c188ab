"""Banks to work on: an author's browser, the fields of a question, thousands of questions at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import LANGUAGES, Question
from curricula.pieces import question_path, question_piece
from lms.models import Draft, DraftPiece, db
from lms.services import drafts
from lms.services.bank import bank_path
from lms.services.descriptions import described
from tests.account_in_test import make_person, signed_in, token_of
from tests.curricula.exchange.question_samples import a_question

TRACK, MODULE = "decideurs", "d1"
BANK = f"/author/{TRACK}/{MODULE}/bank"


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
        "source": question.source,
        **{f"stem_{language}": question.stem.get(language, "") for language in LANGUAGES},
    }  # fmt: skip
    for number, option in enumerate(question.options):
        row = f"options-{number}-"
        data |= {row + "key": option.key, row + "misconception": option.misconception}
        data |= {f"{row}text_{language}": option.text.get(language, "") for language in LANGUAGES}
        data |= {f"{row}feedback_{language}": option.feedback.get(language, "") for language in LANGUAGES}
        if option.correct:
            data[row + "correct"] = "y"
    return data


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
