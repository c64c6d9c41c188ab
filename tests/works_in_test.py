"""Works that a person marks, for tests: a track whose one module asks for them, and files to hand in."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from curricula.bank import read_bank
from curricula.model import Question, QuizRules, Track
from curricula.problems import Place
from tests.learner_in_test import TRACK, module
from tests.platform_in_test import field, form_token

SAMPLES = Path(__file__).parent / "assessments" / "questions"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TEXT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
START = "/learn/works/w1/assessment"
JSON = {"Accept": "application/json"}


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


class Work:
    """An attempt at the assessment of works, as its learner's browser sees it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        client.get("/learn/works")
        begun = client.post(START, data={"csrf_token": form_token(client.get(START))})
        assert begun.status_code == 303, begun.text
        self.url = begun.location.rsplit("/", 1)[0]
        pages = [self.client.get(f"{self.url}/{number}") for number in (1, 2)]
        #: What is asked → the number of its page.
        self.pages = {
            "project" if 'name="a.indicator"' in page.text else "deposit": number
            for number, page in enumerate(pages, start=1)
        }
        self.permission = field(pages[0], "permission")

    def page(self, kind: str = "project") -> TestResponse:
        return self.client.get(f"{self.url}/{self.pages[kind]}")

    def save(self, kind: str, said: dict[str, str]) -> TestResponse:
        data = {"permission": self.permission, **said}
        return self.client.post(f"{self.url}/{self.pages[kind]}", data=data, headers=JSON)

    def change(self, kind: str, **more: Any) -> TestResponse:
        data = {"permission": self.permission, **more}
        answer = self.client.post(f"{self.url}/{self.pages[kind]}/files", data=data)
        answer.request.environ["wsgi.input"].close()  # what is large is in a file, which the test client leaves open
        return answer

    def add(self, name: str, content: bytes, kind: str = "deposit", **more: Any) -> TestResponse:
        place = {"deposit": "files", "project": "evidence"}[kind]
        return self.change(kind, add=place, **{f"file.{place}": (io.BytesIO(content), name)}, **more)

    def files(self, kind: str = "deposit") -> list[str]:
        """Where the files that the page shows are."""
        return re.findall(r'<a href="(/learn/attempts/[^"]+/files/[^"]+)" download>', self.page(kind).text)

    def submit(self) -> TestResponse:
        token = form_token(self.client.get(START))
        return self.client.post(f"{self.url}/submit", data={"csrf_token": token})
