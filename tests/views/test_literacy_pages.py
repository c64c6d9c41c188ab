"""The pages of the AI-literacy register: filled by forms, signed by a second person, closed to all the others."""

import hashlib
import json
import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.models import AuditEntry, HrScope, RegisterEdition, Unit, db
from lms.services.accounts import make_account
from lms.services.literacy_sources import reference_name, teaching_name
from tests.account_in_test import PASSWORD, signed_in, token_of
from tests.literacy_in_test import GROUP, LAW, TAUGHT, TRACK, agent, followed, register, unit
from tests.platform_in_test import PlatformInTest, administrator, field, hr_officer, trainer


@pytest.fixture
def place(app: Flask) -> dict[str, Any]:
    """MIN over DIR and ELSE; three agents of DIR, one trained; HR officers of the whole, of MIN, of DIR, of ELSE."""
    with app.app_context():
        session = db.session()
        top = unit(session, "MIN")
        units = {"MIN": top, "DIR": unit(session, "DIR", top), "ELSE": unit(session, "ELSE", top)}
        agents = [agent(session, f"0{number}", units["DIR"]) for number in range(3)]
        agent(session, "99", units["ELSE"], family_name="Dehors")
        followed(session, agents[0])
        for name, code in (("whole", None), ("min", "MIN"), ("dir", "DIR"), ("dir2", "DIR"), ("else", "ELSE")):
            person = make_account(session, f"{name}@example.org", PASSWORD, ["hr"], name).person_id
            if code:
                session.add(HrScope(person_id=person, unit_id=units[code].id))
        session.commit()
        found = {code: row.id for code, row in units.items()}
        db.session.remove()
    return found


def posted(browser: FlaskClient, path: str, **fields: Any) -> TestResponse:
    data = {"csrf_token": token_of(browser), **fields}
    return browser.post(path, data=data, content_type="multipart/form-data")


def written(browser: FlaskClient, path: str, **fields: Any) -> None:
    answer = posted(browser, path, **fields)
    assert answer.status_code == 303, re.findall(r'class="error".*?</p>|role="alert".*?</div>', answer.text, re.DOTALL)


def journal(app: Flask, action: str) -> list[AuditEntry]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry).filter_by(action=action).order_by(AuditEntry.id)))


def entry_of(browser: FlaskClient, path: str, title: str) -> str:
    """The address of the form of an entry."""
    found = re.search(
        rf'href="([^"]+/entries/\d+)">.*?<span class="hidden"> {re.escape(title)}', browser.get(path).text
    )
    assert found is not None
    return found[1]


def hidden(browser: FlaskClient, path: str, name: str) -> str:
    return field(browser.get(path), name)


