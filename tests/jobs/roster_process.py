"""Reads the rosters that are due in a process of its own, and prints what that took.

Arguments: the database's address, a folder, the folder of the signing keys. Output: JSON with ``growth`` (megabytes of
memory at its highest, beyond what the process had before), ``seconds``,
``cpu`` (start included), and the state of the job.
"""

import json
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from lms.app import create_app
from lms.models import OutboxJob, db
from lms.services import rosters
from lms.worker import Worker
from tests.conftest import make_config


def memory(name: str) -> float:
    """Memory of this process in megabytes: ``VmRSS`` now, ``VmHWM`` at its highest.

    Not ``getrusage``, whose peak begins at that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(name + ":"))) / 1024


def main(database_url: str, folder: Path, keys_dir: Path) -> None:
    app = create_app(make_config(database_url, folder, keys_dir=keys_dir))
    worker = Worker(app)
    with app.app_context():
        before, start = memory("VmRSS"), time.monotonic()
        worker.drain(600)
        job = db.session.scalars(sa.select(OutboxJob).filter_by(kind=rosters.KIND)).one()
        took = {
            "growth": memory("VmHWM") - before,
            "seconds": time.monotonic() - start,
            "job": [job.status, job.last_error],
        }
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
