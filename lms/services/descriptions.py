"""What is kept beside the content of a piece, so that lists of a draft read no content."""

from typing import Any

from assessments.registry import anatomies
from curricula.model import LANGUAGES, Question
from curricula.pieces import is_piece, module_in, question_in, text_in, track_in, track_path
from curricula.unfinished import alone
from lms.services.words import fold

#: How much of a text a list shows.
SHOWN = 200


def described(path: str, content: bytes) -> tuple[dict[str, str], str, dict[str, Any]]:
    """(what a list shows of a piece in each language, the folded words a search reads, what it is narrowed by)."""
    kind = parent(path).rpartition("/")[2] if is_piece(path) else ""
    if path == track_path():
        label: dict[str, str] = dict(track_in(content).title)
    elif path.endswith("/module") and path.count("/") == 1:
        label = dict(module_in(content).title)
    elif kind == "question":
        return described_question(question_in(content))
    elif kind and path.count("/") == 3:
        title = text_in(content).title
        label = {path[-2:]: title}
    else:
        label = {"": path.rpartition("/")[2]}
    return label, fold(" ".join(label.values())), {}


def described_question(question: Question) -> tuple[dict[str, str], str, dict[str, Any]]:
    """The same of a question: facts are what its bank is narrowed by (``lms.services.bank``)."""
    words = [text for said in question.texts(feedback=False) for text in said.values()]
    facts = {
        "objective": question.objective, "source": question.source, "difficulty": question.difficulty,
        "type": question.type,
        # Said in one language, and not in the other.
        "untranslated": any(bool(text.get("fr")) != bool(text.get("en")) for text in question.texts()),
        "unfinished": any(each.weight == "blocking" for each in alone(question, anatomies())),
    }  # fmt: skip
    label = {language: question.stem.get(language, "")[:SHOWN] for language in LANGUAGES}
    return label, fold(" ".join([question.key, *words])), facts


def parent(path: str) -> str:
    """What a path begins with, up to the last « / »."""
    return path.rpartition("/")[0]
