"""Signs again the certificates whose key was compromised, each in a transaction of its own."""

from datetime import timedelta
from time import monotonic
from typing import Any

from certificates.formats import RenderError
from certificates.names import NameRefused
from lms.jobs import Tools
from lms.models import Certificate
from lms.services import key_care
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.services.sealing import sealing

#: A worker that dies is replaced after so long; one that lives hands over before.
LEASE = timedelta(minutes=5)
LONGEST = timedelta(minutes=4)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Go on where it is: one that is done no longer rests on the key. Those that cannot be made are told at the end."""
    session, end, refused = tools.session, monotonic() + LONGEST.total_seconds(), list[str]()
    for identity in key_care.resting(session, payload["key"]):
        try:
            with sealing():
                key_care.sign_again(session, tools.authority, identity, payload["key"])
        except (RenderError, NameRefused):
            session.rollback()
            refused.append(session.get_one(Certificate, identity).number)
        session.commit()
        if monotonic() > end:
            raise TryLater(N_("Certificates are being signed again."), timedelta(0), cause="long", counted=False)
    if refused:
        why = N_("Some certificates cannot be drawn again: their files are no longer believed.")
        raise GiveUp(f"{why}\n{', '.join(refused)}")
