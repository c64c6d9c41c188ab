"""Works are handed in whole: what they lack is said, files are what they say they are, and nothing of them is lost."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import Config
from lms.models import Answer, Attempt, Deposit, Grading, Person, db, utcnow
from lms.services import deposits
from lms.services.privacy import taken_out
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, person
from tests.works_in_test import PDF, Work, docx, whole_answer

pytestmark = pytest.mark.usefixtures("works")


@pytest.fixture
def other(platform: PlatformInTest) -> FlaskClient:
    """Somebody else, in a browser of their own."""
    client: FlaskClient = platform.launched(**person(2))
    return client


# The dossier


def test_a_project_cannot_be_handed_in_incomplete(work: Work, session: Session) -> None:
    said = whole_answer("project")
    before = work.page().text
    assert "Il manque encore, avant de remettre" in before
    assert "Mesure de référence" in before, "the rubric is shown before one begins"
    del said["a.baseline-day"]
    saved = work.save("project", {**said, "a.after-day": "2026-02-30"})
    assert "Indiquez la date de la mesure de référence." in saved.json["so_far"]
    review = work.client.get(f"{work.url}/review").text
    assert "À compléter" in review
    assert "Envoyer mes réponses" not in review
    refused = work.submit()
    assert refused.status_code == 409
    assert "Indiquez la date de la mesure de référence." in refused.text
    assert "n’est pas une date" in refused.text
    assert count(session, Grading) == 0
    assert session.query(Attempt).one().submitted_at is None
    session.rollback()  # lets others write
    odd = work.save("project", {**said, "a.hours": "<img src=x onerror=alert(1)>"})
    assert "&lt;img src=x" in odd.json["so_far"]
    assert "<img" not in odd.json["so_far"]
    work.save("project", {**said, "a.after-day": "2026-02-30"})
    wrong = work.page().text
    assert 'aria-describedby="f-after-day-wrong" aria-invalid="true"' in wrong

    saved = work.save("project", whole_answer("project"))
    told = saved.json["so_far"].replace("\u202f", " ").replace("\u00a0", " ")
    for shown in ("16 000,00 €", "13 650,00 €", "3 650,00 €", "22,8 %", "25,0 %", "7,5", "Il ne manque rien."):
        assert shown in told
    assert work.submit().status_code == 303
    result = work.client.get(f"{work.url}/result").text
    assert "En correction" in result
    assert "22,8" in result
    session.expire_all()
    attempt = session.query(Attempt).one()
    assert (attempt.score, attempt.passed) == (None, None)
    assert attempt.marks == {"deposit": {"points": "0", "reason": "none"}}, "nothing handed in earns nothing at once"


def test_what_the_clock_closes_is_handed_in_as_it_is(work: Work, session: Session) -> None:
    attempt = session.query(Attempt).one()
    attempt.due_at = utcnow() - timedelta(minutes=5)
    session.commit()
    assert work.submit().status_code == 303
    late = work.add("tard.pdf", PDF)
    assert late.status_code == 303
    assert late.location.endswith("/result")
    assert count(session, Deposit) == 0


# Files


def test_a_file_is_added_with_what_is_typed_and_given_back_to_its_owner(work: Work, session: Session) -> None:
    note = {"a.note": "Lire d’abord la page 2."}
    assert work.add("../grille <1>.docx", docx(), **note).status_code == 303
    assert work.add("Annexe.PDF", PDF, **note).status_code == 303
    page = work.page("deposit").text
    assert "Annexe.pdf\u202f» est ajouté (1\u00a0ko)." in page
    assert "Lire d’abord la page 2." in page
    assert "grille -1-.docx" in page
    assert "Aucun autre fichier" in page, "two at most"
    first, second = work.files()
    given = work.client.get(second)
    assert given.data == PDF
    assert given.mimetype == "application/pdf"
    assert given.headers["Content-Disposition"] == "attachment; filename=Annexe.pdf"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox; object-src 'none'")
    # Taken back, it is kept and counts no more; the rest stays.
    assert work.change("deposit", take=first.rsplit("/", 1)[1], **note).status_code == 303
    assert work.files() == [second]
    assert work.client.get(first).status_code == 404
    assert work.change("deposit", take="rien").status_code == 400
    assert session.query(Deposit).filter(Deposit.removed_at.is_not(None)).one().name == "grille -1-.docx"
    last = session.query(Answer).order_by(Answer.id.desc()).first()
    assert last is not None
    assert [value.partition("/")[2] for value in last.response["files"]] == ["Annexe.pdf"]
    assert last.response["note"] == ["Lire d’abord la page 2."]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rapport.pdf", b"MZ\x90\x00" + bytes(80), "Ce type de fichier n’est pas admis"),
        ("bombe.docx", docx(word__media_bin=bytes(30_000_000)), "bombe.docx"),
        ("comptes.docx", docx(word__vbaProject_bin=b"x"), "contient des macros"),
        ("lourd.pdf", PDF + bytes(5_000_001), "dépasse 5"),
        ("vide.pdf", b"", "Ce fichier est vide"),
    ],
    ids=["program", "bomb", "macros", "too large", "empty"],
)
def test_what_is_refused_says_why_and_leaves_the_rest(
    work: Work, session: Session, name: str, content: bytes, words: str
) -> None:
    refused = work.add(name, content, **{"a.note": "Ce que j’ai écrit."})
    assert refused.status_code == 400
    assert words in refused.text.replace("\u00a0", " ")
    assert "Ce que j’ai écrit." in refused.text
    assert count(session, Deposit) == 0


def test_the_same_file_twice_is_told_and_kept_once(work: Work, session: Session) -> None:
    assert work.add("grille.pdf", PDF).status_code == 303
    again = work.add("copie.pdf", PDF)
    assert again.status_code == 400
    assert "Ce fichier est déjà là" in again.text
    none = work.change("deposit", add="files")
    assert none.status_code == 400
    assert "Aucun fichier n’est choisi" in none.text
    assert work.add("grille.pdf", PDF + b"%").status_code == 303
    assert [row.name for row in deposits.listed(session, session.query(Attempt).one().id)] == [
        "grille.pdf", "grille (2).pdf",
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_an_upload_cut_short_leaves_nothing(work: Work, session: Session) -> None:
    begun = (
        b'--cut\r\nContent-Disposition: form-data; name="permission"\r\n\r\n' + work.permission.encode() + b"\r\n"
        b'--cut\r\nContent-Disposition: form-data; name="file.files"; filename="a.pdf"\r\n\r\n' + PDF
    )
    answer = work.client.post(
        f"{work.url}/{work.pages['deposit']}/files", data=begun, content_type="multipart/form-data; boundary=cut",
        environ_overrides={"CONTENT_LENGTH": str(len(begun) + 500)},
    )  # fmt: skip
    assert answer.status_code == 400
    assert count(session, Deposit) == 0


def test_more_than_a_page_takes_is_refused_before_it_is_read(work: Work) -> None:
    too_much = work.client.post(
        f"{work.url}/1/files", data=b"", content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "900000000"},
    )  # fmt: skip
    assert too_much.status_code == 413


def test_somebody_else_s_file_does_not_exist(work: Work, other: FlaskClient, session: Session) -> None:
    work.add("grille.pdf", PDF)
    (address,) = work.files()
    assert other.get(address).status_code == 404
    assert other.get(address.rsplit("/", 1)[0] + f"/{uuid4()}").status_code == 404
    mine = Work(other)
    assert other.get(f"{mine.url}/files/{address.rsplit('/', 1)[1]}").status_code == 404
    assert mine.change("deposit", take=address.rsplit("/", 1)[1]).status_code == 303
    theft = {"permission": mine.permission, "add": "files", "file.files": (io.BytesIO(PDF), "a")}
    stolen = other.post(f"{work.url}/1/files", data=theft)
    assert stolen.status_code == 400
    assert other.post(f"{work.url}/1/files", data={"add": "files"}).status_code == 400
    assert work.files() == [address]
    anonymous: FlaskClient = work.client.application.test_client()
    assert anonymous.get(address).status_code == 401
    assert session.query(Deposit).one().removed_at is None


def test_nothing_moves_once_it_is_submitted(work: Work, session: Session) -> None:
    work.add("grille.pdf", PDF)
    (address,) = work.files()
    work.save("project", whole_answer("project"))
    assert work.submit().status_code == 303
    for answer in (work.add("autre.pdf", PDF + b"%"), work.change("deposit", take=address.rsplit("/", 1)[1])):
        assert answer.location.endswith("/result")
    assert work.client.get(address).data == PDF
    assert session.query(Deposit).one().removed_at is None
    (told,) = taken_out(session, session.query(Person).filter_by(subject="learner-1").one())["files"]
    assert told["name"] == "grille.pdf"
    assert "content" not in told
    session.rollback()
    assert "grille.pdf" in work.client.get(f"{work.url}/result").text


def test_files_are_there_after_a_restart(work: Work, config: Config) -> None:
    work.add("grille.pdf", PDF)
    (address,) = work.files()
    restarted = create_app(config)
    browser = restarted.test_client()
    with work.client.session_transaction() as old, browser.session_transaction() as new:
        new.update(old)
    assert browser.get(address).data == PDF
    with restarted.app_context():
        db.engine.dispose()
    restarted.extensions["outbound"].close()
