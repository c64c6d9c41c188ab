"""What reading a question bank of other tools costs: each format beside a plain parse of the same XML.

Run ``python tests/bench/bench_exchange.py [QUESTIONS]``. Prints ratios of CPU time, taken in turn in one process:
seconds depend on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).parents[2]))

from curricula.exchange.formats import gift, moodle_xml
from curricula.exchange.model import Bank
from curricula.model import Option, Question

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


def main(count: int = 5_000) -> None:
    """Print each step's CPU time as a ratio of the plain parse's."""
    content, questions = export(count), bank(count)
    as_gift = gift.write(questions).content
    steps: dict[str, Callable[[], object]] = {
        "xml.etree, parsed alone": lambda: ET.fromstring(content),
        "Moodle XML, read": lambda: moodle_xml.read(content, "fr"),
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
