"""Signs a credential that a wallet asked for."""

from typing import Any

from lms.jobs import Tools
from lms.services import wallet


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Sign it once; nothing is left to do when it was collected, or its offer has ended."""
    wallet.sign(tools.session, tools.authority, payload["wallet_credential_id"])
    tools.session.commit()
