"""The images and the terms of lessons that are written."""

from html import unescape
from io import BytesIO

from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from curricula.pieces import Piece
from lms.models import Draft
from lms.services import drafts
from tests.author_in_test import JSON, MODULE, TRACK, URL, Author, plain
from tests.image_samples import GIF, HARMFUL, PNG, SVG, drawing, wide


class TestImages:
    """The images of a module: taken by their content, with words, seen by those who write."""

    url = f"/author/{TRACK}/{MODULE}/files/"

    def add(self, author: Author, name: str, content: bytes, *, script: bool = True, **more: str) -> TestResponse:
        data = {"alt": "Un plan", "file": (BytesIO(content), name), **more}
        return author.post(self.url, JSON if script else None, **data)

    def test_are_added_shown_and_kept_once(self, author: Author) -> None:
        first = self.add(author, "Schéma d’été.PNG", SVG, caption='Le « plan » "A"')
        assert first.json == {
            "name": "schema-d-ete.svg", "markdown": '![Un plan](files/schema-d-ete.svg "Le « plan » \\"A\\"")',
        }  # fmt: skip
        assert self.add(author, "schema d'ete.svg", SVG).json["name"] == "schema-d-ete.svg"  # type: ignore[index]
        assert self.add(author, "schema-d-ete.svg", drawing("")).json["name"] == "schema-d-ete-2.svg"  # type: ignore[index]
        page = self.add(author, "../../x/a.png", PNG, script=False, alt="a [b]")
        assert "![a \\[b\\]](files/x-a.png)" in unescape(page.text)
        shown = author.browser.get(f"{self.url}schema-d-ete.svg")
        assert (shown.data, shown.mimetype) == (SVG, "image/svg+xml")
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        typed = author.post(f"{URL}/preview", JSON, body='![Un plan](files/schema-d-ete.svg "Légende")').json
        assert typed is not None
        shown = (
            '<figure class="drawing" tabindex="0"><img src="/author/decideurs/d1/files/schema-d-ete.svg?v=1" alt="Un'
        )
        assert f'{shown} plan"' in typed["html"]
        assert typed["problems"].strip() == ""

    def test_are_refused_in_words(self, author: Author) -> None:
        for content, said in (
            (b"", "This is not an image that is taken."), (b"%PDF-1.7", "This is not an image that is taken."),
            (b"<html><script>alert(1)</script>", "This is not an image"), (PNG + b"x" * 2_000_000, "larger than 2 MB"),
            *((content, "This ") for content in HARMFUL.values()), (wide(), "more than 25 million pixels"),
        ):  # fmt: skip
            answer = self.add(author, "a.png", content)
            assert answer.status_code == 400
            assert said in answer.json["message"]  # type: ignore[index]
        assert "Say what the image shows." in self.add(author, "a.png", PNG, alt=" ").json["message"]  # type: ignore[index]
        assert "Choose an image first." in plain(author.post(self.url, alt="x"))
        assert self.add(author, "a.png", PNG + b"x" * 3_000_000).status_code == 413
        assert "No image yet." in plain(author.get(self.url))

    def test_are_replaced_and_removed_when_no_lesson_shows_them(self, author: Author) -> None:
        self.add(author, "a.png", PNG)
        author.save("![Un plan](files/a.png)", 1)
        data = {"edition": "1", "file": (BytesIO(GIF), "b.gif")}
        assert author.post(f"{self.url}a.png/replace", **data).status_code == 303
        assert author.browser.get(f"{self.url}a.png").data == GIF
        for content, edition, said in ((PNG, "1", "meanwhile"), (b"<p>", "2", "not an image"), (b"", "2", "Choose")):
            author.post(f"{self.url}a.png/replace", edition=edition, file=(BytesIO(content), "b.gif"))
            assert said in plain(author.get(self.url))
        assert author.browser.get(f"{self.url}a.png").data == GIF
        author.post(f"{self.url}a.png/delete", edition="2")
        assert "take it out of the lesson first" in plain(author.get(self.url))
        author.save("Rien.", 2)
        author.post(f"{self.url}a.png/delete", edition="1")
        assert author.browser.get(f"{self.url}a.png").status_code == 200
        author.post(f"{self.url}a.png/delete", edition="2")
        assert author.browser.get(f"{self.url}a.png").status_code == 404

    def test_what_a_text_refers_to_and_is_not_there_is_said(self, author: Author) -> None:
        text = "[x](term:none)\n\n![](files/none.png)\n\n![a](https://example.org/a.png)"
        typed = author.post(f"{URL}/preview", JSON, body=text).json
        assert typed is not None
        said = unescape(typed["problems"])
        assert "Line 1. The term « none » is unknown." in said
        assert "Line 3. This image has no alternative text." in said
        assert "Line 5. The image « https://example.org/a.png » is not one of the module." in said
        assert "<img" not in typed["html"]


def test_terms_of_the_glossary_are_explained(author: Author, session: Session, draft: Draft) -> None:
    glossary = b"""[[terms]]
key = "token"
term = { fr = "jeton", en = "token" }
definition = { fr = "Un morceau de <mot>.", en = "A part of a word." }
"""
    drafts.add(session, draft, [Piece("glossary.toml", glossary)], None)
    session.commit()
    assert 'data-text="](term:token)" data-sample="jeton"' in author.get(URL).text
    typed = author.post(f"{URL}/preview", JSON, body="Un [jeton](term:token).").json
    assert typed is not None
    assert "Un morceau de &lt;mot&gt;." in typed["html"]
    row = drafts.piece(session, draft, "glossary.toml")
    assert row is not None
    drafts.save(session, draft, row.path, b"not toml", 1, None)
    session.commit()
    assert author.get(URL).status_code == 200
