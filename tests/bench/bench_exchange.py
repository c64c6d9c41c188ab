"""What reading a question bank of other tools costs: each format beside a plain parse of the same XML.

So does the whole import in the studio, on SQLite: read, kept, shown, added to a draft.

Run ``python -m tests.bench.bench_exchange [QUESTIONS]``. Prints ratios of CPU time, taken in turn in one process:
seconds depend on the machine.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import process_time
from xml.etree import ElementTree as ET

import structlog

from curricula.exchange.formats import gift, moodle_xml
from curricula.exchange.model import Bank
from curricula.model import Option, Question
from lms.app import create_app
from lms.config import load_config
from lms.models import Draft, db
from lms.schema import upgrade
from lms.services import bank_files
from tests.bank_in_test import MODULE, TRACK, Author

ROUNDS = 3
#: As Moodle's editor writes a paragraph, with a word in bold in each stem.
STEM = '<p dir="ltr" style="text-align: left;">Courrier n° {}, <strong>vous</strong> signez&nbsp;: que faire&nbsp;?</p>'
ANSWER = """\
    <answer fraction="{}" format="html">
      <text><![CDATA[<p dir="ltr" style="text-align: left;">Réponse {} : l’agent relit, puis signe.</p>]]></text>
      <feedback format="html">
        <text><![CDATA[<p>L’annexe III vise des usages ; l’article 14, un contrôle réel.</p>]]></text>
      </feedback>
    </answer>
"""
QUESTION = """\
  <question type="multichoice">
    <name><text>Courrier {0}</text></name>
    <questiontext format="html">
      <text><![CDATA[{1}]]></text>
    </questiontext>
    <generalfeedback format="html"><text></text></generalfeedback>
    <defaultgrade>1.0000000</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <idnumber>q{0}</idnumber>
    <single>true</single>
    <shuffleanswers>true</shuffleanswers>
    <answernumbering>abc</answernumbering>
{2}    <tags><tag><text>objective:d2-o1</text></tag></tags>
  </question>
"""


def export(count: int) -> bytes:
    """A file as Moodle exports it, four options a question."""
    answers = "".join(ANSWER.format(100 if number == 1 else 0, number) for number in range(4))
    questions = "".join(QUESTION.format(number, STEM.format(number), answers) for number in range(count))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{questions}</quiz>\n'.encode()


def bank(count: int) -> Bank:
    """The same questions as ours."""
    options = tuple(
        Option(key, {"fr": "L’agent relit, puis signe."}, {"fr": "Article 14."}, correct=key == "b") for key in "abcd"
    )
    stem = {"fr": "Courrier, **vous** décidez : que faire ?"}
    return Bank("Banc", tuple(Question(f"q{n}", "single", "o1", 2, "s", stem, options) for n in range(count)), "fr")


@contextmanager
def studio() -> Iterator[int]:
    """A server with a draft that somebody writes: their number."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_config({}, base_url="http://localhost:8000", data_dir=Path(folder)))
        upgrade(app)
        author = Author(app)
        with app.app_context():
            yield author.person_id
            db.engine.dispose()
        app.extensions["outbound"].close()


def imported(content: bytes, person: int) -> Callable[[], None]:
    """The import of a file: sent, read by the job, shown, confirmed; nothing of it stays."""

    def run() -> None:
        session = db.session()
        draft = session.query(Draft).filter_by(track_key=TRACK).one()
        sent = {"name": "bank.xml", "content": content, "key": "moodle-xml", "language": "fr"}
        upload = bank_files.receive(session, draft, MODULE, person, **sent)
        bank_files.read(session, upload)
        bank_files.about(session, draft, MODULE, bank_files.found(session, upload)["questions"])
        bank_files.confirm(session, draft, upload, person, source="white-paper")
        session.rollback()

    return run


def main(count: int = 5_000) -> None:
    """Print each step's CPU time as a ratio of the plain parse's."""
    with studio() as person:
        compare(count, person)


def compare(count: int, person: int) -> None:
    """The same, in a studio that is there."""
    content, questions = export(count), bank(count)
    as_gift = gift.write(questions).content
    steps: dict[str, Callable[[], object]] = {
        "xml.etree, parsed alone": lambda: ET.fromstring(content),
        "Moodle XML, read": lambda: moodle_xml.read(content, "fr"),
        "Moodle XML, imported": imported(content, person),
        "Moodle XML, written": lambda: moodle_xml.write(questions),
        "GIFT, read": lambda: gift.read(as_gift, "fr"),
        "GIFT, written": lambda: gift.write(questions),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            begun = process_time()
            step()
            times[name].append(process_time() - begun)
    base = median(times["xml.etree, parsed alone"])
    print(f"{count} questions, {len(content) / 1e6:.1f} MB of XML, median of {ROUNDS} rounds, CPU time")
    for name, seconds in times.items():
        print(f"{name:<24} {median(seconds) / base:6.1f}  {count / median(seconds):10.0f} questions/s here")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
