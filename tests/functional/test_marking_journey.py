"""A work from its learner to its result, through browsers: marked under a code, told, appealed, decided by a jury."""

import re
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from curricula.model import Track
from lms.antivirus import Antivirus, Outcome
from lms.models import Attempt, AuditEntry, Enrolment, Jury, Marking, Person, Work
from lms.services.answers import AnswerRefused, Sent, save_answer
from tests.clamd_in_test import EICAR, SIGNATURE, Clamd, Stub
from tests.judged_in_test import HALF, PROJECT, deposit, hand_in, published
from tests.learner_in_test import data, statements
from tests.platform_in_test import PlatformInTest, form_token, person, trainer

LEVELS = {"level.project.measure": "some", "level.project.care": "full"}
FULL = {"level.project.measure": "full", "level.project.care": "full"}
TOO_LATE = "Quatre heures, après coup."
#: A name with what a hostile one holds, and signs of several alphabets.
NAME = "Éléonore <b>O’Neil</b> Γεωργίου"


@pytest.fixture
def track() -> Iterator[Track]:
    with published() as found:
        yield found


def coach(platform: PlatformInTest, number: int) -> FlaskClient:
    """The browser of a trainer of the course."""
    return platform.launched(**trainer(sub=f"trainer-{number}", name=f"Formatrice {number}"))


def post(browser: FlaskClient, url: str, **form: Any) -> Any:
    return browser.post(url, data={"csrf_token": form_token(browser.get("/verify")), **form})


def handed_in(session: Session, platform: PlatformInTest, track: Track, number: int = 1, **more: Any) -> Any:
    """A learner's browser, and the work they handed in."""
    browser = platform.launched(**person(number, **more))
    query = sa.select(Enrolment).join(Enrolment.person).where(Person.subject == f"learner-{number}")
    return browser, hand_in(session, session.scalars(query).one(), track, "Trois heures <script>gagnées</script>.")


