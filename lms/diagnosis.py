"""What the checks of a connection found, in words: the state of each, and the exact way out of a failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.connecting import product_name
from lms.i18n import gettext as _
from lms.i18n import moment
from lms.lti.checks import Finding

#: The order in which one puts things right: the first failure explains those after it.
ORDER = (
    "answers", "keys", "clock", "token", "service", "deployment", "score", "line_item", "result", "roster_scope",
    "launch", "deep_linking", "roster",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One check as read: its name, its state (ok, bad, warn, wait, none) and what is to be said of it."""

    key: str
    title: str
    state: str
    detail: str


@dataclass(frozen=True)
class Fix:
    """The way out of one failure: what happened, then what to do, step by step."""

    key: str
    title: str
    what: str
    steps: tuple[str, ...]
    #: Whether it stops something, rather than limit it.
    serious: bool


def lines(findings: Sequence[Finding], product: str) -> list[Line]:
    """Every check in words, in order."""
    ordered = sorted(findings, key=lambda each: ORDER.index(each.key))
    return [Line(each.key, _titles(product)[each.key], each.state, _detail(each, product)) for each in ordered]


def first_fix(findings: Sequence[Finding], product: str) -> Fix | None:
    """The one failure to put right first; what only limits the service comes after what stops it. None: no failure."""
    ordered = sorted(findings, key=lambda each: (each.state != "bad", ORDER.index(each.key)))
    failure = next((each for each in ordered if each.state in {"bad", "warn"}), None)
    if failure is None:
        return None
    title, steps = _titles(product)[failure.key], tuple(_steps(failure, product))
    return Fix(failure.key, title, _what(failure, product), steps, failure.state == "bad")


def sentence(findings: Sequence[Finding]) -> str:
    """How the connection stands, in one sentence."""
    states = {each.key: each.state for each in findings}
    bad = {key for key, state in states.items() if state == "bad"}
    if "token" not in states:
        return _("The connection has not been checked yet: the first check runs within a minute.")
    if bad & {"answers", "keys", "deployment"}:
        return _("People cannot enter yet: something stops the connection.")
    if "token" in bad and states["launch"] == "wait":
        return _("The platform does not let us in yet: it is probably waiting for the tool to be activated.")
    if bad:
        return _("People can enter and learn. Their scores do not reach the gradebook yet.")
    if states["launch"] == "wait":
        return _("Everything answers. The connection is complete when somebody opens the activity for the first time.")
    if "warn" in states.values():
        return _("The connection works. One thing would make it complete.")
    return _("The connection works.")


def _titles(product: str) -> dict[str, str]:
    name = product_name(product)
    return {
        "answers": _("%(product)s answers", product=name[:1].upper() + name[1:]),
        "keys": _("Its public keys are read"),
        "clock": _("The clocks agree"),
        "token": _("An access token is given"),
        "service": _("The token is taken"),
        "deployment": _("A deployment is known"),
        "score": _("Sending scores is allowed"),
        "line_item": _("Making columns is allowed"),
        "result": _("Reading results is allowed"),
        "roster_scope": _("Reading participants is allowed"),
        "launch": _("Somebody opened the activity"),
        "deep_linking": _("A trainer chose content"),
        "roster": _("A list of participants was read"),
    }


def _detail(found: Finding, product: str) -> str:
    if found.state == "none":
        return _("Not checked: it depends on a check above, or on a first course.")
    if found.state in {"bad", "warn"}:
        return _what(found, product)
    if found.state == "wait":
        return {
            "launch": _("Awaited: add the activity to a course and open it."),
            "deep_linking": _("Awaited: in a course, a trainer adds the activity and chooses « Select content »."),
            "roster": _("Awaited: the first list is read after the first entry into a course."),
        }[found.key]
    return {
        "answers": lambda: _("In %(time)s ms.", time=found.detail),
        "keys": lambda: _("Usable keys: %(count)s.", count=found.detail),
        "clock": lambda: _("%(seconds)s s apart, 60 s admitted.", seconds=found.detail.removeprefix("-")),
        "deployment": lambda: _("Deployment: %(ids)s.", ids=found.detail),
        "launch": lambda: _("The last time on %(when)s.", when=moment(datetime.fromisoformat(found.detail))),
        "roster": lambda: _("Participants: %(count)s.", count=found.detail),
    }.get(found.key, lambda: "")()


def _what(found: Finding, product: str) -> str:
    """What happened."""
    name = product_name(product)
    if found.key == "token" and found.cause == "token_refused":
        return _("It refuses to give us an access token. Its answer: « %(code)s ».", code=found.detail)
    if found.cause == "scope_refused":
        return _("It grants a token, but not this use of it.")
    if found.cause == "authorization_stripped":
        return _(
            "It gave a token, then refuses it (401): the server in front of it probably removes « Authorization »."
        )
    if found.cause == "clock":
        return _("The clocks are %(seconds)s s apart: messages are refused beyond 60 s.",
                 seconds=found.detail.removeprefix("-"))  # fmt: skip
    if _disbelieved(found):
        return _("It answers with a certificate that this server does not believe.")
    words = {
        "unreachable": _("It does not answer."),
        "address_unknown": _("Its host name does not exist, or does not resolve from here."),
        "address_private": _("Its address is on a private network, where this service does not call."),
        "address_refused": _("Its address is not https."),
        "answer_status": _("Its keyset address answers with an error (HTTP %(code)s).", code=found.detail),
        "answer_not_json": _("Its keyset address gives something else than a keyset."),
        "key_set_malformed": _("Its keyset address gives something else than a keyset."),
        "no_key": _("It publishes no key that can be used: RS256, 2048 bits or more."),
        "deployment": _("No deployment is known: every entry is refused until its identifier is added."),
        "roster_error": _("Lists that could not be read the last time: %(count)s.", count=found.detail),
        "token_answer": _("Its answer to our request for a token cannot be used."),
    }
    return words.get(found.cause) or _("The answer of %(product)s was not expected: %(code)s.", product=name,
                                       code=found.detail or found.cause)  # fmt: skip


