"""The main job, headless: from a launch in an LMS to a certificate that verifies and HR's line."""

import csv
import io
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import httpx

from assessments.model import DrawnQuestion
from certificates.verify import verify
from curricula.model import Module, Question, Track
from lms.demo import FIRST, Demo
from lms.demo_answers import Form, best_answers
from lms.devlms import HeadlessBrowser
from lms.models import Attempt, db
from lms.questions import PREFIX, shown_key
from lms.services.answers import drawn_questions

PATIENCE = 30.0


class CheckFailed(Exception):
    """A step of the main job did not give what it promises."""


def check(demo: Demo, say: Callable[[str], None], patience: float = PATIENCE) -> None:
    """Run the main job through the running demo, saying each step with its figure. Raises ``CheckFailed``.

    ``patience`` is how long to wait, in seconds, for what the worker brings.
    """
    Checker(demo, say, patience).run()


class Checker:
    """One run of the main job, as a learner, a stranger, a trainer and an HR officer."""

    def __init__(self, demo: Demo, say: Callable[[str], None], patience: float) -> None:
        self._demo, self._say, self._patience = demo, say, patience
        self._tool = demo.addresses.tool
        self._track: Track = demo.tracks[FIRST]
        self._certified = self._track.certificate.modules if self._track.certificate else ()
        self._folder = demo.directory / "check"
        self._folder.mkdir(exist_ok=True)
        self._began = time.monotonic()

    def run(self) -> None:
        """Every step, in order."""
        with HeadlessBrowser(self._demo.addresses.lms) as learner:
            page = learner.launch("11", "decideurs")
            self._expect(page.status_code == 200 and "/learn/decideurs" in str(page.url), "launch", page)
            self._step("launched from the LMS", str(page.url.path))
            for module in (each for each in self._track.published_modules if each.key in self._certified):
                self.follow(learner, module)
            self._gradebook(learner)
            code = self._certificate(learner)
        self._files(code)
        self._trainer()
        self._hr(code)

    def follow(self, learner: HeadlessBrowser, module: Module) -> None:
        """Read a module whole, then pass its assessment."""
        for lesson in module.lessons:
            url = f"{self._tool}/learn/decideurs/{module.key}/{lesson.key}"
            page = learner.open(url)
            self._expect(page.status_code == 200, f"lesson {lesson.key}", page)
            done = learner.client.post(url + "/read", data={"csrf_token": _token(page)}, follow_redirects=False)
            self._expect(done.status_code == 303, f"reading {lesson.key}", done)
        words = sum(lesson.texts["fr"].words for lesson in module.lessons)
        self._step(f"{module.code} read", f"{len(module.lessons)} lessons, {words} words")
        self._assess(learner, module)

    def _assess(self, learner: HeadlessBrowser, module: Module) -> None:
        assert module.quiz is not None
        url = f"{self._tool}/learn/decideurs/{module.key}/assessment"
        page = learner.open(url)
        page = learner.client.post(url, data={"csrf_token": _token(page)}, follow_redirects=True)
        if page.status_code == 409:
            self._step(f"{module.code} passed", "in an earlier check of this folder")
            return
        self._expect("/learn/attempts/" in str(page.url), f"attempt at {module.code}", page)
        attempt = str(page.url).rpartition("/")[0]
        # One question left without an answer, in the first module, shows that the score is computed and not given.
        left = 1 if module.key == self._certified[0] else 0
        works = []
        for number, (question, drawn) in enumerate(self._drawn(attempt, module), 1):
            page = learner.open(f"{attempt}/{number}")
            begins = _plain(question.stem["fr"].partition("[[")[0])
            self._expect(begins in _plain(page.text), f"question {number} of {module.code}", page)
            if number > left:
                self._answer(learner, f"{attempt}/{number}", question, drawn)
                works += [question] if question.criteria else []
        page = learner.open(f"{attempt}/review")
        page = learner.client.post(f"{attempt}/submit", data={"csrf_token": _token(page)}, follow_redirects=True)
        self._expect(page.status_code == 200, f"handing in {module.code}", page)
        if works:
            self._mark(attempt.rpartition("/")[2], works)
            page = learner.open(str(page.url))
        expected = f"{int(Fraction(module.quiz.questions - left, module.quiz.questions) * 100)}"
        shown = re.search(r'<span class="big">(\d+)', page.text)
        got = shown[1] if shown else "nothing"
        self._expect(got == expected, f"result of {module.code}: {expected} % expected, {got} got", page)
        self._step(f"{module.code} passed", f"{got} %, threshold {int(module.quiz.threshold * 100)} %")

    def _drawn(self, attempt: str, module: Module) -> list[tuple[Question, DrawnQuestion]]:
        """What an attempt asks, and in which order it shows it: pages call the answers by where they stand."""
        with self._demo.app.app_context():
            row = db.session.get_one(Attempt, uuid.UUID(attempt.rpartition("/")[2]))
            drawn = drawn_questions(row)
            db.session.remove()
        by_key = {question.key: question for question in module.questions}
        return [(by_key[item.key], item) for item in drawn]

    def _answer(self, learner: HeadlessBrowser, url: str, question: Question, drawn: DrawnQuestion) -> None:
        """Answer a question rightly: in several decisions for a scenario."""
        for answer in best_answers(question):
            page = learner.open(url)
            fields = dict(_posted(question, drawn, answer))
            form: dict[str, Any] = {"permission": _value(page.text, "permission"), "go": "review", **fields}
            done = learner.client.post(url, data=form, follow_redirects=True)
            self._expect(done.status_code == 200, f"the answer to {question.key}", done)

    def _mark(self, attempt: str, works: Sequence[Question]) -> None:
        """Give the works of an attempt their best marks, as a trainer."""
        with HeadlessBrowser(self._demo.addresses.lms) as trainer:
            trainer.launch("13", "decideurs")
            url = f"{self._tool}/teach/marking/{attempt}"
            trainer.client.post(f"{url}/take", data={"csrf_token": _token(trainer.open(url))})
            best = {
                f"level.{question.key}.{criterion.key}": max(criterion.levels, key=lambda level: level.points).key
                for question in works
                for criterion in question.criteria
            }
            form = {"csrf_token": _token(trainer.open(url)), "go": "finish", **best}
            done = trainer.client.post(url, data=form, follow_redirects=False)
            self._expect(done.status_code == 303, "the trainer's marks", done)

    def _gradebook(self, learner: HeadlessBrowser) -> None:
        """The score of the track is there; it is complete where the certificate asks for every module."""
        whole = {module.key for module in self._track.path()} <= set(self._certified)
        progress = "Completed" if whole else "InProgress"

        def received() -> dict[str, Any] | None:
            try:
                rows = [row for row in learner.grades() if row["userId"] == "11"]
            except httpx.HTTPError:  # the LMS does not answer: the score waits, and so do we
                return None
            return next((row for row in rows if row["activityProgress"] == progress and row["grade"]), None)

        row = self._wait(received, "the score in the gradebook")
        self._step("score in the LMS's gradebook", f"{row['grade']} / {row['maximum']}, {progress}")

    def _certificate(self, learner: HeadlessBrowser) -> str:
        confirm = f"{self._tool}/certificates/name"
        page = learner.open(confirm)
        form = {"csrf_token": _token(page), "name": _value(page.text, "name")}
        done = learner.client.post(confirm, data=form, follow_redirects=False)
        self._expect(done.status_code == 303, "the name to print", done)
        self._step("name to print confirmed", form["name"])

        def issued() -> str | None:
            page = learner.open(f"{self._tool}/learn/decideurs")
            found = re.search(r"/verify/([0-9A-Z-]{20,})", page.text)
            return found[1] if found else None

        code = str(self._wait(issued, "the certificate"))
        self._step("certificate issued", code)
        return code

    def _files(self, code: str) -> None:
        with httpx.Client(trust_env=False) as stranger:
            page = stranger.get(f"{self._tool}/verify/{code}")
            self._expect(page.status_code == 200 and 'class="verdict ok"' in page.text, "verification page", page)
            identity = re.search(r"/credentials/([0-9a-f-]{36})\.pdf", page.text)
            self._expect(identity is not None, "the PDF's link", page)
            assert identity is not None
            base = f"{self._tool}/credentials/{identity[1]}"
            credential = self._save(stranger, f"{base}.json", "credential.json")
            pdf = self._save(stranger, f"{base}.pdf", "certificate.pdf")
            token = self._save(stranger, f"{base}.jwt", "credential.jwt")
            did = json.loads(self._save(stranger, f"{self._tool}/.well-known/did.json", "did.json"))
            status = [
                json.loads(self._save(stranger, entry["statusListCredential"], "status.json"))
                for entry in json.loads(credential)["credentialStatus"]
            ]
            (self._folder / "status.json").write_text(json.dumps(status), "utf-8")
        now = datetime.now(UTC)
        for name, data in (("PDF", pdf), ("JSON-LD", credential), ("JWT", token)):
            verdict = verify(data, did_document=did, status_list=status, now=now)
            self._expect(verdict.state == "valid", f"{name} is {verdict.state}: {verdict.checks}")
        changed = verify(
            pdf.replace(b"/Title", b"/Titlf", 1) if b"/Title" in pdf else pdf + b"\n%changed",
            did_document=did, status_list=status, now=now,
        )  # fmt: skip
        self._expect(changed.state == "modified", f"a changed PDF is {changed.state}")
        self._step("certificate verified offline", f"PDF {len(pdf) // 1000} kB, JSON-LD, JWT; a changed PDF is refused")

    def _trainer(self) -> None:
        with HeadlessBrowser(self._demo.addresses.lms) as trainer:
            page = trainer.launch("13", "decideurs")
            self._expect("/teach/" in str(page.url) and "Agent de démonstration A" in page.text, "cohort", page)
        self._step("trainer sees the cohort", str(page.url.path))

    def _hr(self, code: str) -> None:
        with HeadlessBrowser(self._demo.addresses.lms) as officer:
            page = officer.launch("14", "decideurs")
            self._expect(page.status_code == 200 and "/hr" in str(page.url), "HR page", page)
            data = self._save(
                officer.client, f"{self._tool}/hr/export/completions.csv?purpose=audit", "completions.csv"
            )
            shown = officer.open(f"{self._tool}/verify/{code}").text
        number = re.search(r"MPIA-\d{4}-\d{6}", shown)
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
        lines = [row for row in rows if number is not None and number[0] in row]
        self._expect(bool(lines), "HR's export holds the certificate's number")
        self._expect(any("A-0001" in row for row in lines), "HR's line names the agent")
        self._step("HR's export holds the line", f"{len(rows)} lines, {number[0] if number else ''}")

    def _save(self, client: httpx.Client, url: str, name: str) -> bytes:
        answer = client.get(url)
        self._expect(answer.status_code == 200, name, answer)
        (self._folder / name).write_bytes(answer.content)
        return answer.content

    def _wait(self, look: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.2)
        raise CheckFailed(f"{what} did not come within {self._patience:.0f} s")

    def _expect(self, holds: bool, what: str, page: httpx.Response | None = None) -> None:
        if not holds:
            seen = f" (HTTP {page.status_code} at {page.url})" if page is not None else ""
            raise CheckFailed(f"{what} failed{seen}")

    def _step(self, what: str, figure: str) -> None:
        self._say(f"  [{time.monotonic() - self._began:5.1f} s] {what}: {figure}")


def _token(page: httpx.Response) -> str:
    return _value(page.text, "csrf_token")


def _value(html: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html)
    if found is None:
        raise CheckFailed(f"the page has no field {name}")
    return found[1]


def _posted(question: Question, drawn: DrawnQuestion, answer: Form) -> Iterator[tuple[str, str | list[str]]]:
    """An answer as the page's form says it."""
    for name, value in answer.items():
        told = shown_key(question, drawn, "options", name)
        yield f"{PREFIX}{told}", shown_key(question, drawn, "places", value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Letters and digits alone, so that Markdown and HTML of one text compare equal."""
    from html import unescape

    return "".join(_letters(unescape(re.sub(r"<[^>]+>", "", text))))


def _letters(text: str) -> Iterator[str]:
    return (letter for letter in text if letter.isalnum())
