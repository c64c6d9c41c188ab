"""A bank of 5 000 questions in the studio against a bank of 50: its page, a search, a question opened and saved.

All run in one process, by turns, on SQLite. ``python -m tests.bench.bench_bank [QUESTIONS]``
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from lms.app import create_app
from lms.config import load_config
from lms.models import Draft, db
from lms.schema import upgrade
from lms.services import drafts
from tests.bank_in_test import TRACK, Author, fields, fill
from tests.curricula.exchange.question_samples import a_question

ROUNDS = 20
SMALL = "d2"


def main(large: int = 5_000) -> None:
    """Print the CPU of each act in both banks, and the ratio."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_config({}, base_url="http://localhost:8000", data_dir=Path(folder)))
        upgrade(app)
        author = Author(app)
        with app.app_context():
            draft = db.session.query(Draft).filter_by(track_key=TRACK).one()
            fill(db.session(), draft, 50, SMALL)
            fill(db.session(), draft, large)
            db.session.commit()
            assert drafts.open_draft(db.session(), TRACK)
            db.session.remove()
        acts = {
            name: {module: act(author, module) for module in ("d1", SMALL)}
            for name, act in (
                ("list", lambda who, module: lambda: _get(who, module, "")),
                ("search", lambda who, module: lambda: _get(who, module, "?q=permis+numero7&state=unfinished")),
                ("open", lambda who, module: lambda: _get(who, module, "/questions/many-00007")),
                ("save", _saver),
                ("move", lambda who, module: lambda: _post(who, module, "/questions/many-00007/move", by="1")),
            )
        }
        for name, both in acts.items():
            spent: dict[str, list[float]] = {module: [] for module in both}
            for _ in range(ROUNDS):
                for module, act in both.items():
                    began = time.process_time()
                    act()
                    spent[module].append(time.process_time() - began)
            many, few = (statistics.median(spent[module]) for module in ("d1", SMALL))
            print(
                f"{name:8} {large} questions {many * 1000:7.1f} ms CPU   50 {few * 1000:7.1f} ms   x {many / few:4.1f}"
            )
        with app.app_context():
            db.engine.dispose()
        app.extensions["outbound"].close()


def _saver(who: Author, module: str) -> Callable[[], None]:
    edition = iter(range(1, ROUNDS + 1))

    def save() -> None:
        number = next(edition)
        data = fields(a_question(stem={"fr": f"Est-ce permis, {number} ?"}))
        _post(who, module, "/questions/many-00008", **data, edition=str(number))

    return save


def _get(who: Author, module: str, path: str) -> None:
    assert who.browser.get(f"/author/{TRACK}/{module}/bank{path}").status_code == 200


def _post(who: Author, module: str, path: str, **data: str) -> None:
    answer = who.browser.post(f"/author/{TRACK}/{module}/bank{path}", data={"csrf_token": who.token, **data})
    assert answer.status_code == 303, answer.status_code


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
