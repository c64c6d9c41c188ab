"""What happens to an answer that comes twice, late, out of order, from another tab, with a stale form.

Each test is a line of the table of docs/assessment.md.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from curricula.model import Question
from lms.models import Answer, Attempt
from lms.services import attempts, pauses
from lms.services.answers import AnswerRefused, Saved, Sent, answers, save_answer
from tests.exam_in_test import examined
from tests.learner_in_test import TRACK, learner

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
#: Pages of the script, by their number.
A, B = "a" * 16, "b" * 16
D1 = examined(pauses=2)


class Sat:
    """Somebody in an exam, before one question of four options."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.attempt: Attempt = attempts.start(session, learner(session), D1, now=NOON)
        found = D1.question(self.attempt.questions[0]["key"])
        assert found is not None
        self.question: Question = found
        self.options = [option.key for option in found.options]
        session.commit()

    def send(self, option: int | None, page: str = "", turn: int = 0, at: timedelta = MINUTE, **more: Any) -> Saved:
        """An answer arrives, and what became of it is committed."""
        said = {"choice": (self.options[option],)} if option is not None else {}
        try:
            return save_answer(self.session, self.attempt, self.question, Sent(said, False, page, turn, **more),
                               NOON + at)  # fmt: skip
        finally:
            self.session.commit()

    @property
    def counts(self) -> int | None:
        """The option that counts."""
        row = answers(self.session, self.attempt.id).get(self.question.key)
        said = row.response.get("choice") if row else None
        return self.options.index(said[0]) if said else None

    @property
    def record(self) -> list[tuple[int | None, str]]:
        """Every answer in the record, in order, and what it stands for."""
        rows = self.session.scalars(sa.select(Answer).order_by(Answer.id))
        return [
            (self.options.index(row.response["choice"][0]) if row.response.get("choice") else None, row.standing)
            for row in rows
        ]

    @property
    def shown(self) -> int:
        """The number that a page shown now would have in its form."""
        row = answers(self.session, self.attempt.id).get(self.question.key)
        return row.id if row else 0


@pytest.fixture
def sat(session: Session) -> Sat:
    return Sat(session)


def test_the_last_one_counts_and_each_is_in_the_record(sat: Sat) -> None:
    sat.send(0, A, 1)
    sat.send(1, A, 2)
    assert (sat.counts, sat.record) == (1, [(0, "kept"), (1, "kept")])


def test_twice_is_once(sat: Sat) -> None:
    first = sat.send(0, A, 1)
    assert sat.send(0, A, 1, 2 * MINUTE).at == first.at
    assert sat.send(0, "", 0, 3 * MINUTE).at == first.at
    assert sat.record == [(0, "kept")]


def test_twice_with_another_tab_between_is_once(sat: Sat) -> None:
    """The answer to the first sending was lost, and the page sends it again."""
    sat.send(0, A, 1)
    sat.send(1, B, 1)
    sat.send(0, A, 1)
    assert (sat.counts, sat.record) == (1, [(0, "kept"), (1, "kept")])


def test_out_of_order_changes_nothing(sat: Sat) -> None:
    sat.send(1, A, 2)
    sat.send(0, A, 1)
    assert (sat.counts, sat.record) == (1, [(1, "kept"), (0, "outdated")])


def test_out_of_order_with_another_tab_between_changes_nothing(sat: Sat) -> None:
    sat.send(1, A, 3)
    sat.send(2, B, 1)
    sat.send(0, A, 2)
    assert (sat.counts, sat.record[-1]) == (2, (0, "outdated"))


def test_out_of_order_after_going_back_to_an_earlier_choice(sat: Sat) -> None:
    """First, second, first again: the second arrives last."""
    sat.send(0, A, 1)
    sat.send(0, A, 3)
    sat.send(1, A, 2)
    assert (sat.counts, sat.record[-1]) == (0, (1, "outdated"))


def test_another_tab_the_last_to_arrive_counts_and_says_so(sat: Sat) -> None:
    both = sat.shown
    assert not sat.send(0, A, 1, shown=both).elsewhere
    assert sat.send(1, B, 1, shown=both).elsewhere
    assert sat.counts == 1
    assert not sat.send(2, B, 2, shown=both).elsewhere


def test_a_page_opened_again_is_no_other_tab(sat: Sat) -> None:
    sat.send(0, A, 1, shown=0)
    assert not sat.send(1, B, 1, shown=sat.shown).elsewhere


