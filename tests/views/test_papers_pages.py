"""The papers of a module: who reads which, on a page and as PDF, in both languages."""

from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from curricula.model import LANGUAGES, Track
from curricula.registry import shipped_tracks
from lms.i18n import speaking
from lms.papers import paper_pdf
from tests.account_in_test import token_of
from tests.platform_in_test import PlatformInTest, trainer

MODULE = "/learn/decideurs/d1"


@pytest.fixture
def platform(app: Flask) -> PlatformInTest:
    return PlatformInTest(app)


def test_a_learner_keeps_the_memo_and_finds_further_reading(platform: PlatformInTest) -> None:
    learner = platform.launched()
    page = learner.get(MODULE).text
    assert f'href="{MODULE}/papers/memo"' in page
    assert "Trier avant de déléguer" in page
    assert "Pour aller plus loin" in page
    assert "Pour qui relit chaque jour." in page
    assert "papers/session" not in page
    memo = learner.get(f"{MODULE}/papers/memo").text
    assert "<h1>Trier avant de déléguer</h1>" in memo
    assert '<th scope="col">Attente</th>' in memo


def test_what_is_for_trainers_is_not_there_for_learners(platform: PlatformInTest) -> None:
    learner, teacher = platform.launched(), platform.launched(**trainer())
    for address in (f"{MODULE}/papers/session", f"{MODULE}/papers/session.pdf"):
        assert learner.get(address).status_code == 404
        assert teacher.get(address).status_code == 200
    page = teacher.get(MODULE).text
    assert "Pour enseigner et juger" in page
    assert f'href="{MODULE}/papers/session"' in page


@pytest.mark.parametrize(
    "path", ["d1/papers/kit-trainer", "d1/papers/secret", "d2/papers/memo", "d3/papers/memo", "no/papers/memo"]
)
def test_what_is_not_there_is_not_found(platform: PlatformInTest, path: str) -> None:
    browser = platform.launched(**trainer())
    assert browser.get(f"/learn/decideurs/{path}").status_code == 404
    assert browser.get(f"/learn/decideurs/{path}.pdf").status_code == 404
    assert browser.get(f"/learn/nothing/{path}").status_code == 404


@pytest.mark.parametrize(("language", "title"), [("fr", "Trier avant de déléguer"), ("en", "Sort before you delegate")])
def test_the_memo_is_printed_on_one_page(platform: PlatformInTest, language: str, title: str) -> None:
    learner = platform.launched()
    learner.post("/account/language", data={"language": language, "csrf_token": token_of(learner)})
    answer = learner.get(f"{MODULE}/papers/memo.pdf")
    assert answer.mimetype == "application/pdf"
    pages = PdfReader(BytesIO(answer.data)).pages
    assert len(pages) == 1
    assert title in " ".join(pages[0].extract_text().split())
    assert f"decideurs-d1-memo-{language}.pdf" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("track", shipped_tracks().values(), ids=lambda track: track.key)
def test_the_pages_to_keep_that_are_shipped_hold_on_one_page(app: Flask, track: Track, language: str) -> None:
    with app.test_request_context(), speaking(language):
        for module in track.published_modules:
            memo = module.paper("memo")
            assert memo is not None
            pages = PdfReader(BytesIO(paper_pdf(track, module, memo))).pages
            assert len(pages) == 1, module.key
            assert memo.texts[language].title[:20] in " ".join(pages[0].extract_text().split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_paper_that_is_shipped_is_drawn(app: Flask, language: str) -> None:
    papers = [
        (track, module, paper)
        for track in shipped_tracks().values()
        for module in track.published_modules
        for paper in module.papers
        if paper.kind.startswith("kit")
    ]
    assert len(papers) == 6
    with app.test_request_context(), speaking(language):
        for track, module, paper in papers:
            assert len(PdfReader(BytesIO(paper_pdf(track, module, paper))).pages) >= 1