def test_a_register_is_filled_read_and_signed(app: Flask, place: dict[str, Any]) -> None:
    editor, signer = signed_in(app, "dir@example.org"), signed_in(app, "dir2@example.org")
    assert "aucun registre" in editor.get("/hr/register/").text.lower()
    assert posted(editor, "/hr/register/", unit="ELSE").status_code == 400
    home = posted(editor, "/hr/register/", unit="DIR").location
    law, taught = reference_name(LAW["ai-act-4"]), teaching_name(TAUGHT["taught"])
    assert posted(editor, f"{home}/add/organisation", name="Direction fictive").status_code == 400
    written(
        editor, f"{home}/add/organisation", name="Direction fictive", role="deployer", accountable="Secrétaire", law=law
    )
    written(editor, f"{home}/add/system", name="Assistant", purpose="Courriers", risk="high", unit="DIR",
            risk_on="30/09/2026", law=reference_name(LAW["ai-act-annex-iii"]))  # fmt: skip
    page = editor.get(f"{home}/add/overseer").text
    system = re.search(r'<option value="(\d+)">Assistant', page)
    assert system is not None
    overseer = {"system": system[1], "competence": "Lire un score", "authority": "Suspendre l’outil"}
    refused = posted(editor, f"{home}/add/overseer", agent="99", **overseer)
    assert refused.status_code == 400
    assert "Suspendre l’outil" in refused.text  # what was typed stays
    written(editor, f"{home}/add/overseer", agent="00", **overseer)
    written(editor, f"{home}/add/group", name="Rédacteurs", who="agents", function="rédaction", deadline="31/01/2020")
    assert posted(editor, f"{home}/add/group", name="P", who="contractors", function="x").status_code == 400
    written(editor, f"{home}/add/group", name="Prestataires", who="contractors", function="infogérance", count="12")
    assert posted(editor, f"{home}/add/measure", name="Vide").status_code == 400
    written(editor, f"{home}/add/measure", name="Décideurs", taught=taught)
    written(
        editor, f"{home}/add/proof", name="Note", done_on="02/11/2026", file=(BytesIO(b"signed"), "C:\\x\\note.pdf")
    )
    assert posted(editor, f"{home}/add/review", reason="incident", about="Réponse fausse", opened_on="01/11/2026",
                  closed_on="02/11/2026").status_code == 400  # fmt: skip
    page = editor.get(home).text
    for words in (
        "Nom00 (00)", "Lire un score", "Décideurs publics 2026.1", "note.pdf", TRACK.digest,
        hashlib.sha256(b"signed").hexdigest(),
        "(Maîtrise de l’IA), version du 12/07/2024", "en vigueur depuis le 02/02/2025", "contribue à la preuve",
        "nouveau système d’IA", "Échéance dépassée", "30/09/2026",
    ):  # fmt: skip
        assert words in page, words
    assert "C:\\x" not in page
    assert "garantit" not in page

    # Who is not trained, by name: an act written in the journal.
    people = editor.get(f"{home}/gaps").text
    assert ("Ada Nom01" in people, "Ada Nom02" in people, "Ada Nom00" in people) == (True, True, False)
    assert "2 agents exposés" in people
    written(editor, f"{home}/add/remedy?agent=01", agent="01", exempt="Départ en mobilité", deadline="")
    assert posted(editor, f"{home}/add/remedy", agent="02").status_code == 400
    assert "Départ en mobilité" in editor.get(f"{home}/gaps").text
    assert [line.details["purpose"] for line in journal(app, "hr.view")].count("literacy gaps") == 2

    # Signed by somebody else, then frozen.
    assert "relire et signer" not in editor.get(home).text.lower()
    sign = f"{home}/sign"
    read = hidden(editor, sign, "read")
    assert posted(editor, sign, function="Cheffe", read=read).status_code == 409
    written(editor, entry_of(editor, home, "Décideurs"), name="Décideurs publics", taught=taught,
            before=hidden(editor, entry_of(editor, home, "Décideurs"), "before"))  # fmt: skip
    assert posted(signer, sign, function="Directrice", read=read).status_code == 409  # it changed meanwhile
    again = hidden(signer, sign, "read")
    answer = posted(signer, sign, function="Directrice", words="RAS", read=again)
    assert answer.status_code == 303
    edition = answer.location
    before = signer.get(edition).text
    assert "Tel que signé" in before
    assert "/entries/" not in before
    file = signer.get(f"{edition}.json")
    (line,) = journal(app, "register.signed")
    assert hashlib.sha256(file.data).hexdigest() == line.details["sha256"]
    assert json.loads(file.data)["signed"] == {"edition": 1, "name": "dir2", "function": "Directrice", "words": "RAS"}
    written(editor, entry_of(editor, home, "Assistant"), name="Autre nom", purpose="x", risk="minimal",
            before=hidden(editor, entry_of(editor, home, "Assistant"), "before"))  # fmt: skip
    assert "Autre nom" not in signer.get(edition).text
    assert signer.get(f"{edition}.json").data == file.data
    for address in (f"{edition}.pdf", f"{home}/register.pdf"):
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(signer.get(address).data)).pages)
        assert "contribue" in text
        assert ("Autre nom" in text) == ("register.pdf" in address)
    csv = editor.get("/hr/export/register.csv?unit=DIR&edition=1&purpose=audit").data.decode("utf-8-sig")
    assert "Assistant" in csv
    assert "Agent non formé;02" in csv
    assert "Nom02" not in csv


