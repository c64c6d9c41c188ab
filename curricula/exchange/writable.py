"""What of a bank can be written in files that have keys, tags and one language."""

import re
from collections.abc import Collection, Iterator

from curricula.exchange.choices import usual_keys
from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Note
from curricula.model import Question
from curricula.problems import N_

#: The types that every format writes.
CHOICE = frozenset({"single", "multiple"})
#: What Moodle does to tags when it takes them: TAG_MAX_LENGTH and PARAM_TAG of its lib/moodlelib.php.
_TAG, _REMOVED = 50, re.compile("[<>`\x00-\x1f\x7f]")


def writable(bank: Bank, notes: list[Note], types: Collection[str] = CHOICE) -> Iterator[Question]:
    """The questions that can be written, options named a, b, c…; what is left out or changed goes to ``notes``."""
    shortened = 0
    for question in bank.questions:
        if question.type not in types:
            notes.append(not_written(question))
        elif not all(text.get(bank.language) for text in question.texts(feedback=False)):
            notes.append(Note(N_("It is not in the language of the file. Not written."), question.key))
        else:
            usual = usual_keys(question)
            if usual != question:
                notes.append(Note(N_("Its options are named a, b, c… in the file."), question.key))
            notes += other_scoring(question)
            shortened += any(len(tag) > _TAG or _REMOVED.search(tag) for tag in tags_of(usual))
            yield usual
    if shortened:
        message = N_("Moodle shortens tags to 50 characters without < > `: labels of %(count)s questions are longer.")
        notes.append(Note(message, values={"count": str(shortened)}))


def not_written(question: Question) -> Note:
    """That the format has no place for questions of this type."""
    message = N_("Questions of type « %(type)s » have no place here. Not written.")
    return Note(message, question.key, values={"type": question.type})


def other_scoring(question: Question) -> Iterator[Note]:
    """That another tool scores what is right in part by the usual rule; the question's own one travels as a label."""
    if question.setting("scoring") not in (None, "balanced"):
        yield Note(N_("Other tools give partial credit by another rule than this question."), question.key)
