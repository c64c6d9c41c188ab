"""Files of a work are shown to the antivirus: the harmful one alone is left out, and what is typed is kept."""

from io import BytesIO

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.antivirus import Antivirus
from lms.models import Answer, AuditEntry, Deposit, db
from tests.clamd_in_test import EICAR, SIGNATURE, Clamd, Stub
from tests.works_in_test import PDF, Work

NOTE = {"a.note": "Lire d’abord la page 2."}


def noted(session: Session) -> list[str]:
    """What the last answer says beside its files."""
    last = session.scalars(select(Answer).order_by(Answer.id.desc())).first()
    found = list(last.response.get("note", [])) if last is not None else []
    session.rollback()
    return found


def noted_apart(app: Flask) -> list[str]:
    """The same, as another process reads it now."""
    with app.app_context():
        return noted(db.session())


def test_a_harmful_file_is_left_out_of_those_sent_together(
    app: Flask, work: Work, session: Session, clamd: Clamd, patient_scanner: None
) -> None:
    app.extensions["antivirus"] = Antivirus(clamd.url)
    sent = [(BytesIO(EICAR), "zoe.txt"), (BytesIO(PDF), "plan.pdf"), (BytesIO(PDF + EICAR), "autre.pdf")]
    answer = work.change("deposit", add="files", **{"file.files": sent}, **NOTE)
    assert answer.status_code == 400
    assert answer.text.count(f"nuisible dans ce fichier ({SIGNATURE})") == 1
    assert "zoe.txt" in answer.text
    assert sorted(session.scalars(select(Deposit.name))) == ["autre.pdf", "plan.pdf"], "a signature is of a whole file"
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "file_infected")).one()
    assert (line.target, line.details) == ("deposits.change", {"signature": SIGNATURE})
    assert line.person_id is not None
    assert noted(session) == [NOTE["a.note"]]


def test_an_antivirus_that_is_away_takes_nothing_of_what_is_typed(app: Flask, work: Work, session: Session) -> None:
    app.extensions["antivirus"] = stub = Stub("away", "clean")
    stub.meanwhile = lambda: typed.append(noted_apart(app))
    typed: list[list[str]] = []
    refused = work.add("plan.pdf", PDF, **NOTE)
    assert refused.status_code == 400
    assert "ne répond pas pour le moment" in refused.text
    assert "Renvoyez-le dans un instant." in refused.text
    assert (work.files(), noted(session)) == ([], [NOTE["a.note"]])
    assert work.add("plan.pdf", PDF).status_code == 303
    assert len(work.files()) == 1
    assert stub.seen == [PDF, PDF]
    assert typed[0] == [NOTE["a.note"]], "an exam that ends while a file is examined has what was typed"


def test_what_is_refused_anyway_is_not_examined(app: Flask, work: Work, session: Session) -> None:
    app.extensions["antivirus"] = stub = Stub()
    assert "Ce fichier dépasse" in work.add("a.txt", b"a" * 21_000_000).text
    assert work.change("deposit", add="files").status_code == 400
    assert session.scalars(select(Deposit)).all() == []
    assert stub.seen == []
    session.rollback()
