"""Asks a platform to send us its notices."""

from typing import Any

from lms.jobs import Tools
from lms.lti.client import ServiceRefused
from lms.lti.model import LtiError
from lms.lti.notices import ask
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.services.platforms import registration


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Put our address for each notice wanted; asked twice, it is the same address."""
    try:
        platform = registration(tools.session, payload["platform_id"])
        tools.session.commit()  # no transaction stays open while the platform answers
        ask(tools.services, platform, payload["url"], tuple(payload["types"]), tools.notices_url)
    except ServiceRefused as error:
        why = N_("The platform does not take our address for its notices.")
        if error.status in {400, 403, 404}:
            raise GiveUp(f"{why}\nHTTP {error.status}") from error
        raise TryLater(f"{why}\nHTTP {error.status}", error.after) from error
    except LtiError as error:
        why = N_("The platform cannot be asked for its notices.")
        if error.cause == "scope_refused":
            raise GiveUp(f"{why}\n{error.cause}") from error
        raise TryLater(f"{why}\n{error.cause}") from error