def test_two_who_write_the_same_entry_are_told_apart(app: Flask, place: dict[str, Any]) -> None:
    with app.app_context():
        register(db.session(), db.session.get_one(Unit, place["DIR"]), None, group=[GROUP])
        db.session.commit()
    first, second = signed_in(app, "dir@example.org"), signed_in(app, "dir2@example.org")
    address = entry_of(first, "/hr/register/1", "Rédacteurs")
    typed = {"who": "agents", "function": "rédaction", "before": hidden(second, address, "before")}
    written(first, address, name="Les premiers", **typed)
    answer = posted(second, address, name="Les seconds", **typed)
    assert answer.status_code == 409
    assert 'value="Les seconds"' in answer.text
    assert "Rien n’a été inscrit" in answer.text
    written(second, address, name="Les seconds", **{**typed, "before": field(answer, "before")})
    page = first.get(address).text
    assert page.index("Les premiers") > page.index("Ce que l’élément disait avant")
    assert posted(first, f"{address}/remove").status_code == 303
    assert first.get(address).status_code == 404


def test_forged_and_wrong_answers_are_refused_whole(app: Flask, place: dict[str, Any]) -> None:
    browser = signed_in(app, "dir@example.org")
    home = posted(browser, "/hr/register/", unit="DIR").location
    bad: list[dict[str, Any]] = [
        {"role": "king"}, {"accountable": " "}, {"policy_on": "31/02/2026"}, {"policy_at": "javascript:alert(1)"},
        {"law": "ai-act-4@1999"}, {"name": "x" * 301},
    ]  # fmt: skip
    good = {"name": "<b>Direction</b>", "role": "both", "accountable": "Secrétaire"}
    for change in bad:
        answer = posted(browser, f"{home}/add/organisation", **{**good, **change})
        assert answer.status_code == 400, change
        assert "&lt;b&gt;Direction" in answer.text or "name" in change
    assert (
        posted(browser, f"{home}/add/group", name="G", who="agents", function="f", units="DIR\nELSE").status_code == 400
    )
    assert posted(browser, f"{home}/add/proof", name="P", done_on="1/1/2026", agents="00\n99\n" * 3).status_code == 400
    assert browser.get(f"{home}/add/nothing").status_code == 404
    assert browser.get(f"{home}/gaps?group=x&start=-5").status_code == 200
    assert browser.get(f"{home}/editions/1").status_code == 404
    assert browser.post(f"{home}/add/organisation", data=good).status_code == 400  # without its form token
    with app.app_context():
        assert journal(app, "register.added") == []
    written(browser, f"{home}/add/organisation", **good)
    assert "<b>Direction" not in browser.get(home).text


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("group", {"name": "P", "who": "contractors", "function": "x"}, "Donnez le nombre de prestataires."),
        ("measure", {"name": "M"}, "ou écrivez les objectifs."),
        ("remedy", {"agent": "01"}, "un motif de dispense ou une mesure corrective."),
        ("review", {"closed_on": "2/1/2026"}, "Dites ce que la revue a conclu"),
        ("review", {"closed_on": "31/12/2025", "outcome": "x"}, "avant celui où la revue a été ouverte."),
        ("review", {"due_on": "31/12/2025"}, "avant celui où la revue a été ouverte."),
    ],
)
def test_answers_that_do_not_go_together_are_refused(
    app: Flask, place: dict[str, Any], kind: str, typed: dict[str, str], said: str
) -> None:
    browser = signed_in(app, "dir@example.org")
    home = posted(browser, "/hr/register/", unit="DIR").location
    if kind == "review":
        typed = {"reason": "incident", "about": "x", "opened_on": "1/1/2026", **typed}
    refused = posted(browser, f"{home}/add/{kind}", **typed)
    assert refused.status_code == 400
    assert said in unescape(refused.text)
    if kind == "review":
        written(
            browser, f"{home}/add/review", **{**typed, "due_on": "1/1/2026", "closed_on": "1/1/2026", "outcome": "x"}
        )


