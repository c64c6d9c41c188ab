"""Every page of the service, as data: who sees it, where it is, how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from browser_stage import PASSWORD, STEWARD, TRACK, TRAINER, Stage
from playwright.sync_api import Page

from lms.devlms import HeadlessBrowser
from lms.models import Attempt

#: Agents of no real place, one of whom cannot be read.
AGENTS = (
    "Liste des agents;;;;;\nMatricule;Nom;Prénom;Versant;Ministère;Note\n1;Agente;Exemple;FPE;Ministère d’exemple;a\n"
    "2;Agent;Exemple;FPX;Ministère d’exemple;b\n"
).encode()
#: name → status expected. A page that is missing here is a page nobody looked at.
NAMES: dict[str, int] = {
    "catalogue": 200, "catalogue-empty": 200, "catalogue-found": 200, "catalogue-nothing": 200, "catalogue-hr": 200,
    "about": 200, "about-new": 200, "about-hr": 200, "track-new": 200, "track": 200, "track-certified": 200,
    "track-nameless": 200,
    "module": 200, "module-new": 200, "module-trainer": 200, "paper": 200, "paper-trainer": 200,
    "lesson-first": 200, "lesson-last": 200,
    "assessment-new": 200, "assessment-open": 200, "assessment-refused": 200, "assessment-passed": 200,
    "question-single": 200, "question-multiple": 200, "question-last": 200, "review": 200,
    "result-passed": 200, "result-failed": 200,
    "settings": 200, "sessions": 200, "settings-refused": 400, "my-data": 200, "new-tab": 200, "arrive": 200,
    "cohorts": 200, "cohort": 200, "cohort-none": 200, "cohort-left": 200,
    "evidence": 200, "evidence-module": 200, "evidence-own": 200, "evidence-none": 200,
    "pick": 200, "pick-one": 200, "pick-found": 200, "pick-nothing": 200, "pick-missing": 200, "pick-over": 410,
    "place": 200, "place-no-column": 200, "preview-track": 200, "preview-module": 200, "preview-lesson": 200,
    "hr": 200, "hr-import": 200, "hr-import-refused": 422, "hr-import-read": 200, "hr-import-checked": 200,
    "hr-import-taken": 200, "hr-imports": 200, "admin": 200, "purges": 200, "deliveries": 200,
    "connect": 200, "connect-address": 200, "connect-by-hand": 200, "connect-by-hand-refused": 400,
    "identities": 200,
    "connection": 200, "connection-settings": 200, "connection-settings-refused": 400, "register-paste": 200,
    "register-refused": 400,
    "factors": 200, "app": 200, "own-password": 200, "app-refused": 400, "app-code": 200, "passkey-new": 200,
    "login": 200, "login-empty": 400, "login-refused": 401,
    "verify": 200, "verify-empty": 400, "verify-valid": 200, "verify-unknown": 404, "verify-file-valid": 200,
    "verify-file-modified": 200, "verify-file-badge": 200, "verify-file-forged": 200, "verify-file-unreadable": 422,
    "criteria": 200,
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
        stage.leave(stage.arrived("Ancien agent", d1=7))
        stage.settle()
        code = stage.certificate(done).code
        pdf = stage.certificate_file(done, "pdf")
        badge = stage.certificate_file(done, "png")
        forged = stage.certificate_file(done, "jsonld").replace(b"Agent de", b"Autre de")
        passed, failed = stage.attempts_of(done)[0], stage.attempts_of(middle)[1]
        learn, module = f"/learn/{TRACK}", stage.module("d1")
        lessons = [f"{learn}/d1/{lesson.key}" for lesson in module.lessons]
        open_at = f"/learn/attempts/{begun.id}"
        self._answer_some(begun)
        self.stops: dict[str, Stop] = {
            "catalogue": Stop(done, "/learn/"),
            "catalogue-empty": Stop(TRAINER, "/learn/"),
            "catalogue-found": Stop(middle, "/learn/?q=reglement&length=day&state=now"),
            "catalogue-nothing": Stop(middle, "/learn/?q=reglement&state=done&length=week"),
            "catalogue-hr": Stop(STEWARD, "/learn/"),
            "about": Stop(middle, f"{learn}/about"),
            "about-new": Stop(TRAINER, f"{learn}/about"),
            "about-hr": Stop(STEWARD, f"{learn}/about"),
            "track-new": Stop(new, learn),
            "track": Stop(middle, learn),
            "track-certified": Stop(done, learn),
            "track-nameless": Stop(nameless, learn),
            "module": Stop(low, f"{learn}/d2"),
            "module-new": Stop(new, f"{learn}/d1"),
            "module-trainer": Stop(TRAINER, f"{learn}/d1"),
            "paper": Stop(new, f"{learn}/d1/papers/memo"),
            "paper-trainer": Stop(TRAINER, f"{learn}/d1/papers/session"),
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
            "sessions": Stop(low, "/account/sessions"),
            "settings-refused": Stop(low, "/account/settings", _refused_name),
            "my-data": Stop(done, "/account/data"),
            "new-tab": Stop(low, "/account/new-tab"),
            "arrive": Stop(low, "/account/new-tab", _arrive),
            "cohorts": Stop(TRAINER, "/teach/"),
            "cohort": Stop(TRAINER, "/teach/1"),
            "cohort-none": Stop(TRAINER, "/teach/1?q=personne&state=never"),
            "cohort-left": Stop(TRAINER, "/teach/1", _open_details),
            "evidence": Stop(TRAINER, f"/teach/1/learners/{stage.person_id(low)}"),
            "evidence-module": Stop(TRAINER, f"/teach/1/learners/{stage.person_id(done)}?module=d1"),
            "evidence-own": Stop(middle, "/learn/review"),
            "evidence-none": Stop(TRAINER, f"/teach/1/learners/{stage.person_id(new)}"),
            "pick": Stop(TRAINER, "/teach/", self._choice("")),
            "pick-one": Stop(TRAINER, "/teach/", self._choice("", accept_multiple=False)),
            "pick-found": Stop(TRAINER, "/teach/", self._choice(f"?q=decider&length=short&pick={TRACK}/d2")),
            "pick-nothing": Stop(TRAINER, "/teach/", self._choice("?q=zzz")),
            "pick-missing": Stop(TRAINER, "/teach/", self._choice("/place")),
            "pick-over": Stop(TRAINER, "/teach/pick/nothing"),
            "place": Stop(TRAINER, "/teach/", self._choice(f"/place?pick={TRACK}&pick={TRACK}/d1")),
            "place-no-column": Stop(TRAINER, "/teach/", self._choice(f"/place?pick={TRACK}/d1", accept_lineitem=False)),
            "preview-track": Stop(TRAINER, "/teach/", self._choice(f"/preview/{TRACK}?pick={TRACK}/d1")),
            "preview-module": Stop(TRAINER, "/teach/", self._choice(f"/preview/{TRACK}/d1")),
            "preview-lesson": Stop(
                TRAINER, "/teach/", self._choice(f"/preview/{TRACK}/d1/{stage.module('d1').lessons[0].key}")
            ),
            "hr": Stop(STEWARD, "/hr/"),
            "hr-import": Stop(STEWARD, "/hr/imports/new"),
            "hr-import-refused": Stop(STEWARD, "/hr/imports/new", _sent_agents(b"%PDF-1.7")),
            "hr-import-read": Stop(STEWARD, "/hr/imports/new", _sent_agents(AGENTS)),
            "hr-import-checked": Stop(STEWARD, "/hr/imports/new", _sent_agents(AGENTS, "check")),
            "hr-import-taken": Stop(STEWARD, "/hr/imports/new", _sent_agents(AGENTS, "take")),
            "hr-imports": Stop(STEWARD, "/hr/imports"),
            "admin": Stop(STEWARD, "/admin/"),
            "purges": Stop(STEWARD, "/admin/personal-data"),
            "deliveries": Stop(STEWARD, "/admin/deliveries"),
            "connect": Stop(STEWARD, "/admin/connect"),
            "connect-address": Stop(STEWARD, "/admin/connect", _press),
            "connect-by-hand": Stop(STEWARD, "/admin/platforms/new"),
            "connect-by-hand-refused": Stop(STEWARD, "/admin/platforms/new", _press),
            "identities": Stop(STEWARD, "/admin/identities/"),
            "connection": Stop(STEWARD, "/admin/platforms/1"),
            "connection-settings": Stop(STEWARD, "/admin/platforms/1/settings"),
            "connection-settings-refused": Stop(STEWARD, "/admin/platforms/1/settings", _refused_roles),
            "register-paste": Stop(None, f"/lti/register?invite={stage.invitation()}"),
            "register-refused": Stop(None, "/lti/register?invite=none"),
            "factors": Stop(STEWARD, "/account/factors"),
            "app": Stop(STEWARD, "/account/factors/app"),
            "own-password": Stop(STEWARD, "/account/factors/password"),
            "app-refused": Stop(STEWARD, "/account/factors/app", _press),
            "app-code": Stop(STEWARD, "/account/factors/app", _password_again),
            "passkey-new": Stop(STEWARD, "/account/passkeys/new"),
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
            "verify-file-badge": Stop(None, "/verify", _check_file(badge)),
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

    def _choice(self, rest: str, **changes: Any) -> Callable[[Page], None]:
        """Go to a page of a choice of one's own, several being taken unless said otherwise."""

        def act(page: Page) -> None:
            page.goto(self.stage.choice(page, **{"accept_multiple": True, **changes}) + rest)

        return act

    def _place(self, attempt: Attempt, kind: str) -> int:
        module = self.stage.module(attempt.module_key)
        kinds = [self.stage.question(module, item["key"]).type for item in attempt.questions]
        return kinds.index(kind) + 1 if kind in kinds else 1

    def _answer_some(self, attempt: Attempt) -> None:
        """The first four questions answered, the third one flagged, as half-way through."""
        for number in range(1, 5):
            self.stage.answer(attempt, number, flagged=number == 3)


