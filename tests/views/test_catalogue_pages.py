"""The catalogue and the description of a track, as learners, trainers and human resources read them."""

from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.write import folder_of
from lms.models import Enrolment
from lms.services import revisions
from lms.services.learning import enrol
from lms.services.library import Library
from tests.account_in_test import browser_of
from tests.learner_in_test import TRACK, count, data, module, statements, take, writes
from tests.platform_in_test import PlatformInTest


def text(page: Any) -> str:
    """What a page says, with ordinary spaces."""
    assert page.status_code == 200, page.text
    said = unescape(page.text)
    for space in ("\u202f", "\xa0"):
        said = said.replace(space, " ")
    return said


def cards(page: Any) -> list[str]:
    """The titles of the tracks a page shows, in order."""
    parts = text(page).split('<article class="card entry"')[1:]
    return [part.split('<a href="')[1].split(">")[1].split("<")[0] for part in parts]


def publish(session: Session, **changes: Any) -> None:
    """One more track, or a revision of the real one, as an institution publishes it."""
    revisions.publish(session, folder_of(replace(TRACK, **changes)), "imported", note="Note <de> la révision")
    session.commit()


@pytest.fixture
def bases(session: Session) -> None:
    """A second track: one module, no certificate, one recommendation."""
    publish(
        session, key="bases", title={"fr": "Bases communes", "en": "Common ground"}, certificate=None,
        recommendations=(2,), modules=TRACK.modules[:1],
    )  # fmt: skip


def test_a_track_says_what_one_compares(learner_client: FlaskClient) -> None:
    said = text(learner_client.get("/learn/"))
    assert TRACK.promise["fr"] in said
    assert TRACK.audience["fr"] in said
    for part in ("4 h 30", "valable 3 ans", "français et anglais", "2 modules à suivre, 5 modules annoncés"):
        assert part in said
    assert "recommandations 1, 8, 10, 11, 12, 13, 14 et 15" in said
    assert TRACK.certificate is not None
    assert TRACK.certificate.title["fr"] in said
    assert all(part.title["fr"] in said for part in TRACK.modules)
    english = text(learner_client.get("/learn/?lang=en"))
    for part in (TRACK.promise["en"], "valid for 3 years", "French and English", "5 modules announced"):
        assert part in english


def test_a_learner_sees_how_far_they_are(learner_client: FlaskClient, session: Session) -> None:
    before = text(learner_client.get("/learn/"))
    assert "Non commencé" in before
    assert 'class="panel"' in before, "where to go on"
    row = session.query(Enrolment).one()
    take(session, row, module("d1"))
    assert "44 %" in text(learner_client.get("/learn/"))  # 2 h of 4 h 30
    assert cards(learner_client.get("/learn/?state=now")) == ["Décideurs publics"]
    assert cards(learner_client.get("/learn/?state=todo")) == []
    take(session, session.query(Enrolment).one(), module("d2"))
    after = text(learner_client.get("/learn/?state=done"))
    assert "Vous en avez terminé un." in after
    assert 'class="panel"' not in after


@pytest.mark.usefixtures("bases")
@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("q=REGLEMENT", ["Décideurs publics"]),
        ("q=bàses", ["Bases communes"]),
        ("length=short", ["Bases communes"]),
        ("certificate=yes", ["Décideurs publics"]),
        ("recommendation=2", ["Bases communes"]),
        ("q=decider&state=todo", ["Décideurs publics", "Bases communes"]),
        ("q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", []),
    ],
)
def test_the_address_says_what_is_looked_for(learner_client: FlaskClient, asked: str, titles: list[str]) -> None:
    page = learner_client.get(f"/learn/?{asked}")
    assert cards(page) == titles
    assert "<script>alert" not in page.text
    said = text(page)
    if titles:
        expected = "Un parcours sur 2 correspond." if len(titles) == 1 else "2 parcours sur 2 correspondent."
        assert expected in said
    assert 'class="panel"' not in said, "what was asked comes first"


@pytest.mark.usefixtures("bases")
def test_an_empty_result_says_what_to_leave_out(learner_client: FlaskClient) -> None:
    page = learner_client.get("/learn/?q=reglement&length=short")
    assert cards(page) == []
    said = text(page)
    assert "Aucun parcours ne correspond." in said
    assert "Sans « reglement » : un parcours" in said
    assert "Sans « Courte : 2 h au plus » : un parcours" in said
    way = said.split("Sans « reglement »")[0].rsplit('href="', 1)[1].split('"')[0]
    assert cards(learner_client.get(way)) == ["Bases communes"]
    assert "Essayez avec moins de mots" in text(learner_client.get("/learn/?q=zzz"))


def test_a_module_that_holds_the_words_is_shown(learner_client: FlaskClient) -> None:
    said = text(learner_client.get("/learn/?q=reglement"))
    assert f"<mark>{module('d2').title['fr']}</mark>" in said
    assert said.count("<mark>") == 1


@pytest.mark.parametrize(
    "asked", ["length=week", "recommendation=0", "recommendation=x", "state=passed", "certificate=no"]
)
def test_an_unknown_filter_is_told_and_left_out(learner_client: FlaskClient, asked: str) -> None:
    page = learner_client.get(f"/learn/?{asked}")
    assert cards(page) == ["Décideurs publics"]
    assert "Un filtre de cette adresse est inconnu." in text(page)


