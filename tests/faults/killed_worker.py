"""A process that runs workers and kills each between two given steps: ``python -m tests.faults.killed_worker``.

Arguments: address of the database, folder of data, folder of keys. Each line read is the step to die at, counted from
1; each line written is what became of that worker: « killed », or « lived » when it ended its work before.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import configure_mappers

from lms.app import create_app
from lms.lti.http import Outbound
from lms.worker import Worker
from tests.conftest import make_config
from tests.tracks_in_test import fixed_tracks

KILLED = 9


def main() -> None:
    """Fork a worker for each step asked for; nothing of it is left when it dies, as after SIGKILL."""
    database_url, data, keys = sys.argv[1:]
    # Made once: no connection is open yet, so that none is shared. What each fork would make again is made here.
    worker = Worker(create_app(make_config(database_url, Path(data), keys_dir=Path(keys))))
    configure_mappers()
    fixed_tracks()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _work(worker, int(line))
        _, status = os.waitpid(child, 0)
        said = {KILLED: "killed", 0: "lived"}.get(os.waitstatus_to_exitcode(status), f"failed {status}")
        print(said, flush=True)


def _work(worker: Worker, step: int) -> None:
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the log is no answer
    count = 0

    def passing() -> None:
        nonlocal count
        count += 1
        if count == step:
            os._exit(KILLED)

    _around(DefaultDialect, "do_commit", passing)
    _around(Outbound, "request", passing)
    worker.drain()
    os._exit(0)


def _around(owner: type, name: str, passing: Callable[[], None]) -> None:
    """Pass a step before each call and after it."""
    real = getattr(owner, name)

    def watched(*arguments: Any, **more: Any) -> Any:
        passing()
        result = real(*arguments, **more)
        passing()
        return result

    setattr(owner, name, watched)


if __name__ == "__main__":
    main()
