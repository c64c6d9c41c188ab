"""Issues the edition of a certificate that bears the name accepted."""

from typing import Any

from certificates.formats import RenderError
from lms.jobs import Tools
from lms.models import utcnow
from lms.services.corrections import replace
from lms.services.outcomes import N_, GiveUp
from lms.services.sealing import sealing


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Issue once: the new edition, the old one replaced and the event are one transaction."""
    try:
        with sealing():
            replace(tools.session, tools.authority, payload["correction_id"], utcnow())
    except RenderError as error:
        why = N_("The certificate cannot be drawn.")
        raise GiveUp(f"{why}\n{error}") from error
    tools.session.commit()
