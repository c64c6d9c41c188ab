"""Files to hand in, marked by a person with a rubric."""

from datetime import date

from assessments.model import DrawnQuestion, Field, Line, Missing, Response, Sheet, is_answered
from assessments.type import QuestionType
from assessments.works import CRITERIA, FILES, MEGABYTES, files_field, files_line, keeping, text_line, waits
from curricula.anatomy import Anatomy
from curricula.model import Question
from curricula.problems import N_

FILES_FIELD, NOTE = "files", "note"


def sheet(question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The files, then a note."""
    note = Field(NOTE, "text", N_("A note for whoever marks it (optional)"), most=5000)
    fields = (files_field(question, FILES_FIELD, N_("Your files"), required=True), note)
    return Sheet(N_("Hand in your files. A person will mark them with the criteria shown on this page."), fields)


def lines(_question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """The files by name, and the note."""
    return files_line(N_("Your files"), response, FILES_FIELD), text_line(N_("Note"), response, NOTE)


def missing(_question: Question, response: Response, _today: date) -> tuple[Missing, ...]:
    """Files, where there is a note alone."""
    if is_answered(response) and not response.get(FILES_FIELD):
        return (Missing(FILES_FIELD, N_("Add one file at least.")),)
    return ()


def settle(_question: Question, kept: Response, sent: Response) -> Response:
    """What was sent last, with the files."""
    return keeping(kept, sent, (FILES_FIELD,))


TYPE = QuestionType(
    "deposit", N_("Files to hand in"), Anatomy(options=(0, 0), criteria=CRITERIA, settings=(FILES, MEGABYTES)), sheet,
    waits, lines, settle=settle, missing=missing,
)  # fmt: skip