def _steps(found: Finding, product: str) -> list[str]:
    """What to do, named as the product names it."""
    if found.cause == "scope_refused":
        return _allow(found.key, product)
    if found.key == "token" and found.cause == "token_refused":
        return _activate(product)
    if _disbelieved(found):
        return [
            _("Open its address in a browser: the certificate may have ended, or be that of another name."),
            _("If an authority of yours certifies it, name its file in the setting LMS_AUTHORITIES, then restart."),
        ]
    steps = {
        "authorization_stripped": [
            _("On the web server of the platform, let the « Authorization » header through."),
            _("With Apache and PHP, add « CGIPassAuth On » to the configuration of the site."),
        ],
        "clock": [_("Set both servers to network time (NTP).")],
        "address_private": [
            _("If it is an intranet of yours, add its host to the setting LMS_ALLOWED_PRIVATE_HOSTS, then restart.")
        ],
        "unreachable": [
            _("Check that the platform is up, and that this server may call it: firewall, proxy, certificate.")
        ],
        "address_unknown": [_("Check the addresses of the connection, and the name server of this machine.")],
        "deployment": _deploy(product),
        "roster_error": [_("Open the activity from the course again, as a trainer: the list is read once more.")],
    }  # fmt: skip
    if found.key == "keys" and found.cause not in steps:
        return [_("Open the keyset address in a browser: it should show keys, as JSON.")]
    return steps.get(found.cause, [_("Give « Copy for support » to the administrator of the platform.")])


def _disbelieved(found: Finding) -> bool:
    """Whether what stopped is its certificate, rather than the network."""
    return (found.cause, found.detail) == ("unreachable", "SSLCertVerificationError")


def _activate(product: str) -> list[str]:
    """A refused token: the tool is not active yet, or the platform cannot read our keys."""
    reach = _("Check that the platform can read our public keys: it must reach this service's address.")
    return {
        "moodle": [
            _("In Moodle, open Site administration, Plugins, External tool, Manage tools."),
            _("On the « Manager Public IA » card, choose « Activate » if it is pending."),
            _("If it is active: Site administration, Security, HTTP security must not block this service's host."),
        ],
        "canvas": [
            _("In Canvas, open Admin, Developer keys."),
            _("Switch the « Manager Public IA » key on."),
            reach,
        ],
        "openedx": [
            _("In Studio, open the settings of the LTI Consumer block."),
            _("Check the client identifier, and « Tool Keyset URL »."),
            reach,
        ],
    }.get(product, [_("In the platform, activate the tool if it is pending."), reach])


def _allow(key: str, product: str) -> list[str]:
    roster = key == "roster_scope"
    if product == "moodle":
        return [
            _("In Moodle, open Site administration, Plugins, External tool, Manage tools."),
            _("On the « Manager Public IA » card, choose the cog, then « Services »."),
            _("For IMS LTI Names and Role Provisioning, choose « Use this service to retrieve members' information ».")
            if roster
            else _(
                "For IMS LTI Assignment and Grade Services, choose « Use this service for grade sync and column "
                "management »."
            ),
            _("Save."),
        ]
    if product == "canvas":
        return [
            _("In Canvas, open Admin, Developer keys, and edit the « Manager Public IA » key."),
            _("In « LTI Advantage Services », switch on what concerns the roster.")
            if roster
            else _("In « LTI Advantage Services », switch on what concerns assignments, scores and results."),
            _("Save."),
        ]
    if product == "openedx":
        return [
            _("In Studio, open the settings of the LTI Consumer block."),
            _("Ask Open edX's operator to enable Names and Role Provisioning for the course.")
            if roster
            else _("Set « LTI Assignment and Grades Service » to « Programmatic »."),
        ]
    return [_("In the platform's settings for this tool, allow this service: %(service)s.",
              service=_("Names and Role Provisioning") if roster else _("Assignment and Grade Services"))]  # fmt: skip


def _deploy(product: str) -> list[str]:
    where = {
        "moodle": _("In Moodle, on the card of the tool, the magnifying glass shows « Deployment ID »."),
        "canvas": _("In Canvas, in Settings, Apps, the gear of the app shows « Deployment Id »."),
        "openedx": _("Open edX's deployment is « 1 » unless its operator changed it."),
    }.get(product, _("The platform shows the deployment identifier in its settings for this tool."))
    return [where, _("Add it below, in « Deployments ».")]
