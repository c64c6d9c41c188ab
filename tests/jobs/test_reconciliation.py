"""Gradebooks compared with what they were sent."""

from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa

from lms.devlms.gradebook import Score
from lms.lti import grades
from lms.models import OutboxJob, Participation, ResourceLink, utcnow
from lms.services import reconciliation
from tests.gradebook_in_test import SUBJECT, Gradebook, out_of


def participation(book: Gradebook) -> Participation:
    book.session.expire_all()
    return book.session.scalars(sa.select(Participation).filter_by(person_id=book.row.person_id)).one()


def compared(book: Gradebook) -> ResourceLink:
    book.compare()
    return book.link_now()


def test_what_the_gradebook_shows_is_kept(book: Gradebook) -> None:
    score = book.earn(9)
    book.deliver()
    link = compared(book)
    mine = participation(book)
    assert mine.result_seen is not None
    assert abs(mine.result_seen - score / 2) < Fraction(1, 1000)
    assert mine.result_seen_at == link.reconciled_at is not None
    assert link.differing == 0
    assert reconciliation.columns_to_see(book.session) == []


def test_a_grade_changed_by_a_trainer_is_shown_and_decides_nothing(book: Gradebook) -> None:
    score = book.earn(9)
    book.deliver()
    book.overrides(SUBJECT, 12.0, utcnow() + timedelta(seconds=30))
    assert compared(book).differing == 1
    (column,) = reconciliation.columns_to_see(book.session)
    assert (column.title, column.differing) == ("", 1)
    mine = participation(book)
    assert (mine.result_seen, mine.score_sent) == (Fraction(12, 100), score / 2)
    assert book.grades()[-1] == 12.0


def test_scores_that_differ_are_sent_again_on_demand(book: Gradebook) -> None:
    score = book.earn(9)
    book.deliver()
    book.earn(9, row=book.another("12"))
    book.deliver()
    book.overrides(SUBJECT, 12.0, utcnow() + timedelta(seconds=30))
    compared(book)
    assert reconciliation.send_again(book.session, book.link.id) == 1
    book.session.commit()
    # The trainer's change is later than our clock by half a minute: it takes until then.
    book.session.execute(sa.update(Participation).values(sending_at=utcnow() + timedelta(seconds=40)))
    book.deliver_all()
    assert [received.user_id for received in book.received()] == [SUBJECT, "12", SUBJECT, SUBJECT]
    assert book.grades()[-1] == out_of(score / 2)
    assert book.link_now().differing == 0
    assert reconciliation.send_again(book.session, book.link.id + 99) is None


def test_a_grade_of_zero_that_moodle_omits_is_no_difference(book: Gradebook) -> None:
    book.mood(results_omit_zero=True)
    book.earn(0)
    book.deliver()
    assert book.grades() == [0.0]
    assert compared(book).differing == 0
    assert participation(book).result_seen is None


def test_many_pages_are_read(book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grades, "PAGE", 2)
    for number in range(5):
        one = Score(
            f"other-{number}", utcnow().isoformat(), "Completed", "FullyGraded", 1, 1, grade=1.0, line_item_id=1
        )
        book.campus.store.add_score(one, lambda _latest, one=one: one)
    book.earn(9)
    book.deliver()
    compared(book)
    assert participation(book).result_seen is not None


def test_columns_are_compared_once_a_day_and_only_where_results_may_be_read(book: Gradebook) -> None:
    book.earn(9)
    book.deliver()
    first = compared(book).reconciled_at
    assert first is not None
    assert compared(book).reconciled_at == first
    book.session.execute(sa.update(ResourceLink).values(reconciled_at=first - timedelta(days=1, seconds=1)))
    book.session.commit()
    second = compared(book).reconciled_at
    assert second is not None
    assert second > first
    book.session.execute(sa.update(ResourceLink).values(reconciled_at=None, ags_scopes=[]))
    book.session.commit()
    assert compared(book).reconciled_at is None


def test_a_comparison_that_fails_waits_and_is_not_asked_anew_each_hour(book: Gradebook) -> None:
    book.earn(9)
    book.deliver()
    book.mood(down=True)
    assert compared(book).reconciled_at is None
    query = sa.select(OutboxJob).filter_by(kind="reconcile_scores")
    job = book.session.scalars(query).one()
    assert (job.status, job.tries, job.cause) == ("pending", 1, "unreachable")
    book.session.commit()
    book.worker.upkeep()
    book.session.expire_all()
    assert book.session.scalars(query).one().tries == 1
    book.mood(down=False)
    assert compared(book).reconciled_at is not None