def read(browser: FlaskClient, url: str) -> str:
    answer = browser.get(url, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_work_is_marked_under_its_code_and_told_to_its_learner(
    session: Session, platform: PlatformInTest, track: Track
) -> None:
    learner, attempt = handed_in(session, platform, track, name=NAME)
    coach(platform, 2)
    ana = coach(platform, 1)
    work = f"/teach/marking/{attempt.id}"
    pile = read(ana, "/teach/marking?lang=en")
    [code] = set(re.findall(r"Copy ([2-9A-Z]{5})", pile))
    assert "1 copies" not in pile
    page = read(ana, f"{work}?lang=en")
    for shown in (pile, page, read(ana, "/teach/marking?show=others")):
        assert "O’Neil" not in shown
        assert "Éléonore" not in shown
    assert f"Copy {code}" in page
    assert "Trois heures &lt;script&gt;" in page
    assert post(ana, f"{work}/take").status_code == 303
    # A draft is kept, and what is missing is said without losing it.
    refused = post(ana, work, **{"level.project.measure": "some", "comment.project": "Datez.", "go": "finish"})
    assert refused.status_code == 400
    assert 'href="#c-project-care"' in refused.text
    assert "Datez.</textarea>" in read(ana, work)
    assert post(ana, work, **LEVELS, go="draft", **{"comment.project": "x" * 5001}).status_code == 400
    assert session.scalars(sa.select(Marking.comment)).one() == "Datez."
    session.commit()
    done = post(ana, work, **LEVELS, go="finish", **{"comment.project": "Datez la <mesure>."})
    assert done.location == "/teach/marking"
    session.expire_all()
    assert attempt.passed
    session.commit()
    result = read(learner, f"/learn/attempts/{attempt.id}/result?lang=en")
    assert "Datez la &lt;mesure&gt;." in result
    assert "Une mesure sans date" in result
    assert "81%" in result
    assert "Éléonore" in read(ana, "/teach/marking?show=done")
    # A late double click changes nothing and says so.
    again = post(ana, work, **FULL, go="finish")
    assert again.location == work
    assert session.scalars(sa.select(Marking.points)).one() == Fraction(5, 8)


def test_files_are_downloaded_under_a_name_that_tells_nothing(
    session: Session, platform: PlatformInTest, track: Track
) -> None:
    learner, attempt = handed_in(session, platform, track)
    ana = coach(platform, 1)
    kept, gone = deposit(session, attempt), deposit(session, attempt, removed=True)
    page = read(ana, f"/teach/marking/{attempt.id}?lang=en")
    assert "dossier Num" not in page
    url = f"/teach/marking/{attempt.id}/files/"
    answer = ana.get(f"{url}{kept.id}")
    assert (answer.data, answer.headers["Content-Type"]) == (b"%PDF", "application/octet-stream")
    assert re.fullmatch(r"attachment; filename=[2-9A-Z]{5}-[0-9a-f]{4}\.pdf", answer.headers["Content-Disposition"])
    assert ana.get(f"{url}{gone.id}").status_code == 404
    assert learner.get(f"{url}{kept.id}").status_code == 403


def test_a_file_found_harmful_since_it_was_handed_in_is_given_to_nobody(
    app: Flask, session: Session, platform: PlatformInTest, track: Track, clamd: Clamd, patient_scanner: None
) -> None:
    learner, attempt = handed_in(session, platform, track)
    ana = coach(platform, 1)
    harmful, sound = deposit(session, attempt, EICAR), deposit(session, attempt)
    urls = [f"/teach/marking/{attempt.id}/files/{row.id}?lang=en" for row in (harmful, sound)]
    assert [ana.get(url).status_code for url in urls] == [200, 200], "nobody asks an antivirus that is not there"
    app.extensions["antivirus"] = Antivirus(clamd.url)
    with capture_logs() as logs:
        refused, given = map(ana.get, urls)
    assert refused.status_code == 403
    assert f"recognises something harmful in this file ({SIGNATURE})" in refused.text
    assert EICAR not in refused.data
    assert given.data == b"%PDF"
    (line,) = [line for line in logs if line["event"] == "file_kept_back"]
    assert (line["outcome"], line["signature"], line["route"]) == ("infected", SIGNATURE, "marking.file")
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "file_infected")).one()
    assert (entry.target, entry.details) == ("marking.file", {"signature": SIGNATURE, "file": str(harmful.id)})
    assert entry.person_id is not None
    session.rollback()
    # Whoever handed it in has it already, and is not asked to wait for anybody.
    assert learner.get(f"/learn/attempts/{attempt.id}/files/{harmful.id}").data == EICAR


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [("away", 503, "could not examine this one"), ("slow", 503, "try again in a moment"),
     ("failed", 503, "could not examine this one"), ("large", 403, "larger than the antivirus can examine")],
)  # fmt: skip
def test_without_a_verdict_a_file_stays_and_the_work_is_marked_all_the_same(
    app: Flask, session: Session, platform: PlatformInTest, track: Track, outcome: Outcome, status: int, said: str
) -> None:
    _learner, attempt = handed_in(session, platform, track)
    ana = coach(platform, 1)
    url = f"/teach/marking/{attempt.id}/files/{deposit(session, attempt).id}?lang=en"
    app.extensions["antivirus"] = stub = Stub(outcome, "clean")
    refused = ana.get(url)
    assert (refused.status_code, said in refused.text) == (status, True)
    assert session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "file_infected")).all() == []
    session.rollback()
    assert "Copy" in read(ana, f"/teach/marking/{attempt.id}?lang=en")
    assert ana.get(url).data == b"%PDF"
    assert stub.seen == [b"%PDF", b"%PDF"]


