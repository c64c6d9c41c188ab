"""Who may open what: every route × every kind of visitor. A route that is not in the table fails the test."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from lms.models import Sitting, db, utcnow
from tests.account_in_test import browser_of, token_of
from tests.platform_in_test import PlatformInTest, author, hr_officer, trainer

#: Kinds of visitors. ``owner`` is the learner whose attempt is asked for; « other » ones come from another LMS.
VISITORS = (
    "anonymous", "owner", "fellow", "trainer", "author", "hr", "administrator",
    "other learner", "other trainer", "other hr",
)  # fmt: skip
EVERYBODY = frozenset(VISITORS)
SIGNED_IN = EVERYBODY - {"anonymous"}
READERS = frozenset({"owner", "fellow", "trainer", "author", "other learner", "other trainer"})
HR = frozenset({"hr", "other hr"})

#: (endpoint, method) → who is let in. The others get 401 without session, else 403 or 404.
ALLOWED = {
    ("home.index", "GET"): EVERYBODY,
    ("static", "GET"): EVERYBODY,
    ("about.accessibility", "GET"): EVERYBODY,
    ("about.privacy", "GET"): EVERYBODY,
    ("about.legal", "GET"): EVERYBODY,
    ("criteria.show", "GET"): EVERYBODY,
    ("system.alive", "GET"): EVERYBODY,
    ("system.ready", "GET"): EVERYBODY,
    ("verify.form", "GET"): EVERYBODY,
    ("verify.upload", "POST"): EVERYBODY,
    ("verify.did", "GET"): EVERYBODY,
    ("issuer.colour", "GET"): EVERYBODY,
    ("oid4vci.issuer", "GET"): EVERYBODY,
    ("oid4vci.authorization", "GET"): EVERYBODY,
    ("oid4vci.credential_type", "GET"): EVERYBODY,
    ("account.login", "GET"): EVERYBODY,
    ("account.login", "POST"): EVERYBODY,
    ("account.language", "POST"): EVERYBODY,
    # A local account's own, which the others have none of: tests/views/test_factor_pages.py
    ("factors.index", "GET"): frozenset({"administrator"}),
    ("factors.app", "GET"): frozenset({"administrator"}),
    ("factors.app", "POST"): frozenset({"administrator"}),
    ("factors.code", "GET"): frozenset({"administrator"}),
    ("factors.code", "POST"): frozenset({"administrator"}),
    ("factors.remove_app", "GET"): frozenset({"administrator"}),
    ("factors.remove_app", "POST"): frozenset({"administrator"}),
    ("factors.password", "GET"): frozenset({"administrator"}),
    ("factors.password", "POST"): frozenset({"administrator"}),
    ("factors.codes", "GET"): frozenset({"administrator"}),
    ("factors.codes", "POST"): frozenset({"administrator"}),
    ("passkeys.new", "GET"): frozenset({"administrator"}),
    ("passkeys.make", "POST"): frozenset({"administrator"}),
    ("passkeys.options", "POST"): frozenset({"administrator"}),
    ("passkeys.sign_in_options", "POST"): EVERYBODY,
    ("passkeys.sign_in", "POST"): EVERYBODY,
    ("second_factor.show", "GET"): EVERYBODY,
    ("second_factor.check", "POST"): EVERYBODY,
    ("account.settings", "GET"): SIGNED_IN,
    ("account.settings", "POST"): SIGNED_IN,
    ("account.reading", "POST"): SIGNED_IN,
    # One's own, whoever one is: tests/views/test_my_sessions.py, tests/views/test_my_data_page.py
    ("my_sessions.index", "GET"): SIGNED_IN,
    ("my_sessions.end", "POST"): SIGNED_IN,
    ("my_sessions.left", "GET"): SIGNED_IN,
    ("my_sessions.left", "POST"): SIGNED_IN,
    ("my_data.index", "GET"): SIGNED_IN,
    ("my_data.download", "GET"): SIGNED_IN,
    ("my_data.ask", "POST"): SIGNED_IN,
    ("my_data.withdraw", "POST"): SIGNED_IN,
    ("account.new_tab", "GET"): SIGNED_IN,
    ("account.logout", "POST"): SIGNED_IN,
    ("certificates.index", "GET"): SIGNED_IN,
    ("certificates.name", "GET"): SIGNED_IN,
    ("certificates.name", "POST"): SIGNED_IN,
    ("office.index", "GET"): frozenset({"administrator"}),  # of the administration; of trainers: test_office_pages.py
    ("learn.catalogue", "GET"): SIGNED_IN,
    ("learn.about", "GET"): SIGNED_IN,
    ("learn.track", "GET"): READERS,
    ("learn.module", "GET"): READERS,
    ("learn.lesson", "GET"): READERS,
    ("papers.show", "GET"): READERS,  # what is for trainers and juries is not there for learners: tests/views
    ("papers.file", "GET"): READERS,
    ("learn.read", "POST"): READERS,
    ("quiz.start", "GET"): READERS,
    ("quiz.start", "POST"): READERS,
    ("quiz.question", "GET"): frozenset({"owner"}),
    ("quiz.review", "GET"): frozenset({"owner"}),
    ("quiz.result", "GET"): frozenset({"owner"}),
    ("quiz.submit", "POST"): frozenset({"owner"}),
    ("quiz.paused", "GET"): frozenset({"owner"}),
    ("quiz.resume", "POST"): frozenset({"owner"}),
    ("practice.start", "GET"): READERS,
    ("practice.start", "POST"): READERS,
    ("practice.question", "GET"): frozenset({"owner"}),
    ("practice.question", "POST"): frozenset({"owner"}),
    ("practice.end", "GET"): frozenset({"owner"}),
    ("teach.cohorts", "GET"): frozenset({"trainer", "other trainer"}),
    ("teach.cohort", "GET"): frozenset({"trainer"}),
    ("teach.roster", "POST"): frozenset({"trainer"}),
    # Numbers, for trainers of the track; pairs have names, for those of the very course: test_analysis_pages.py.
    ("analysis.module", "GET"): frozenset({"trainer", "other trainer"}),
    ("analysis.file", "GET"): frozenset({"trainer", "other trainer"}),
    ("analysis.alike", "GET"): frozenset({"trainer"}),
    # Of a course of theirs: tests/views/test_sittings_pages.py and test_accommodation_pages.py
    ("sittings.index", "GET"): frozenset({"trainer"}),
    ("sittings.index", "POST"): frozenset({"trainer"}),
    ("sittings.show", "GET"): frozenset({"trainer"}),
    ("sittings.cancel", "POST"): frozenset({"trainer"}),
    # A run is of one course: tests/views/test_bulk_issuing_pages.py
    ("bulk_issuing.index", "GET"): frozenset({"trainer"}),
    ("bulk_issuing.issue", "POST"): frozenset({"trainer"}),
    ("bulk_issuing.show", "GET"): frozenset(),
    ("bulk_issuing.report", "GET"): frozenset(),
    ("accommodations.show", "GET"): frozenset({"trainer"}),
    ("accommodations.show", "POST"): frozenset({"trainer"}),
    ("evidence.learner", "GET"): frozenset({"trainer"}),  # of a course of theirs: tests/hostile/test_hostile_review.py
    ("evidence.mine", "GET"): READERS,
    ("hr.index", "GET"): HR,
    ("gaps.index", "GET"): HR,
    ("hr.choose", "GET"): HR,
    ("hr.export", "GET"): HR,
    ("hr.agents_import", "GET"): HR,  # leads to the next one
    # The institution's own HR account alone, for the whole of it: tests/views/test_import_pages.py.
    ("hr_imports.index", "GET"): frozenset(),
    ("hr_imports.new", "GET"): frozenset(),
    ("hr_imports.new", "POST"): frozenset(),
    ("hr_imports.read", "GET"): frozenset(),
    ("hr_imports.read", "POST"): frozenset(),
    ("hr_imports.check_report", "GET"): frozenset(),
    ("hr_imports.stamp", "GET"): frozenset(),
    ("hr_imports.show", "GET"): frozenset(),
    ("hr_imports.report", "GET"): frozenset(),
    ("hr_imports.take_back", "POST"): frozenset(),
    # The institution's own HR, by units: tests/views/test_budget_pages.py
    ("budget.index", "GET"): frozenset(),
    ("budget_lines.index", "GET"): frozenset(),
    ("budget_lines.index", "POST"): frozenset(),
    ("budget_lines.show", "GET"): frozenset(),
    ("budget_lines.show", "POST"): frozenset(),
    ("baselines.index", "GET"): frozenset(),
    ("baselines.index", "POST"): frozenset(),
    ("baselines.decide", "POST"): frozenset(),
    ("costs.index", "GET"): frozenset(),
    ("costs.index", "POST"): frozenset(),
    ("costs.close", "POST"): frozenset(),
    ("budget_imports.index", "GET"): frozenset(),
    ("budget_imports.index", "POST"): frozenset(),
    ("budget_imports.undo", "POST"): frozenset(),
    ("literacy.index", "GET"): HR,  # whose registers: tests/views/test_literacy_pages.py
    ("literacy.index", "POST"): HR,
    ("hr_exports.index", "GET"): HR,
    ("hr_exports.ask", "POST"): HR,
    # Of one's own, 404 else: tests/views/test_hr_exports_pages.py
    ("hr_exports.show", "GET"): frozenset(),
    ("hr_exports.file", "GET"): frozenset(),
    ("hr_exports.remove", "POST"): frozenset(),
    ("hr_exports.again", "POST"): frozenset(),
    ("hr_exports.forget", "POST"): frozenset(),
    ("bulk_verification.index", "GET"): HR,
    ("bulk_verification.check", "POST"): HR,
    ("bulk_verification.file", "POST"): HR,
    # Within what each sees: tests/views/test_hr_scope_pages.py
    ("hr_organisation.index", "GET"): HR,
    ("hr_organisation.show", "GET"): frozenset(),
    ("hr_organisation.make", "POST"): frozenset(),
    ("hr_organisation.rename", "POST"): frozenset(),
    ("hr_organisation.move", "POST"): frozenset(),
    ("hr_organisation.close", "POST"): frozenset(),
    ("hr_matches.index", "GET"): HR,
    ("hr_matches.confirm", "POST"): frozenset(),
    ("hr_matches.refuse", "POST"): frozenset(),
    ("hr_matches.undo", "POST"): frozenset(),
    ("hr_population.index", "GET"): HR,
    ("hr_population.declare", "POST"): frozenset(),
    ("hr_scopes.index", "GET"): frozenset({"administrator"}),
    ("hr_scopes.give", "POST"): frozenset({"administrator"}),
    ("hr_scopes.take", "POST"): frozenset({"administrator"}),
    ("admin.index", "GET"): frozenset({"administrator"}),
    ("deliveries.index", "GET"): frozenset({"administrator"}),
    ("deliveries.replay_all", "POST"): frozenset({"administrator"}),
    ("deliveries.compare", "POST"): frozenset({"administrator"}),
    ("platforms.connect", "GET"): frozenset({"administrator"}),
    ("platforms.invite", "POST"): frozenset({"administrator"}),
    ("platforms.cancel", "POST"): frozenset({"administrator"}),
    ("platforms.add", "GET"): frozenset({"administrator"}),
    ("platforms.add", "POST"): frozenset({"administrator"}),
    ("platforms.status", "GET"): frozenset({"administrator"}),
    ("platforms.stamp", "GET"): frozenset({"administrator"}),
    ("platforms.check", "POST"): frozenset({"administrator"}),
    ("platforms.switch", "POST"): frozenset({"administrator"}),
    ("platforms.deploy", "POST"): frozenset({"administrator"}),
    ("platforms.switch_deployment", "POST"): frozenset({"administrator"}),
    ("platforms.settings", "GET"): frozenset({"administrator"}),
    ("platforms.settings", "POST"): frozenset({"administrator"}),
    ("identities.index", "GET"): frozenset({"administrator"}),
    ("identities.link", "POST"): frozenset({"administrator"}),
    ("identities.unlink", "POST"): frozenset({"administrator"}),
    ("journal.index", "GET"): frozenset({"administrator"}),
    # Of an account of this service, and 404 without a request: tests/views/test_retention_pages.py
    ("retention.index", "GET"): frozenset({"administrator"}),
    ("retention.decide", "GET"): frozenset(),
    ("retention.decide", "POST"): frozenset(),
    ("journal.check", "POST"): frozenset({"administrator"}),
    ("authors.index", "GET"): frozenset({"administrator"}),
    ("authors.grant", "POST"): frozenset({"administrator"}),
    ("authors.revoke", "POST"): frozenset({"administrator"}),
    ("authors.name_institution", "POST"): frozenset({"administrator"}),
    ("api_clients.index", "GET"): frozenset({"administrator"}),
    ("api_clients.make", "POST"): frozenset({"administrator"}),
    ("webhooks.index", "GET"): frozenset({"administrator"}),
    ("webhooks.make", "POST"): frozenset({"administrator"}),
    ("resources.describe", "GET"): EVERYBODY,
    ("register.canvas", "GET"): EVERYBODY,
    ("system.metrics", "GET"): EVERYBODY,  # from this machine, as tests ask; else tests/views/test_metrics.py
}
#: Doors guarded by something else than who is signed in, each with tests of its own.
GUARDED_OTHERWISE = {
    ("lti.login", "GET"), ("lti.login", "POST"), ("lti.launch", "POST"),  # state and signature: tests/hostile
    ("register.ask", "GET"), ("register.consent", "POST"),  # a one-use invitation: tests/hostile
    ("lti.again", "GET"), ("lti.jwks", "GET"),
    ("notices.receive", "POST"),  # the signature of each notice: tests/hostile
    # The one session that asked, signed into the address: tests/functional/test_privacy.py
    ("privacy.show", "GET"), ("privacy.download", "GET"), ("privacy.erase_person", "POST"),
    # 404 where the track has no such test: tests/views/test_placement_pages.py
    ("placement.show", "GET"), ("placement.begin", "POST"), ("placement.answer", "POST"),
    ("quiz.question", "POST"),  # the permission signed into the page: test below
    ("deposits.change", "POST"), ("deposits.change", "GET"),  # the same; it only leads to the page of the question
    # 404 where the track gives no such statement: tests/views/test_award_pages.py
    ("awards.ask", "POST"), ("awards.ask_for", "POST"),
    ("deposits.download", "GET"),  # 404 without such a file of one's own: tests/functional/test_works_handed_in.py
    ("oidc.begin", "GET"), ("oidc.back", "GET"),  # 404 without a provider; state, browser and signature: tests/oidc
    ("account.arrive", "GET"), ("account.arrive", "POST"),  # a one-use address: tests/functional
    ("passkeys.remove", "GET"), ("passkeys.remove", "POST"),  # one's own, 404 else: tests/views/test_passkey_pages.py
    # 404 without such a delivery or column: tests/views/test_deliveries_page.py
    ("deliveries.replay", "POST"), ("deliveries.send_again", "POST"),
    ("lesson_files.show", "GET"),  # as the lesson, and 404 without such a file: tests/views/test_lesson_files.py
    # The session that began the choice, alone and once: tests/hostile/test_hostile_deep_linking.py
    ("pick.choose", "GET"), ("pick.review", "GET"), ("pick.preview", "GET"), ("pick.place", "POST"),
    ("pick.cancel", "POST"),
    ("verify.show", "GET"), ("verify.credential", "GET"), ("verify.credential_file", "GET"),
    # Public where the institution opens them, 404 else: tests/views/test_open_data_pages.py
    ("open_data.index", "GET"), ("open_data.figures", "GET"), ("open_data.metadata", "GET"),
    ("issuer.logo", "GET"),  # public, and 404 without a logo: tests/views/test_certificate_pages.py
    # 404 without such a certificate of one's own, or an open link: tests/views/test_my_certificates.py
    ("certificates.show", "GET"), ("certificates.file", "GET"), ("certificates.visibility", "POST"),
    ("certificates.sharing", "POST"), ("certificates.correction", "POST"), ("certificates.renewal", "POST"),
    ("shared.show", "GET"), ("shared.file", "GET"),
    # By role and course, 404 without such a certificate: tests/views/test_office_pages.py
    ("office.show", "GET"), ("office.act", "GET"), ("office.act", "POST"), ("office.correct", "GET"),
    ("office.correct", "POST"), ("office.answer", "GET"), ("office.answer", "POST"),
    ("verification.by_code", "GET"), ("verification.check", "POST"),  # public: tests/api/test_api_verification.py
    # One's own certificate, or a code, a token and a proof: tests/views/test_wallet_pages.py
    ("wallet.show", "GET"), ("wallet.offer", "POST"), ("oid4vci.token", "POST"), ("oid4vci.nonce", "POST"),
    ("oid4vci.credential", "POST"), ("oid4vci.deferred", "POST"), ("wallet.european", "GET"), ("oid4vci.status", "GET"),
    ("oid4vci.keys", "GET"),
    # 404 out of one's part of the organisation: tests/views/test_literacy_pages.py
    ("literacy.show", "GET"), ("literacy.add", "GET"), ("literacy.add", "POST"), ("literacy.entry", "GET"),
    ("literacy.entry", "POST"), ("literacy.remove", "POST"), ("literacy.gaps", "GET"),
    ("literacy_editions.sign", "GET"), ("literacy_editions.sign", "POST"), ("literacy_editions.show", "GET"),
    ("literacy_editions.as_json", "GET"), ("literacy_editions.edition_pdf", "GET"), ("literacy_editions.pdf", "GET"),
    ("resources.several", "GET"), ("resources.one", "GET"), ("resources.indicators", "GET"),  # a token: tests/api
    ("token.give", "POST"),
    # Of an administrator of the institution, and 404 without such a thing: tests/views/test_programs_pages.py
    ("api_clients.revoke", "POST"), ("webhooks.rotate", "POST"), ("webhooks.test", "POST"),
    ("webhooks.change", "POST"), ("webhooks.replay", "POST"),
    ("verify.status_list", "GET"),  # public, and 404 for what does not exist: tests/services/test_verification.py
}  # fmt: skip
#: POST doors that refuse no missing form token, with what protects them instead.
NO_TOKEN = {
    "lti.login", "lti.launch", "notices.receive", "quiz.question", "deposits.change", "verification.check",
    "oid4vci.token", "oid4vci.nonce", "oid4vci.credential", "oid4vci.deferred", "token.give",
}  # fmt: skip


#: Let in, and refused for another reason: the password sent is wrong.
NO_SUCH_PAIR = {("account.login", "POST"): 401}


@dataclass
class Stage:
    """A browser for each kind of visitor, and the things they ask for."""

    app: Flask
    browsers: dict[str, FlaskClient]
    tokens: dict[str, str]
    attempt: str
    context: str
    round: str

    def values(self) -> dict[str, Any]:
        """What fills the addresses."""
        return {
            "track_key": "decideurs", "module_key": "d1", "lesson_key": lesson_of(self.app),
            "attempt_id": self.attempt, "round_id": self.round, "number": 1, "context_id": self.context,
            "report_key": "completions", "format_key": "json",
            "platform_id": 1, "deployment_id": 1, "token_hash": "0" * 64, "person_id": 1,
            "role_id": 1, "institution_id": 1, "run_id": 1, "sitting_id": 1, "file_id": 1,
            "unit_id": 1, "match_id": 1, "scope_id": 1, "identity_id": 1,
            "saved_id": 1, "line_id": 1, "baseline_id": 1, "decision": "approve", "cost_id": 1,
            "action": "resume", "filename": "look.css", "edition": "0123456789abcdef",
            "version": "2026.1", "kind": "certificate", "room": "admin",
            "paper_kind": "memo",
            "path": "", "change": "revoked",
        }  # fmt: skip

    def url(self, endpoint: str) -> str:
        values = self.values()
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        with self.app.test_request_context():
            from flask import url_for

            return url_for(endpoint, **{name: values[name] for name in rule.arguments})

    def ask(self, visitor: str, endpoint: str, method: str) -> int:
        browser = self.browsers[visitor]
        data = {"csrf_token": self.tokens[visitor], "language": "fr", "size": "m", "space": "m"}
        with browser.open(self.url(endpoint), method=method, data=data if method == "POST" else None) as answer:
            return int(answer.status_code)


def lesson_of(app: Flask) -> str:
    from tests.tracks_in_test import fixed_tracks

    module = fixed_tracks()["decideurs"].module("d1")
    assert module is not None
    return module.lessons[0].key


def stage(app: Flask) -> Stage:
    here, there = PlatformInTest(app), PlatformInTest(app, "elsewhere")
    owner = here.launched()
    page = owner.post("/learn/decideurs/d1/assessment", data={"csrf_token": token_of(owner)})
    browsers = {
        "anonymous": app.test_client(),
        "owner": owner,
        "fellow": here.launched(sub="learner-2"),
        "trainer": here.launched(**trainer()),
        "author": here.launched(**author()),
        "hr": here.launched(**hr_officer()),
        "administrator": browser_of(app, "someone@example.org", account="administrator"),
        "other learner": there.launched(),
        "other trainer": there.launched(**trainer()),
        "other hr": there.launched(**hr_officer()),
    }
    for browser in browsers.values():
        browser.get("/learn/decideurs")  # whoever may follow the track does
    _sitting(app)
    tokens = {visitor: token_of(browser) for visitor, browser in browsers.items()}
    practice = owner.post("/learn/decideurs/d1/practice", data={"csrf_token": tokens["owner"]})
    return Stage(app, browsers, tokens, page.location.split("/")[-2], "1", practice.location.split("/")[-2])


def _sitting(app: Flask) -> None:
    """A sitting of the first course."""
    now = utcnow()
    with app.app_context():
        values = {"opens_at": now, "closes_at": now + timedelta(hours=1), "code": "ACDEFH"}
        db.session.add(Sitting(context_id=1, track_key="decideurs", module_key="d1", **values))
        db.session.commit()
        db.session.remove()


def routes(app: Flask) -> set[tuple[str, str]]:
    def methods(rule: Rule) -> set[str]:
        return (rule.methods or set()) - {"HEAD", "OPTIONS"}

    return {(rule.endpoint, method) for rule in app.url_map.iter_rules() for method in methods(rule)}


def test_every_route_says_who_may_open_it(app: Flask) -> None:
    from tests.test_marking_authorisation import JUDGED
    from tests.test_studio_authorisation import OWN_PAGES, STUDIO

    assert routes(app) == ALLOWED.keys() | GUARDED_OTHERWISE | STUDIO.keys() | OWN_PAGES.keys() | JUDGED.keys()


def test_each_visitor_opens_what_is_theirs_and_nothing_else(app: Flask) -> None:
    scene = stage(app)
    wrong = []
    # Signing out comes last: nothing can be asked after it.
    for endpoint, method in sorted(ALLOWED, key=lambda route: (route[0] == "account.logout", route)):
        for visitor in VISITORS:
            status = scene.ask(visitor, endpoint, method)
            if visitor in ALLOWED[endpoint, method]:
                held = status not in {401, 403, 404, 500} or status == NO_SUCH_PAIR.get((endpoint, method))
            elif visitor == "anonymous":
                held = status == 401
            else:
                held = status in {403, 404}
            if not held:
                wrong.append((endpoint, method, visitor, status))
    assert wrong == []


def test_every_form_asks_for_its_token(app: Flask) -> None:
    scene = stage(app)
    posts = sorted(endpoint for endpoint, method in ALLOWED if method == "POST")
    unprotected = []
    for endpoint in posts:
        for visitor in ALLOWED[endpoint, "POST"] or {"hr"}:
            with scene.browsers[visitor].post(scene.url(endpoint), data={"language": "fr"}) as answer:
                status = answer.status_code
            if status != 400:
                unprotected.append((endpoint, visitor, status))
    assert unprotected == []
    assert {endpoint for endpoint, method in GUARDED_OTHERWISE if method == "POST"} - {
        "passkeys.remove",  # it asks for one: tests/views/test_passkey_pages.py
        "account.arrive", "deliveries.replay", "deliveries.send_again", "privacy.erase_person", "pick.place",
        "pick.cancel", "certificates.visibility", "certificates.sharing", "certificates.correction",
        "certificates.renewal", "office.act",
        "office.correct", "office.answer", "placement.begin", "placement.answer", "awards.ask", "awards.ask_for",
        "register.consent",  # it asks for one, which tests/hostile tries
        # tests/views/test_literacy_pages.py
        "literacy.add", "literacy.entry", "literacy.remove", "literacy_editions.sign",
        "api_clients.revoke", "webhooks.rotate", "webhooks.test", "webhooks.change", "webhooks.replay",
        "wallet.offer",  # it asks for one: tests/views/test_wallet_pages.py
    } == NO_TOKEN  # fmt: skip


def test_an_answer_needs_the_permission_of_its_page(app: Flask) -> None:
    scene = stage(app)
    address, files = scene.url("quiz.question"), scene.url("deposits.change")
    owner, fellow = scene.browsers["owner"], scene.browsers["fellow"]
    found = re.search(r'name="permission" value="([^"]+)"', owner.get(address).text)
    assert found is not None
    for door in (address, files):
        for permission in ("", "forged", found[1][:-2]):
            assert owner.post(door, data={"a.choice": "a", "permission": permission}).status_code == 400
        assert fellow.post(door, data={"a.choice": "a", "permission": found[1]}).status_code == 404
    assert owner.post(address, data={"a.choice": "a", "permission": found[1], "go": "2"}).status_code == 303
