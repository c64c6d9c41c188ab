"""Every page of the service, as data: who sees it, where it is, how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from browser_stage import PASSWORD, STEWARD, TRACK, TRAINER, Stage
from playwright.sync_api import Page

from lms.devlms import HeadlessBrowser
from lms.models import Attempt

#: name → status expected. A page that is missing here is a page nobody looked at.
NAMES: dict[str, int] = {
    "catalogue": 200, "catalogue-empty": 200, "track-new": 200, "track": 200, "track-certified": 200,
    "track-nameless": 200,
    "module": 200, "module-new": 200, "lesson-first": 200, "lesson-last": 200,
    "assessment-new": 200, "assessment-open": 200, "assessment-refused": 200, "assessment-passed": 200,
    "question-single": 200, "question-multiple": 200, "question-last": 200, "review": 200,
    "result-passed": 200, "result-failed": 200,
    "settings": 200, "settings-refused": 400, "new-tab": 200, "arrive": 200,
    "cohorts": 200, "cohort": 200,
    "hr": 200, "hr-import": 200, "hr-import-refused": 422, "admin": 200, "deliveries": 200,
    "login": 200, "login-empty": 400, "login-refused": 401,
    "verify": 200, "verify-empty": 400, "verify-valid": 200, "verify-unknown": 404, "verify-file-valid": 200,
    "verify-file-modified": 200, "verify-file-forged": 200, "verify-file-unreadable": 422, "criteria": 200,
    "accessibility": 200, "personal-data": 200, "legal": 200,
    "error-401": 401, "error-403": 403, "error-404": 404, "lti-error": 400,
}  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """A page: who sees it (None: nobody signed in), its path, and what to do once there."""

    who: str | None
    path: str
    act: Callable[[Page], object] | None = None


class Tour:
    """The people and results that make every page worth looking at."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        new, done = stage.arrived("Agente"), stage.arrived("Agent", d1=10, d2=9)
        middle, nameless = stage.arrived("Agente", d1=8, d2=6), stage.arrived("", d1=7, d2=7)
        low = stage.arrived("Agent", d1=6)
        begun = stage.attempt(low, "d2", None)
        with HeadlessBrowser(stage.lms) as browser:
            browser.launch(TRAINER, TRACK)
        stage.settle()
        code = stage.certificate(done).code
        pdf = stage.certificate_file(done, "pdf")
        forged = stage.certificate_file(done, "jsonld").replace(b"Agent de", b"Autre de")
        passed, failed = stage.attempts_of(done)[0], stage.attempts_of(middle)[1]
        learn, module = f"/learn/{TRACK}", stage.module("d1")
        lessons = [f"{learn}/d1/{lesson.key}" for lesson in module.lessons]
        open_at = f"/learn/attempts/{begun.id}"
        self._answer_some(begun)
        self.stops: dict[str, Stop] = {
            "catalogue": Stop(done, "/learn/"),
            "catalogue-empty": Stop(TRAINER, "/learn/"),
            "track-new": Stop(new, learn),
            "track": Stop(middle, learn),
            "track-certified": Stop(done, learn),
            "track-nameless": Stop(nameless, learn),
            "module": Stop(low, f"{learn}/d2"),
            "module-new": Stop(new, f"{learn}/d1"),
            "lesson-first": Stop(new, lessons[0]),
            "lesson-last": Stop(done, f"{learn}/d2/{stage.module('d2').lessons[-1].key}"),
            "assessment-new": Stop(new, f"{learn}/d1/assessment"),
            "assessment-open": Stop(low, f"{learn}/d2/assessment"),
            "assessment-refused": Stop(middle, f"{learn}/d2/assessment"),
            "assessment-passed": Stop(done, f"{learn}/d1/assessment"),
            "question-single": Stop(low, f"{open_at}/{self._place(begun, 'single')}"),
            "question-multiple": Stop(low, f"{open_at}/{self._place(begun, 'multiple')}"),
            "question-last": Stop(low, f"{open_at}/{len(begun.questions)}"),
            "review": Stop(low, f"{open_at}/review"),
            "result-passed": Stop(done, f"/learn/attempts/{passed.id}/result"),
            "result-failed": Stop(middle, f"/learn/attempts/{failed.id}/result"),
            "settings": Stop(low, "/account/settings"),
            "settings-refused": Stop(low, "/account/settings", _refused_name),
            "new-tab": Stop(low, "/account/new-tab"),
            "arrive": Stop(low, "/account/new-tab", _arrive),
            "cohorts": Stop(TRAINER, "/teach/"),
            "cohort": Stop(TRAINER, "/teach/1"),
            "hr": Stop(STEWARD, "/hr/"),
            "hr-import": Stop(STEWARD, "/hr/agents/import"),
            "hr-import-refused": Stop(STEWARD, "/hr/agents/import", _refused_agents),
            "admin": Stop(STEWARD, "/admin/"),
            "deliveries": Stop(STEWARD, "/admin/deliveries"),
            "login": Stop(None, "/account/login"),
            "login-empty": Stop(None, "/account/login", _sign_in("", "")),
            "login-refused": Stop(None, "/account/login", _sign_in(STEWARD, PASSWORD + "?")),
            "verify": Stop(None, "/verify"),
            "verify-empty": Stop(None, "/verify", _check_file(None)),
            "verify-valid": Stop(None, f"/verify/{code}"),
            "verify-unknown": Stop(None, "/verify/AAAA-BBBB-CCCC-DDDD"),
            "verify-file-valid": Stop(None, "/verify", _check_file(pdf)),
            "verify-file-modified": Stop(None, "/verify", _check_file(pdf + b"\n% changed")),
            "verify-file-forged": Stop(None, "/verify", _check_file(forged)),
            "criteria": Stop(None, f"/tracks/{TRACK}/{stage.track.version}/certificate"),
            "verify-file-unreadable": Stop(None, "/verify", _check_file(b"not a certificate")),
            "accessibility": Stop(None, "/accessibility"),
            "personal-data": Stop(None, "/personal-data"),
            "legal": Stop(None, "/legal"),
            "error-401": Stop(None, "/learn/"),
            "error-403": Stop(TRAINER, "/admin/"),
            "error-404": Stop(low, "/learn/nowhere"),
            "lti-error": Stop(None, "/lti/login"),
        }

    def _place(self, attempt: Attempt, kind: str) -> int:
        module = self.stage.module(attempt.module_key)
        kinds = [self.stage.question(module, item["key"]).type for item in attempt.questions]
        return kinds.index(kind) + 1 if kind in kinds else 1

    def _answer_some(self, attempt: Attempt) -> None:
        """The first four questions answered, the third one flagged, as half-way through."""
        for number in range(1, 5):
            self.stage.answer(attempt, number, flagged=number == 3)


def _refused_name(page: Page) -> None:
    page.locator("#certificate_name").fill("測試")
    page.locator("main form button[type=submit]").click()


def _arrive(page: Page) -> None:
    # Opened from elsewhere than our own page: it asks before it signs anyone in.
    address = page.locator("a[href*='/account/arrive/']").get_attribute("href")
    page.goto(address or "")


def _refused_agents(page: Page) -> None:
    content = "Matricule;Nom;Prénom\n;Sans matricule;Agent\n".encode()
    page.locator("#file").set_input_files({"name": "agents.csv", "mimeType": "text/csv", "buffer": content})
    page.locator("main form button[type=submit]").click()


def _sign_in(address: str, password: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator("#username").fill(address)
        page.locator("#password").fill(password)
        page.locator("main form button[type=submit]").click()

    return act


def _check_file(content: bytes | None) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        if content is not None:
            file = {"name": "certificat.pdf", "mimeType": "application/pdf", "buffer": content}
            page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
        page.locator("main form[method=post] button[type=submit]").click()

    return act
