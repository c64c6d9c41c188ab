"""The open figures: right, by branch, track and year; and what is masked cannot be worked out from what is not."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.models import Agent, Certificate, Enrolment, Person, StatusList
from lms.open_data_rows import ALL, mask_line, mask_small, open_rows

BELOW = 5


def possible(shown: list[int | None], top: int) -> list[set[int]]:
    """What each cell may be, for who reads the line and knows how it is masked: small numbers trail large ones."""
    *cells, total = shown
    found: list[set[int]] = [set() for _ in cells]
    choices = [range(1, top) if cell is None else (cell,) for cell in cells]
    for guess in product(*choices):
        if total is None or sum(guess) == total:
            for place, value in enumerate(guess):
                found[place].add(value)
    return found


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_no_small_number_is_given_back_by_a_difference(cells: list[int]) -> None:
    shown = mask_line(cells, BELOW)
    assert all(value is None for place, value in enumerate(shown[:-1]) if 0 < cells[place] < BELOW)
    assert all(value in (None, cells[place]) for place, value in enumerate(shown[:-1]))
    assert shown[-1] in (None, sum(cells))
    for place, values in enumerate(possible(shown, 25)):
        if shown[place] is None:
            assert len(values & set(range(1, BELOW))) == BELOW - 1, "any small number may be there"


@given(st.lists(st.integers(0, 40), min_size=2, max_size=5))
def test_a_line_that_tells_of_nobody_is_shown_whole(cells: list[int]) -> None:
    large = [value if value == 0 else value + BELOW for value in cells]
    assert mask_small([large], BELOW) == [[*large, sum(large)]]


def test_examples() -> None:
    assert mask_line([3, 40, 60], BELOW) == [None, None, 60, 103]
    assert mask_line([3, 0, 0], BELOW) == [None, 0, 0, None]
    assert mask_line([1, 1, 0], BELOW) == [None, None, 0, None]
    assert mask_line([4, 4, 4], BELOW) == [None, None, None, 12]
    assert mask_line([7, 30, 30], BELOW, {0}) == [None, None, 30, 67]


def person(session: Session, number: int, branch: str | None, **values: Any) -> Person:
    row = Person(subject=f"p{number}", email=f"p{number}@example.org", sourced_id=f"{number:05}", **values)
    session.add(row)
    if branch and not session.query(Agent).filter_by(number=f"{number:05}").count():
        session.add(Agent(number=f"{number:05}", family_name="X", given_name="Y", branch=branch))
    session.flush()
    return row


def enrol(session: Session, who: Person, track: str, at: datetime, done: datetime | None = None) -> None:
    session.add(
        Enrolment(person=who, track_key=track, track_version="1", track_digest="x", enrolled_at=at, completed_at=done)
    )


def test_people_are_counted_once_by_branch_track_and_year(session: Session) -> None:
    early, late = (
        datetime(2025, 12, 31, 22, 30, tzinfo=UTC),
        datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    )  # 2026 in Paris
    lists = StatusList()
    session.add(lists)
    session.flush()
    for number in range(12):
        who = person(session, number, "FPE" if number < 6 else "FPT")
        enrol(session, who, "decideurs", early, late if number < 6 else None)
        enrol(session, who, "agents", late)
        if number < 6:
            session.add(
                Certificate(
                    person=who, award_key="decideurs", number=f"N{number}", code=uuid4().hex, record={},
                    status_list_id=lists.id, status_index=number, issued_at=late,
                    status="revoked" if number == 0 else "valid",
                )
            )  # fmt: skip
    enrol(session, person(session, 99, "FPE"), "agents", datetime(2026, 3, 1, tzinfo=UTC))  # of this very month
    session.flush()
    found = {(row.year, row.track, row.branch): row for row in open_rows(session, date(2026, 3, 15))}
    first = found[2025, "decideurs", "FPE"]
    assert (first.enrolled, first.trained, first.certified, first.masked) == (6, 0, 0, [])
    assert found[2025, "decideurs", ALL].enrolled == 12
    assert (2025, "agents", "FPE") not in found
    assert found[2026, "agents", "FPE"].enrolled == 6, "figures stop at the first of the month"
    assert found[2026, "decideurs", "FPE"].trained == 6
    assert found[2026, "decideurs", "FPE"].certified == 5, "a revoked certificate certifies nobody"
    assert found[2026, ALL, ALL].enrolled == 12
    assert first.title["fr"] == "Décideurs publics"


def test_tracks_together_are_masked_where_one_of_them_is(session: Session) -> None:
    at = datetime(2026, 1, 10, tzinfo=UTC)
    for number in range(20):
        enrol(session, person(session, number, "FPE" if number < 10 else "FPT"), "decideurs", at)
    for number in (0, 1, 30):
        enrol(session, person(session, number, "FPE"), "agents", at)
    session.flush()
    found = {(row.track, row.branch): row.enrolled for row in open_rows(session, date(2026, 3, 15))}
    assert found["decideurs", "FPE"] == 10
    assert (found["agents", "FPE"], found["agents", ALL]) == (None, None)
    assert (found[ALL, "FPE"], found[ALL, ALL]) == (None, None), "11 less 10 would tell of one"


def test_nobody_gives_no_line(session: Session) -> None:
    assert open_rows(session, date(2026, 3, 15)) == []