def test_an_appeal_goes_to_somebody_else_and_comes_back_with_an_answer(
    session: Session, platform: PlatformInTest, track: Track
) -> None:
    learner, attempt = handed_in(session, platform, track)
    ana, bruno = coach(platform, 1), coach(platform, 2)
    work, own = f"/teach/marking/{attempt.id}", f"/learn/attempts/{attempt.id}/appeal"
    post(ana, f"{work}/take")
    post(ana, work, **LEVELS, go="finish")
    with pytest.raises(AnswerRefused):
        save_answer(session, attempt, PROJECT, Sent({"text": (TOO_LATE,)}))
    session.commit()
    assert "Elle figure au dossier et ne compte pas" in read(learner, f"/learn/attempts/{attempt.id}/result")
    assert own in read(learner, f"/learn/attempts/{attempt.id}/result")
    short = post(learner, own, text="Trop court.")
    assert short.status_code == 400
    assert "Trop court.</textarea>" in short.text
    assert post(learner, own, text="La date figure <b>page 2</b> du dossier.").status_code == 303
    assert post(learner, own, text="Une seconde demande, qui ne compte pas.").status_code == 200
    [appeal] = set(re.findall(r"/teach/marking/appeals/\d+", read(bruno, "/teach/marking")))
    shown = read(bruno, appeal)
    assert "page 2&lt;/b&gt;" in shown
    assert f"ne compte pas : {TOO_LATE}" in " ".join(shown.split())
    assert TOO_LATE not in read(ana, f"{work}")
    assert post(ana, appeal, answer="Je maintiens.", go="reject").status_code == 409
    assert post(bruno, appeal, answer="", go="accept", **FULL).status_code == 400
    assert post(bruno, appeal, answer="Rien ne change.", go="accept", **LEVELS).status_code == 409
    assert post(bruno, appeal, answer="La date y est.", go="accept", **FULL).status_code == 303
    session.expire_all()
    assert attempt.score == 1
    session.commit()
    assert "La date y est." in read(learner, own)
    assert "La date y est." in read(learner, f"/learn/attempts/{attempt.id}/result")


def test_a_jury_decides_two_by_two_and_leaves_its_minutes(session: Session, platform: PlatformInTest) -> None:
    with published(jury=True) as track:
        learner, attempt = handed_in(session, platform, track, name="Éléonore Γεωργίου Жанна")
        ana, bruno, chloe = (coach(platform, number) for number in (1, 2, 3))
        post(chloe, f"/teach/marking/{attempt.id}/take")
        post(chloe, f"/teach/marking/{attempt.id}", **LEVELS, go="finish")
        assert "being marked" in read(learner, f"/learn/attempts/{attempt.id}/result?lang=en").lower()
        place = re.search(r'value="(\d+/decideurs/d1)"', read(ana, "/teach/juries/new"))
        assert place is not None
        form = read(ana, f"/teach/juries/new?place={place[1]}")
        seats = dict(re.findall(r'name="members" type="checkbox" value="(\d+)"> (Formatrice \d)', form)) or dict(
            re.findall(r'id="members-\d" name="members" type="checkbox" value="(\d+)">\s*(Formatrice \d)', form)
        )
        number = {name: seat for seat, name in seats.items()}
        made = {"place": place[1], "title": "Jury d’automne", "president": number["Formatrice 1"]}
        assert post(ana, "/teach/juries/new", **made, day="31/02/2026").status_code == 400
        alone = post(ana, "/teach/juries/new", **made, day="02/12/2026", members=[number["Formatrice 1"]])
        assert alone.status_code == 400
        both = [number["Formatrice 1"], number["Formatrice 2"]]
        jury = post(ana, "/teach/juries/new", **made, day="2 décembre 2026", members=both).location
        changed = {**made, "title": "Jury d’hiver", "day": "03/12/2026", "members": both}
        turned = {**changed, "president": number["Formatrice 2"]}
        assert 'value="Jury d’automne"' in read(ana, f"{jury}/edit")
        assert post(ana, f"{jury}/edit", **turned).location == jury
        assert post(ana, f"{jury}/edit", **{**changed, "members": both[:1]}).status_code == 400
        assert "Jury d’hiver" in read(bruno, jury)
        guide = re.search(r'href="(/learn/decideurs/d1/papers/kit-jury)"', read(bruno, jury))
        assert guide is not None
        assert "décider à deux" in read(bruno, guide[1])
        candidate = f"{jury}/candidates/{attempt.id}"
        assert chloe.get(jury).status_code == chloe.get(candidate).status_code == chloe.get(f"{jury}.pdf").status_code
        assert chloe.get(jury).status_code == 404
        assert "Éléonore" in read(ana, jury)
        below = post(ana, candidate, decision="admitted", score="12,5", reason="Un gain.")
        assert below.status_code == 409
        assert "12,5" in below.text
        assert post(ana, candidate, decision="admitted", score="douze", reason="Un gain.").status_code == 400
        assert (
            post(ana, candidate, decision="admitted", score="", reason="Un gain 😀 mesuré.\nBravo.").status_code == 303
        )
        said = re.search(r'name="said" value="(\d+)"', read(bruno, candidate))
        assert said is not None
        assert 'name="said"' not in read(ana, candidate)  # nobody confirms twice
        assert post(bruno, f"{candidate}/confirm", said="999999").location == candidate
        assert post(bruno, f"{candidate}/confirm", said=said[1]).location == jury
        session.expire_all()
        assert attempt.passed
        session.commit()
        assert "Un gain 😀 mesuré." in read(learner, f"/learn/attempts/{attempt.id}/result")
        post(ana, f"{jury}/close")
        assert session.scalars(sa.select(Jury)).one().closed_at is not None
        session.commit()
        page = read(bruno, f"{jury}/minutes?lang=en")
        assert "Un gain 😀 mesuré." in page
        file = bruno.get(f"{jury}.pdf?lang=en")
        assert file.headers["Content-Disposition"].startswith("attachment")
        text = "\n".join(each.extract_text() for each in PdfReader(BytesIO(file.data)).pages)
        for part in (
            "Éléonore Γεωργίου Жанна", "Admitted", "81", "Un gain ? mesuré.", "Bravo.", "Formatrice 2, president",
            "Formatrice 1", "Jury d’hiver", "03/12/2026", "____",
        ):  # fmt: skip
            assert part in text.replace("\u00a0", " "), part


