"""What every hostile case must meet: a refusal one can read, and nothing kept of it."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from lms.models import (
    Attempt,
    Context,
    DeepLinkRequest,
    Enrolment,
    Invitation,
    LaunchState,
    Membership,
    OutboxJob,
    Participation,
    Person,
    Platform,
    ResourceLink,
    WebSession,
    db,
)
from tests.hostile.browser import Answer, Browser
from tests.hostile.service import Service
from tests.platform_in_test import ABSENT, PlatformInTest

#: What no refused message may add to, in the whole database.
KEPT = (
    Platform, Person, WebSession, Context, ResourceLink, Membership, Participation, Enrolment, Attempt, OutboxJob,
    DeepLinkRequest, Invitation,
)  # fmt: skip
#: What no log may hold: names, ids, addresses of people, and how every token begins.
UNTOLD = ("Ada", "Martin", "ada.martin", "learner-1", "trainer-1", "eyJ")


def case(name: str) -> pytest.MarkDecorator:
    """Marks the test of one case: ``name`` is its id in LTI.md and what it does (« C16 used nonce »)."""
    return pytest.mark.parametrize("case_name", [name], ids=[name], indirect=True)


class Court:
    """Judges what the service did with a hostile message, sent through HTTP to its two processes.

    A test takes the fixture ``court``, which has

    - ``platform``: an LMS of its own (``PlatformInTest``), connected, with a unique issuer; more of them are made with
      ``court.another("other")``. Its key set and its services are answered by a real server: say what in
      ``court.network.answers[platform.base + "/items"]`` (JSON, a ``Reply``, a function of the ``Asked`` request), and
      read ``court.network.asked`` (addresses) or ``court.network.requests`` (all that was said);
    - ``browser``: a browser over HTTP whose requests go to each process in turn; ``court.new_browser()`` makes more;
    - ``app``: the application on the same database, to look at rows, change them, or run a job; it serves nothing;
    - ``clock``: the time of every process's caches (key sets, count of logins under way), to ``advance``;
    - ``launch``, ``answer``, ``launch_without_hint``: send a message; ``refuses`` and ``accepts`` judge what came back.

    Claims are changed by name, ``court.launch(roles=[…], message_type="LtiDeepLinkingRequest", **{DL: {…}})``, and left
    out with ``ABSENT``. Call ``court.settle()`` after what a test prepared: what is kept is compared with that moment.
    Each test carries the id of its case: in a dictionary ``{"D1 settings missing": …}`` given to ``parametrize`` with
    ``ids=``, or ``@case("D9 submitted twice")``.
    """

    def __init__(self, service: Service) -> None:
        self.service, self.app, self.network, self.clock = service, service.app, service.network, service.clock
        self.network.forget()
        self.platform = self.another("lms")
        self.browser = self.new_browser()
        self._log_start = service.log_size()

    def another(self, name: str, **options: Any) -> PlatformInTest:
        """One more platform, connected; settles."""
        made = PlatformInTest(self.app, name, **options)
        self.settle()
        return made

    def new_browser(self, **options: Any) -> Browser:
        """One more browser, which keeps its cookies in the platform's frame."""
        return Browser(self.service, **options)

    def settle(self) -> None:
        """What is kept from now on is compared with what is kept at this moment."""
        self.before = self.kept()

    def refuses(self, answer: Answer, *causes: str) -> None:
        """4xx on an accessible page with a reference; no session, nothing stored, nothing fetched, nothing told.

        With causes, the log must give one of them (« lti_nonce »).
        """
        assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.location}"
        self.readable(answer)
        self.signed_out()
        assert self.kept() == self.before
        assert set(self.network.asked) <= {self.platform.jwks_url}
        self.told_nothing()
        if causes:
            assert self.causes & set(causes)

    def accepts(self, answer: Answer) -> None:
        """Signed in, and led to a page of ours."""
        assert answer.status_code == 303, answer.text
        assert str(answer.location).startswith("/")
        assert self.browser.get("/learn/").status_code == 200

    def readable(self, answer: Answer) -> None:
        """An accessible page with a reference."""
        assert re.search(r'<html lang="(fr|en)"', answer.text)
        assert answer.text.count("<h1>") == 1
        assert re.search(r'id="reference">[0-9A-F]{12}<', answer.text)

    def signed_out(self) -> None:
        """No process takes this browser for anybody."""
        for process in (0, 1):
            assert self.browser.get("/learn/", process=process).status_code == 401

    def told_nothing(self) -> None:
        """The log holds nothing of anybody, and no error of the service's own."""
        told = self.log
        for secret in UNTOLD:
            assert secret not in told
        self.no_fault()

    def no_fault(self) -> None:
        """The service met no error of its own."""
        assert "Traceback" not in self.log
        assert [event for event in self.events if event.get("event") == "unexpected"] == []

    def launch(self, **changes: Any) -> Answer:
        """A launch with claims changed, after an ordinary login."""
        state, nonce = self.platform.begin(self.browser)
        return self.answer(state, self.platform.sign(self.platform.claims(nonce, **changes)))

    def launch_without_hint(self, **changes: Any) -> Answer:
        """The same after a login that names no deployment."""
        state, nonce = self.platform.begin(self.browser, lti_deployment_id=ABSENT)
        return self.answer(state, self.platform.sign(self.platform.claims(nonce, **changes)))

    def answer(self, state: Any, token: Any, **more: Any) -> Answer:
        """The platform's answer, as this browser posts it."""
        answer: Answer = self.platform.post(self.browser, state, token, **more)
        return answer

    @property
    def log(self) -> str:
        """What every process logged since the test began."""
        return self.service.log_since(self._log_start)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The same, as events."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    @property
    def causes(self) -> set[str]:
        """The causes of refusals that the log gives, as pages' causes are named (« lti_nonce »)."""
        return {str(event["cause"]) for event in self.events if "cause" in event}

    def count(self, model: Any, *where: Any) -> int:
        """How many rows of a table there are."""
        with self.app.app_context():
            number = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0
            db.session.remove()
        return number

    def under_way(self) -> int:
        """How many logins of the platform are under way."""
        return self.count(LaunchState, LaunchState.platform_id == self.platform.id)

    def kept(self) -> dict[str, int]:
        """How many rows each table of ``KEPT`` has."""
        counts = [sa.select(sa.func.count()).select_from(model).scalar_subquery() for model in KEPT]
        with self.app.app_context():
            row = db.session.execute(sa.select(*counts)).one()
            db.session.remove()
        return {model.__name__: number for model, number in zip(KEPT, row, strict=True)}