def test_a_stale_form_that_changed_nothing_changes_nothing(sat: Sat) -> None:
    """Two tabs without script: one answers, the other one only goes on to the next question."""
    stale = sat.shown
    sat.send(0, shown=stale)
    sat.send(None, shown=stale)
    assert sat.counts == 0
    stale = sat.shown
    sat.send(1, shown=stale)
    sat.send(0, shown=stale)
    assert (sat.counts, sat.record) == (1, [(0, "kept"), (1, "kept")])


def test_a_stale_form_that_changed_something_counts(sat: Sat) -> None:
    stale = sat.shown
    sat.send(0, shown=stale)
    sat.send(2, shown=stale)
    assert sat.counts == 2


def test_a_form_of_nobody_knows_when(sat: Sat) -> None:
    """Without a word on what it showed, or with a number that is none of this question's, it counts as it comes."""
    sat.send(0)
    sat.send(1, shown=999_999)
    assert sat.counts == 1


def test_going_back_to_what_was_shown_counts(sat: Sat) -> None:
    """The script's page says that it changed something, and changed it back."""
    sat.send(0, A, 1, shown=0)
    shown = sat.shown
    sat.send(1, B, 1, shown=shown)
    sat.send(0, B, 2, shown=shown)
    assert sat.counts == 0


def test_nothing_answered_adds_nothing(sat: Sat) -> None:
    sat.send(None)
    sat.send(None, A, 1)
    assert sat.record == []


def test_an_answer_taken_back_counts(sat: Sat) -> None:
    sat.send(0, A, 1)
    sat.send(None, A, 2)
    assert (sat.counts, sat.record) == (None, [(0, "kept"), (None, "kept")])


def test_what_was_on_its_way_when_the_time_was_up_counts(sat: Sat) -> None:
    sat.send(0, A, 1, 60 * MINUTE + 15 * SECOND)
    assert (sat.counts, sat.record) == (0, [(0, "kept")])


def test_after_the_time_it_is_in_the_record_and_does_not_count(sat: Sat) -> None:
    sat.send(0, A, 1)
    with pytest.raises(AnswerRefused, match="late"):
        sat.send(1, A, 2, 60 * MINUTE + 16 * SECOND)
    with pytest.raises(AnswerRefused, match="late"):
        sat.send(0, A, 2, 60 * MINUTE + 17 * SECOND)
    assert (sat.counts, sat.record) == (0, [(0, "kept"), (1, "late"), (0, "late")])


def test_after_the_submission_it_is_in_the_record_and_does_not_count(sat: Sat) -> None:
    attempts.submit(sat.session, sat.attempt, TRACK, D1, NOON + 2 * MINUTE)
    sat.session.commit()
    with pytest.raises(AnswerRefused, match="closed"):
        sat.send(1, A, 2, 3 * MINUTE)
    assert (sat.counts, sat.record) == (None, [(1, "late")])


def test_to_a_question_that_was_not_drawn_it_is_refused(sat: Sat) -> None:
    drawn = {item["key"] for item in sat.attempt.questions}
    sat.question = next(question for question in D1.questions if question.key not in drawn)
    sat.options = [option.key for option in sat.question.options]
    with pytest.raises(AnswerRefused, match="not_drawn"):
        sat.send(0)
    assert sat.record == []


def test_it_ends_a_pause(sat: Sat) -> None:
    pauses.begin(sat.session, sat.attempt, NOON + 10 * MINUTE)
    sat.session.commit()
    saved = sat.send(0, A, 1, 14 * MINUTE)
    assert sat.counts == 0
    assert pauses.under_way(sat.session, sat.attempt) is None
    assert saved.left == 50 * MINUTE, "the four minutes of the pause were given back"


def test_on_its_way_when_a_pause_began_it_lets_it_go_on(sat: Sat) -> None:
    pauses.begin(sat.session, sat.attempt, NOON + 10 * MINUTE)
    sat.session.commit()
    sat.send(0, A, 1, 10 * MINUTE + 10 * SECOND)
    assert sat.counts == 0
    assert pauses.under_way(sat.session, sat.attempt) is not None


def test_what_counts_does_not_depend_on_the_order_of_one_page(sat: Sat) -> None:
    """Whatever the order in which the sendings of a page arrive, some of them twice, its last one counts."""
    for order in ([1, 2, 3], [3, 1, 2], [2, 3, 1, 3], [3, 2, 1], [2, 1, 3, 1, 2]):
        page = replace(Sent({}), page="".join(map(str, order)).zfill(16)).page
        for turn in order:
            sat.send(turn % 3, page, turn)
        assert sat.counts == 0, order
        sat.send(1, "c" * 16, sum(order) * 10 + len(order))
