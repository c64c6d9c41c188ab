"""The lessons of a module: added, ordered, set, removed, by several people at once."""

import re

from sqlalchemy.orm import Session

from curricula.model import LessonText
from curricula.pieces import Settings, settings_in
from lms.models import Draft
from lms.services import drafts, history
from tests.author_in_test import LESSON, LESSONS, MODULE, PATH, URL, Author, Kept, plain


def test_a_lesson_is_added_in_one_language(author: Author, kept: Kept) -> None:
    for title, key in (("L’été, déjà ?", "l-ete-deja"), ("L'été : déjà", "l-ete-deja-2"), ("…", "lesson")):
        answer = author.post(f"{LESSONS}/new", title=title, language="fr")
        assert (answer.status_code, answer.location) == (303, f"{LESSONS}/{key}/fr")
    assert kept(f"{MODULE}/lesson/l-ete-deja/fr")[0].title == "L’été, déjà ?"
    assert kept(f"{MODULE}/lesson/l-ete-deja/en")[0] == LessonText("", (), "")
    words = plain(author.get(f"{LESSONS}/"))
    assert "6 L’été, déjà ? 20 min French" in words
    assert words.count("Empty") == 6
    assert author.get(f"{LESSONS}/l-ete-deja/en").status_code == 200


def test_a_lesson_without_a_title_is_not_added(author: Author) -> None:
    for data in ({}, {"title": " "}, {"title": "x" * 201}, {"title": "T", "language": "de"}):
        answer = author.post(f"{LESSONS}/new", **{"language": "fr", **data})
        assert answer.status_code == 400
        assert "One answer needs your attention." in plain(answer)
    assert author.get(f"{LESSONS}/").text.count('class="none"') == 5


def test_lessons_change_places(author: Author) -> None:
    def order() -> list[str]:
        return re.findall(r'<li class="none" id="([^"]+)"', author.get(f"{LESSONS}/").text)

    first, second, *rest = order()
    assert author.post(f"{LESSONS}/{first}/move", by="down").status_code == 303
    assert order() == [second, first, *rest]
    assert author.post(f"{LESSONS}/{first}/move", by="up").status_code == 303
    assert author.post(f"{LESSONS}/{first}/move", by="up").status_code == 303  # at the top already
    assert order() == [first, second, *rest]
    assert author.post(f"{LESSONS}/{first}/move", by="sideways").status_code == 400
    assert author.post(f"{LESSONS}/gone/move", by="up").status_code == 303


def test_a_lesson_goes_once_it_is_said_what_goes(author: Author, other: Author, session: Session, draft: Draft) -> None:
    url = f"{LESSONS}/{LESSON}/delete"
    page = author.get(url)
    assert re.search(r"French: \d+ words", plain(page))
    editions = re.search(r'name="editions" value="([^"]+)"', page.text)
    assert editions is not None
    assert author.post(url).status_code == 409
    other.save("Du neuf.", 1)
    answer = author.post(url, editions=editions[1])
    assert answer.status_code == 409
    assert "changed since you opened this page" in plain(answer)
    editions = re.search(r'name="editions" value="([^"]+)"', answer.text)
    assert editions is not None
    assert author.post(url, editions=editions[1]).status_code == 303
    assert author.get(URL).status_code == 404
    session.rollback()
    assert len([change for change in history.changes(session, draft) if change.path.startswith(PATH[:-3])]) == 4


class TestSettings:
    """What a lesson is in every language."""

    url = f"{LESSONS}/{LESSON}/settings"

    def now(self, session: Session, draft: Draft) -> Settings:
        session.expire_all()
        row = drafts.piece(session, draft, PATH.removesuffix("/fr"))
        assert row is not None
        found = settings_in(row.content)
        session.rollback()  # holds no page back
        return found

    def test_are_saved(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        assert 'value="llm-basics"' in author.get(self.url).text
        data = {"minutes": "31", "edition": "1", "objectives": ["d1-o3", "d1-o1"], "sources": [*before.sources[::-1]]}
        assert author.post(self.url, **data).status_code == 303
        assert self.now(session, draft) == Settings(31, ("d1-o1", "d1-o3"), before.sources)

    def test_refuse_what_is_no_number_of_minutes(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        for minutes in ("", "x", "0", "241", "1.5", "9" * 50):
            answer = author.post(self.url, minutes=minutes, edition="1", objectives=["d1-o2"])
            assert answer.status_code == 400
            assert "Give a whole number of minutes, from 1 to 240." in plain(answer)
            assert re.search(r'checked[^>]*value="d1-o2"|value="d1-o2"[^>]*checked', answer.text)
        assert self.now(session, draft) == before

    def test_refuse_what_is_not_in_the_module(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        assert author.post(self.url, minutes="5", edition="1", objectives=["d2-o1"]).status_code == 400
        assert self.now(session, draft) == before

    def test_keep_what_the_module_no_longer_has(self, author: Author, session: Session, draft: Draft) -> None:
        row = drafts.piece(session, draft, PATH.removesuffix("/fr"))
        assert row is not None
        content = row.content.replace(b'"d1-o1"', b'"gone"')
        drafts.save(session, draft, row.path, content, 1, None)
        session.commit()
        assert "gone (no longer in the module)" in plain(author.get(self.url))
        assert author.post(self.url, minutes="5", edition="2", objectives=["gone", "d1-o2"]).status_code == 303
        assert self.now(session, draft).objectives == ("gone", "d1-o2")

    def test_of_two_people_are_shown_side_by_side(
        self, author: Author, other: Author, session: Session, draft: Draft
    ) -> None:
        assert other.post(self.url, minutes="40", edition="1", objectives=["d1-o2"]).status_code == 303
        page = author.post(self.url, minutes="50", edition="1", objectives=["d1-o3"])
        assert page.status_code == 409
        assert "Benoit changed these settings" in plain(page)
        assert "They chose: 40 min spot" in plain(page)
        assert 'value="50"' in page.text
        assert self.now(session, draft).minutes == 40
        assert author.post(self.url, minutes="50", edition="2", objectives=["d1-o3"]).status_code == 303
        assert self.now(session, draft) == Settings(50, ("d1-o3",), ())
