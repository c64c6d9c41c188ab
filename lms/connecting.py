"""What somebody reads or copies to connect an LMS: our addresses by product, and our services in plain words."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lms.i18n import gettext as _
from lms.lti import scopes
from lms.lti.deep_linking import HISTORY
from lms.lti.registration import DESCRIPTION, PlatformConfiguration

#: Products as their users name them; any other is « the platform ».
PRODUCTS = {"moodle": "Moodle", "canvas": "Canvas", "openedx": "Open edX", "sakai": "Sakai", "blackboard": "Blackboard"}


@dataclass(frozen=True)
class Fields:
    """What to copy into one product: a list of (field as it names it, value)."""

    key: str
    product: str
    #: Where its fields are.
    where: str
    pairs: tuple[tuple[str, str], ...]


def product_name(product: str) -> str:
    """The name of a product family; « the training platform » when it is none that we know."""
    return PRODUCTS.get(product) or _("the training platform")


def service_words(scope: str) -> str:
    """What a scope lets us do, in plain words."""
    return {
        scopes.SCORE: _("Send the learners' scores to the gradebook"),
        scopes.LINE_ITEM: _("Find or make the column of an activity in the gradebook"),
        scopes.RESULT: _("Read back the scores that were sent, to check that they arrived"),
        scopes.ROSTER: _("Read the list of a course's participants"),
        scopes.GROUPS: _("Read the groups of a course"),
        scopes.NOTICES: _("Be told when a course is copied"),
    }[scope]


def promised_services(found: PlatformConfiguration) -> list[dict[str, str]]:
    """The services asked for on a platform, in plain words, with their scope."""
    return [{"words": service_words(scope), "scope": scope} for scope in found.asked_scopes]


def copy_fields(base: str) -> list[Fields]:
    """Our addresses under the names each product gives them, to connect it by hand."""
    login, launch, jwks = f"{base}/lti/login", f"{base}/lti/launch", f"{base}/lti/jwks.json"
    history = "\n".join(f"{name}={value}" for name, value in HISTORY.items())
    return [
        Fields(
            "moodle", "Moodle", _("Site administration, External tool, Manage tools, Configure a tool manually"),
            (
                (_("Tool URL"), launch), (_("LTI version"), "LTI 1.3"), (_("Public keyset"), jwks),
                (_("Initiate login URL"), login), (_("Redirection URI(s)"), launch), (_("Custom parameters"), history),
            ),
        ),
        Fields(
            "openedx", "Open edX", _("Studio, the settings of the LTI Consumer block"),
            (
                ("LTI Version", "LTI 1.3"), ("Tool Launch URL", launch), ("Registered Redirect URIs", f'["{launch}"]'),
                ("Tool Initiate Login URL", login), ("Tool Public Key Mode", "Keyset URL"), ("Tool Keyset URL", jwks),
                ("LTI Assignment and Grades Service", "Programmatic"), ("Deep linking", "True"),
                ("Deep Linking Launch URL", launch),
            ),
        ),
        Fields(
            "canvas", "Canvas", _("Admin, Developer keys, LTI key, method « Enter URL »"),
            ((_("JSON URL"), f"{base}/lti/canvas.json"), (_("Redirect URIs"), launch)),
        ),
    ]  # fmt: skip


def canvas_key(base: str) -> dict[str, Any]:
    """A Canvas developer key (Canvas, « Configuring LTI Advantage tools », JSON)."""
    launch = f"{base}/lti/launch"
    placements = [
        {"placement": place, "message_type": "LtiDeepLinkingRequest", "target_link_uri": launch, "enabled": True}
        for place in ("assignment_selection", "link_selection")
    ]
    return {
        "title": "Manager Public IA",
        "description": DESCRIPTION["en"],
        "oidc_initiation_url": f"{base}/lti/login",
        "target_link_uri": launch,
        "public_jwk_url": f"{base}/lti/jwks.json",
        "scopes": [scopes.LINE_ITEM, scopes.RESULT, scopes.SCORE, scopes.ROSTER],
        "custom_fields": {**HISTORY},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(base).netloc,
                "privacy_level": "name_only",
                "settings": {"platform": "canvas.instructure.com", "placements": placements},
            }
        ],
    }
