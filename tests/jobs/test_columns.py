"""Gradebook columns of links: found first, made only where there is none, and never two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from sqlalchemy.orm import Session

from lms.devlms import Quirks
from lms.devlms.gradebook import LineItem
from lms.devlms.vocabulary import LINE_ITEM_READ_SCOPE, RESULT_SCOPE, SCORE_SCOPE
from lms.models import OutboxJob, Participation, ResourceLink
from tests.gradebook_in_test import LINKS, Gradebook, gradebook, out_of
from tests.learner_in_test import course, together

MOODLE = {
    "strict_media_types": True, "type_id_in_urls": True, "curly_links": True, "clear_without_score_given": True,
    "whole_second_timestamps": True, "results_omit_zero": True, "token_as_html": True,
}  # fmt: skip


@pytest.fixture(params=["open edx", "moodle"])
def unnamed(request: pytest.FixtureRequest, app: Flask, session: Session, tmp_path: Path) -> Iterator[Gradebook]:
    """A link whose launch named no column: where none exists, and where the one there is was not said."""
    habits = MOODLE if request.param == "moodle" else {"no_line_item_claim": True, "stale_is_400": True}
    with gradebook(app, session, tmp_path, **habits) as found:
        found.link.lineitem_url = None
        session.commit()
        yield found


def resolving(book: Gradebook) -> OutboxJob:
    book.session.expire_all()
    return book.session.scalars(sa.select(OutboxJob).filter_by(kind="resolve_lineitem")).one()


def columns(book: Gradebook) -> list[LineItem]:
    """Those the gradebook shows for the track's link."""
    told = not book.campus.quirks.no_line_item_claim
    return [item for item in book.campus.store.line_items({"resource_link_id": "track"}) if told or not item.own]


def test_a_column_is_found_or_made_once(unnamed: Gradebook) -> None:
    score = unnamed.earn(4)
    assert unnamed.deliver().status == "done"
    (item,) = columns(unnamed)
    assert unnamed.grades(item.id) == [out_of(score / 2)]
    assert resolving(unnamed).status == "done"
    if not item.own:
        assert (item.label, item.resource_id, item.tag) == ("Décideurs publics", "decideurs", "mpia")
        assert item.score_maximum == 100
    # A launch that names no column forgets nothing, and a column forgotten is found again.
    unnamed.link.lineitem_url = None
    unnamed.session.execute(sa.update(Participation).values(score_sent=None))
    unnamed.session.commit()
    again = unnamed.earn(9)
    assert unnamed.deliver().status == "done"
    assert columns(unnamed) == [item]
    assert unnamed.grades(item.id)[-1] == out_of(again / 2)


def test_everybody_who_waits_for_a_column_is_served(unnamed: Gradebook) -> None:
    second = unnamed.earn(4, row=unnamed.another("12"))
    first = unnamed.earn(9)
    unnamed.deliver()
    (item,) = columns(unnamed)
    received = {score.user_id: score.grade for score in unnamed.received(item.id)}
    assert received == {"11": out_of(first / 2), "12": out_of(second / 2)}


def test_a_column_made_before_a_crash_is_found(unnamed: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to its making was lost: it is not made again."""
    made = LineItem("Décideurs publics", 100.0, "track", "decideurs", "mpia")
    if unnamed.campus.quirks.no_line_item_claim:
        unnamed.campus.store.add_line_item(made)
    unnamed.earn(9)
    unnamed.deliver()
    assert len(columns(unnamed)) == 1


def test_a_column_that_filters_hide_is_found(unnamed: Gradebook) -> None:
    """A platform that does not know the filters, or hides what was made without those fields."""
    (item,) = unnamed.campus.store.line_items({"resource_link_id": "track"})
    unnamed.campus.quirks = Quirks()

    def nothing_filtered() -> Response | None:
        from flask import request

        return Response("[]", content_type="application/json") if "resource" in request.query_string.decode() else None

    unnamed.instead["/lineitems"] = nothing_filtered  # type: ignore[assignment]
    unnamed.earn(9)
    assert unnamed.deliver().status == "done"
    assert unnamed.link_now().lineitem_url == unnamed.column("track")
    assert len(unnamed.received(item.id)) == 1


def test_a_column_that_a_launch_names_meanwhile_stays(unnamed: Gradebook) -> None:
    unnamed.campus.quirks = Quirks()
    named = unnamed.column("d2")

    def launched() -> Response | None:
        def name(own: Session) -> None:
            own.execute(sa.update(ResourceLink).values(lineitem_url=named))
            own.commit()

        together(unnamed.app, [name])
        return None

    unnamed.instead["/lineitems"] = launched
    unnamed.earn(9)
    assert unnamed.deliver().status == "done"
    assert unnamed.link_now().lineitem_url == named
    assert [unnamed.received(item.id) for item in columns(unnamed)] == [[]]


def test_several_columns_are_reported_and_kept(unnamed: Gradebook) -> None:
    unnamed.campus.quirks = Quirks()
    teachers = unnamed.campus.store.add_line_item(LineItem("Note finale", 20.0, "track"))
    ours = unnamed.campus.store.add_line_item(LineItem("Décideurs", 100.0, "track", "decideurs", "mpia"))
    before = unnamed.campus.store.line_items()
    unnamed.earn(9)
    unnamed.deliver()
    assert unnamed.campus.store.line_items() == before
    assert len(unnamed.received(ours.id)) == 1
    assert unnamed.received(teachers.id) == []
    note = unnamed.link_now().column_note
    assert note is not None
    assert note.startswith("The gradebook has several columns")


def test_a_teachers_column_is_never_taken(unnamed: Gradebook) -> None:
    """Not even one with our resource, nor that of another link of the same track."""
    store = unnamed.campus.store
    if not unnamed.campus.quirks.no_line_item_claim:
        store.remove_line_item(1)
    teachers = store.add_line_item(LineItem("Oral", 20.0, None, "decideurs", "oral"))
    twin = store.add_line_item(LineItem("Autre lien", 100.0, None, "decideurs", "mpia"))
    tool = unnamed.campus.tool(unnamed.campus.settings.client_id)
    assert tool is not None
    address = unnamed.campus.at(tool).line_item(unnamed.campus.settings.course_id, twin.id)
    other = course(unnamed.session, lineitem=address)
    assert other.context_id == unnamed.link.context_id
    unnamed.earn(9)
    unnamed.deliver()
    (item,) = columns(unnamed)
    assert item.id not in {teachers.id, twin.id}
    assert unnamed.received(teachers.id) == unnamed.received(twin.id) == []
    assert len(unnamed.received(item.id)) == 1


def test_where_no_column_may_be_made_an_administrator_is_told(unnamed: Gradebook) -> None:
    if not unnamed.campus.quirks.no_line_item_claim:
        unnamed.campus.store.remove_line_item(1)
    unnamed.link.ags_scopes = [LINE_ITEM_READ_SCOPE, RESULT_SCOPE, SCORE_SCOPE]
    unnamed.session.commit()
    unnamed.earn(9)
    unnamed.deliver()
    job = resolving(unnamed)
    assert (job.status, job.cause) == ("failed", "no_column")
    assert columns(unnamed) == []


def test_no_column_is_made_before_there_is_a_score(unnamed: Gradebook) -> None:
    before = unnamed.campus.store.line_items()
    unnamed.deliver_all()
    assert unnamed.campus.store.line_items() == before
    assert len(before) == len(LINKS)
