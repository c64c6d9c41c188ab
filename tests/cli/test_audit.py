"""``lms audit``: the chain of the journal checked from a terminal, and its signed end kept elsewhere."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from lms.app import create_app
from lms.models import AuditEntry, AuditLink, db
from lms.services import audit
from lms.worker import Worker
from tests.cli.conftest import Run


@pytest.fixture
def journal(ready: Run) -> Run:
    """A database whose journal has lines, chained by a worker."""
    app = create_app()
    with app.app_context():
        for number in range(5):
            audit.record(db.session(), "certificate_verified", f"MPIA-2026-{number:06}", state="valid")
        db.session.commit()
    Worker(app).upkeep()
    with app.app_context():
        db.engine.dispose()
    app.extensions["outbound"].close()
    return ready


def change(*statements: sa.Delete | sa.Update) -> None:
    app = create_app()
    with app.app_context():
        for statement in statements:
            db.session.execute(statement)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    app.extensions["outbound"].close()


def test_an_intact_chain_is_said_intact(journal: Run) -> None:
    outcome = journal("audit", "verify")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("The chain is intact: ")


def test_an_altered_line_is_told_with_its_place(journal: Run) -> None:
    change(sa.update(AuditEntry).where(AuditEntry.target == "MPIA-2026-000002").values(details={"state": "revoked"}))
    outcome = journal("audit", "verify")
    assert outcome.status == 1
    place, said = outcome.out.splitlines()
    assert place.startswith("position ")
    assert "altered" in place
    assert said.startswith("The chain is broken (1)")


def test_a_cut_end_is_shown_by_the_head_kept_elsewhere(journal: Run, tmp_path: Path) -> None:
    head = journal("audit", "head")
    assert head.status == 0
    (tmp_path / "head.json").write_text(head.out)
    assert journal("audit", "verify", "--head", "head.json").status == 0
    last = json.loads(head.out)["position"]
    entry = sa.select(AuditLink.entry_id).where(AuditLink.position == last).scalar_subquery()
    change(sa.delete(AuditEntry).where(AuditEntry.id == entry), sa.delete(AuditLink).where(AuditLink.position == last))
    outcome = journal("audit", "verify", "--head", "head.json")
    assert outcome.status == 1
    assert "beyond the end of the chain" in outcome.out


@pytest.mark.parametrize("content", ["", "nothing", "[" * 100_000])
def test_a_head_that_is_no_json_is_not_understood(journal: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "head.json").write_text(content)
    outcome = journal("audit", "verify", "--head", "head.json")
    assert (outcome.status, outcome.out) == (2, "")
    assert "head.json" in outcome.err


def test_before_the_first_line_there_is_no_head(ready: Run) -> None:
    outcome = ready("audit", "head")
    assert outcome.status == 1
    assert "No line is chained yet" in outcome.err
    assert ready("audit", "verify").status in {0, 1}