DOORS = [
    "",
    "/add/system",
    "/entries/1",
    "/gaps",
    "/sign",
    "/editions/1",
    "/editions/1.json",
    "/editions/1.pdf",
    "/register.pdf",
]


def test_a_register_is_closed_out_of_its_part_of_the_organisation(
    app: Flask, place: dict[str, Any], platform: PlatformInTest
) -> None:
    with app.app_context():
        session = db.session()
        row = register(session, session.get_one(Unit, place["DIR"]), None, group=[GROUP])
        session.add(RegisterEdition(register_id=row.id, number=1, content="{}", sha256="0"))
        session.commit()
    base = "/hr/register/1"
    for name in ("else@example.org", None):
        browser = signed_in(app, name) if name else platform.launched(**hr_officer())
        assert base not in browser.get("/hr/register/").text
        assert {browser.get(base + door).status_code for door in DOORS} == {404}
        for door in ("/add/system", "/entries/1", "/entries/1/remove", "/sign"):
            assert posted(browser, base + door, name="x").status_code == 404
        assert posted(browser, "/hr/register/", unit="DIR").status_code == 400
        assert "Rédacteurs" not in browser.get("/hr/export/register.csv?purpose=audit").text
    for other in (platform.launched(), platform.launched(**trainer()), platform.launched(**administrator())):
        assert {other.get(base + door).status_code for door in DOORS} == {403}
    assert {app.test_client().get(base + door).status_code for door in DOORS} == {401}
    for name in ("whole", "min", "dir"):
        browser = signed_in(app, f"{name}@example.org")
        assert browser.get(base).status_code == 200
        assert "Rédacteurs" in browser.get("/hr/export/register.csv?purpose=audit").text


def test_a_measure_says_that_its_version_was_overtaken(app: Flask, place: dict[str, Any]) -> None:
    with app.app_context():
        row = db.session.get_one(Unit, place["DIR"])
        row.code = 'D/I\n"R'
        old = {**TAUGHT["taught"], "digest": "0" * 64, "version": "2025.1"}
        register(db.session(), row, None, measure=[TAUGHT, {"name": "Ancienne", "taught": old}])
        db.session.commit()
    browser = signed_in(app, "dir@example.org")
    page = browser.get("/hr/register/1").text
    assert page.count("Une version plus récente est en ligne") == 1
    form = browser.get(entry_of(browser, "/hr/register/1", "Ancienne")).text
    assert "version 2025.1</option>" in form  # what it holds may stay
    assert "D-I-R" in browser.get("/hr/register/1/register.pdf").headers["Content-Disposition"]


def test_any_text_fits_on_paper(app: Flask, place: dict[str, Any]) -> None:
    """Long words, signs no face has, markup, a thousand agents not trained."""
    strange = ["x" * 300, "🤖 שלום عربى 中文", "<pdf:nextpage/><b>", "&amp; \u202e \u00ad \ufeff", "a\n" * 100]
    with app.app_context():
        session = db.session()
        of = session.get_one(Unit, place["DIR"])
        of.name = "y" * 300
        for number in range(201):
            agent(session, f"{'9' * 90}{number}", of)
        systems = [{"name": text[:300], "purpose": text, "risk": "high", "supplier": text[:300]} for text in strange]
        register(session, of, None, group=[{**GROUP, "name": "z" * 300}], system=systems)
        session.commit()
    answer = signed_in(app, "dir@example.org").get("/hr/register/1/register.pdf")
    assert answer.status_code == 200, answer.text[:500]
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    assert "<pdf:nextpage/>" in text
    assert "et 4 de plus" in " ".join(text.split())