def test_minutes_say_what_another_jury_decided(session: Session, platform: PlatformInTest) -> None:
    with published(jury=True) as track:
        _learner, attempt = handed_in(session, platform, track)
        ana, bruno, chloe = (coach(platform, number) for number in (1, 2, 3))
        post(chloe, f"/teach/marking/{attempt.id}/take")
        post(chloe, f"/teach/marking/{attempt.id}", **LEVELS, go="finish")
        place = re.search(r'value="(\d+/decideurs/d1)"', read(ana, "/teach/juries/new"))
        assert place is not None
        members = session.scalars(sa.select(Person.id).where(Person.subject.in_(["trainer-1", "trainer-2"]))).all()
        session.commit()
        made = {"place": place[1], "president": members[0], "members": members, "day": "02/12/2026"}
        autumn, winter = (post(ana, "/teach/juries/new", **made, title=f"Jury {n}").location for n in (1, 2))
        for jury in (autumn, winter):
            wrote = f"Un gain, dit {jury}."
            post(ana, f"{jury}/candidates/{attempt.id}", decision="admitted", score="", reason=wrote)
        candidate = f"{winter}/candidates/{attempt.id}"
        said = re.search(r'name="said" value="(\d+)"', read(bruno, candidate))
        assert said is not None
        post(bruno, f"{candidate}/confirm", said=said[1])
        assert "Decided by another jury" in read(ana, f"{autumn}?lang=en")
        assert "another jury decided" in read(ana, f"{autumn}/candidates/{attempt.id}?lang=en")
        assert post(ana, f"{autumn}/close").location == f"{autumn}/minutes"
        page = read(ana, f"{autumn}/minutes?lang=en")
        assert "Decided by another jury" in page
        assert "Un gain" not in page
        text = PdfReader(BytesIO(ana.get(f"{autumn}.pdf?lang=en").data)).pages[0].extract_text()
        assert "Decided by another jury" in text.replace("\u00a0", " ")
        assert "Decided by another jury" not in read(ana, f"{winter}/minutes?lang=en")
        session.execute(sa.update(Work).values(state="jury", done_at=None))  # as an accepted appeal does
        session.commit()
        assert "Decided by another jury" in read(ana, f"{autumn}/minutes?lang=en"), "they are final"


def test_a_pile_of_many_costs_what_one_costs(session: Session, platform: PlatformInTest, track: Track) -> None:
    handed_in(session, platform, track)
    ana = coach(platform, 1)
    read(ana, "/teach/marking")

    def cost() -> int:
        with statements() as heard:
            read(ana, "/teach/marking")
        return len(data(heard))

    alone = cost()
    for number in range(2, 8):
        handed_in(session, platform, track, number)
    assert cost() == alone <= 10
    assert HALF.comment not in read(ana, "/teach/marking")
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 7