def test_a_very_long_search_is_cut_and_answered(learner_client: FlaskClient) -> None:
    assert cards(learner_client.get("/learn/?q=" + "é" * 3000)) == []
    assert learner_client.get("/learn/?q=%00").status_code == 400


def test_human_resources_read_the_catalogue_and_follow_nothing(hr_client: FlaskClient, session: Session) -> None:
    said = text(hr_client.get("/learn/?lang=fr"))
    assert cards(hr_client.get("/learn/?lang=fr")) == ["Décideurs publics"]
    assert 'name="state"' not in said
    assert "Non commencé" not in said
    assert "Un filtre de cette adresse est inconnu." in text(hr_client.get("/learn/?state=now&lang=fr"))
    page = text(hr_client.get("/learn/decideurs/about?lang=fr"))
    way = page.split("<main")[1].split('class="button"')[1].split('href="')[1].split('"')[0]
    assert way.startswith("/hr/?")
    form = text(hr_client.get(way.split("#")[0]))
    assert 'value="completions" checked' in form
    assert '<option selected value="decideurs">' in form
    assert hr_client.get("/learn/decideurs").status_code == 403
    assert count(session, Enrolment) == 0


def test_an_administrator_reads_what_is_published(app: Flask) -> None:
    browser = browser_of(app, "someone@example.org", account="administrator")
    assert cards(browser.get("/learn/")) == ["Décideurs publics"]
    assert 'class="button"' not in text(browser.get("/learn/decideurs/about")).split("<main")[1]


@pytest.mark.parametrize("speech", ["fr", "en"])
def test_a_description_says_everything_before_one_enrols(
    trainer_client: FlaskClient, session: Session, speech: str
) -> None:
    said = text(trainer_client.get(f"/learn/decideurs/about?lang={speech}"))
    rule = TRACK.certificate
    assert rule is not None
    expected = [TRACK.title, TRACK.promise, TRACK.audience, rule.title, *(law.title for law in TRACK.legal)]
    for part in TRACK.modules:
        expected += [part.title, part.summary, *(objective.text for objective in part.objectives)]
    for words in expected:
        assert words[speech].replace("\u202f", " ").replace("\xa0", " ") in said
    for words in ("70 %" if speech == "fr" else "70%", "02/12/2027", "CC-BY-SA-4.0", TRACK.version, "30 min"):
        assert words in said
    assert {"fr": "Commencer ce parcours", "en": "Begin this track"}[speech] in said
    assert said.count('class="button"') == 1
    assert count(session, Enrolment) == 0, "reading enrols nobody"


def test_a_learner_resumes_then_sees_their_track(learner_client: FlaskClient, session: Session) -> None:
    assert "Commencer ce parcours" in text(learner_client.get("/learn/decideurs/about"))
    take(session, session.query(Enrolment).one(), module("d1"))
    assert "Reprendre ce parcours" in text(learner_client.get("/learn/decideurs/about"))
    take(session, session.query(Enrolment).one(), module("d2"))
    assert "Voir mon parcours" in text(learner_client.get("/learn/decideurs/about"))


def test_revisions_are_told_with_their_notes(learner_client: FlaskClient, session: Session) -> None:
    publish(session, version="2026.2")
    page = learner_client.get("/learn/decideurs/about")
    said = page.text.split('id="changes"')[1].split("</section>")[0]
    assert said.index("2026.2") < said.index("2026.1")
    assert "Note &lt;de&gt; la révision" in said
    assert "Première version." in said
    assert "Vous suivez la version 2026.1." in text(page)


def test_a_track_that_is_only_announced_cannot_be_begun(trainer_client: FlaskClient, session: Session) -> None:
    publish(session, key="annonce", certificate=None, modules=TRACK.modules[2:3])
    assert "Annoncé" in text(trainer_client.get("/learn/?q=gouverner&lang=fr"))
    said = text(trainer_client.get("/learn/annonce/about?lang=fr"))
    assert "Il est annoncé" in said
    assert "Ce parcours ne mène à aucun certificat." in said
    assert 'class="button"' not in said.split("<main")[1]
    assert trainer_client.get("/learn/nowhere/about").status_code == 404


def test_the_pages_ask_the_same_whatever_the_number_of_tracks(learner_client: FlaskClient, session: Session) -> None:
    def cost(path: str) -> int:
        learner_client.get(path)  # a revision is read once in the life of a process
        with statements() as heard:
            assert learner_client.get(path).status_code == 200
        assert writes(heard) == []
        return len(data(heard))

    paths = ("/learn/", "/learn/?q=decider&length=day", "/learn/decideurs/about")
    alone = [cost(path) for path in paths]
    assert max(alone) <= 7
    person = session.query(Enrolment).one().person_id
    for number in range(10):
        publish(session, key=f"autre-{number}", certificate=None)
        if number % 2:
            enrol(session, person, Library(session)[f"autre-{number}"])
    session.commit()
    assert [cost(path) for path in paths] == alone


def test_the_learners_own_page_leads_to_the_description(platform: PlatformInTest) -> None:
    client = platform.launched()
    assert 'href="/learn/decideurs/about"' in client.get("/learn/decideurs").text