def _press(page: Page) -> None:
    page.locator("main form button[type=submit]").first.click()


def _refused_roles(page: Page) -> None:
    page.locator("#role_map").fill("nobody")
    page.locator("main form button[type=submit]").click()


def _open_details(page: Page) -> None:
    page.locator("main details > summary").click()


def _refused_name(page: Page) -> None:
    page.locator("#certificate_name").fill("測試")
    page.locator("main form button[type=submit]").click()


def _arrive(page: Page) -> None:
    # Opened from elsewhere than our own page: it asks before it signs anyone in.
    address = page.locator("form[action*='/account/arrive/']").get_attribute("action")
    page.goto(address or "")


def _sent_agents(content: bytes, act: str = "") -> Callable[[Page], None]:
    """Send a file; check it or take its good rows in."""

    def send(page: Page) -> None:
        page.locator("#file").set_input_files({"name": "agents.csv", "mimeType": "text/csv", "buffer": content})
        page.locator("main form button[type=submit]").click()
        if act:
            page.locator("#partial").check()
            page.locator(f"button[value={act}]").click()

    return send


def _sign_in(address: str, password: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator("#username").fill(address)
        page.locator("#password").fill(password)
        page.locator("form:has(#username) button[type=submit]").click()

    return act


def _password_again(page: Page) -> None:
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()


def _check_file(content: bytes | None) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        if content is not None:
            file = {"name": "certificat.pdf", "mimeType": "application/pdf", "buffer": content}
            page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
        page.locator("main form[method=post] button[type=submit]").click()

    return act
