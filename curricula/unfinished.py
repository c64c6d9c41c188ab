"""What one question lacks, field by field, while it is written (``curricula.quality`` judges a whole track)."""

from collections.abc import Collection, Iterator

from curricula.anatomy import Types
from curricula.finding import Finding, finding
from curricula.lacking import lacking
from curricula.model import Question
from curricula.problems import N_
from curricula.question_quality import question_findings


def alone(question: Question, types: Types) -> Iterator[Finding]:
    """Everything found in a question, whatever its module says. Paths lead to its fields: ("stem", "fr")."""
    if question.type not in types:
        yield _missing("type", N_("This type of question is not known here."))
    else:
        for lack in lacking(question, types[question.type]):
            yield finding(lack.path, "blocking", lack.what, lack.fix, **dict(lack.values))
    yield from question_findings((), question)


def in_module(
    question: Question, objectives: Collection[str], sources: Collection[str], bank: Collection[str] = ()
) -> Iterator[Finding]:  # fmt: skip
    """What of it the module does not know: its objective, its source, the key of ``bank`` it is asked instead of."""
    if question.objective not in objectives:
        yield _missing("objective", N_("Choose the objective it assesses."))
    if question.source not in sources:
        yield _missing("source", N_("Choose the source its answer comes from."))
    if question.instead and (question.instead not in bank or question.instead == question.key):
        yield _missing("instead", N_("Choose a question of this bank, or none."))


def _missing(field: str, message: str, **values: object) -> Finding:
    return finding((field,), "blocking", message, **values)
