"""What the rules of an assessment contradict in one another, whatever its bank."""

from collections.abc import Iterator

from curricula.lacking import Lack
from curricula.model import QuizRules
from curricula.problems import N_


def contradictions(quiz: QuizRules) -> Iterator[Lack]:
    """Each rule that does not hold with the others, named by its field."""
    shares = quiz.difficulties
    if shares and (len(shares) != 3 or sum(shares) != quiz.questions or min(shares) < 0):
        what = N_("« difficulties » does not share out the questions drawn.")
        fix = N_("Write three numbers whose sum is %(drawn)s.")
        yield Lack(("difficulties",), what, fix, (("drawn", quiz.questions),))
    if quiz.correction == "closed" and not quiz.supervised:
        what = N_("The correction waits for the end of a sitting, and the assessment has none.")
        yield Lack(("correction",), what, N_('Add supervised = true, or write correction = "after".'))
