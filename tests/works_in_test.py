"""Works that a person marks, for tests: a track whose one module asks for them, and files to hand in."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from curricula.bank import read_bank
from curricula.model import Question, QuizRules, Track
from curricula.problems import Place
from tests.learner_in_test import TRACK, module

SAMPLES = Path(__file__).parent / "assessments" / "questions"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TEXT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def question_of(kind: str) -> Question:
    """The sample of a type, asked in module D1."""
    (found,) = read_bank(Place.of(kind, (SAMPLES / f"{kind}.toml").read_bytes()), [])
    part = module("d1")
    return replace(found, key=kind, objective=part.objectives[0].key, source=part.sources[0].key)


def whole_answer(kind: str) -> dict[str, str]:
    """What a page sends of the sample's answer, files left out."""
    said = json.loads((SAMPLES / f"{kind}.json").read_text())["right"]
    return {f"a.{name}": values[0] for name, values in said.items() if "/" not in values[0]}


def works_track(*kinds: str) -> Track:
    """A track of one module, « w1 », whose assessment asks for one work of each kind, in one attempt at a time."""
    quiz = QuizRules(len(kinds), Fraction(7, 10), 0, 0)
    core = module("d1")
    part = replace(
        core, key="w1", code="W1", order=1, requires=(), branch=None, quiz=quiz, objectives=core.objectives[:1],
        lessons=core.lessons[:1], questions=tuple(map(question_of, kinds)),
    )  # fmt: skip
    return replace(TRACK, key="works", code="W", version="2026.1", certificate=None, modules=(part,), branches=())


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    """An archive of these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def docx(**more: bytes) -> bytes:
    """A document of Office, with more parts: « word__vbaProject_bin » is word/vbaProject.bin."""
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{TEXT}"/></Types>'
    parts: dict[str, bytes | str] = {"[Content_Types].xml": types, "word/document.xml": "<w/>"}
    return zipped(parts | {name.replace("__", "/").replace("_", "."): content for name, content in more.items()})


def opendocument(kind: str = "text", **more: bytes) -> bytes:
    """An OpenDocument text or spreadsheet, with more parts named as those of ``docx``."""
    parts: dict[str, bytes | str] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": "<office/>",
    }
    return zipped(parts | {name.replace("__", "/").replace("_", "."): content for name, content in more.items()})
