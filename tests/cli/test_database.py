"""``lms db``: a database is brought to this release, once or as often as one likes."""

import sqlalchemy as sa

from tests.cli.conftest import Run


def revisions(url: str) -> tuple[list[str], int]:
    """The revision of a database, and the number of LTI keys in it."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(sa.text("select version_num from alembic_version")))
        keys = int(connection.scalar(sa.text("select count(*) from tool_key")) or 0)
    engine.dispose()
    return found, keys


def test_a_new_database_is_made_and_upgrading_again_changes_nothing(run_apart: Run, tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/var/lms.sqlite3"
    first = run_apart("db", "upgrade")
    assert (first.status, first.out) == (0, "The database is up to date.\n"), first.err
    made = revisions(url)
    assert len(made[0]) == made[1] == 1
    assert run_apart("db", "upgrade").status == 0
    assert revisions(url) == made


def test_upgrading_an_upgraded_database_changes_nothing(run_apart: Run, database_url: str) -> None:
    before = revisions(database_url)
    secret = "a secret key for tests that is long enough"
    again = run_apart("db", "upgrade", LMS_DATABASE_URL=database_url, LMS_SECRET_KEY=secret)
    assert (again.status, again.out) == (0, "The database is up to date.\n"), again.err
    assert revisions(database_url) == before


def test_a_database_that_cannot_be_reached_is_explained(run_apart: Run) -> None:
    outcome = run_apart("db", "upgrade", LMS_DATABASE_URL="postgresql://nobody:hidden@127.0.0.1:1/none")
    assert outcome.status == 1
    assert "LMS_DATABASE_URL" in outcome.err
    assert "Traceback" not in outcome.err
    assert "hidden" not in outcome.err
