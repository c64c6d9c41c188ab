"""The status list that credentials held in wallets name, signed with the others and from the same register."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.sign.keys import Keys
from certificates.sign.token_status import INVALID, SUSPENDED, status_token
from lms.models import Certificate, TokenStatusList
from lms.models.upsert import insert_or_find

_MEANING = {"revoked": INVALID, "replaced": INVALID, "suspended": SUSPENDED}


def token_list_url(base_url: str, number: int) -> str:
    """The address of the token of a status list."""
    return f"{base_url}/status/token-{number}"


def sign_token_list(session: Session, keys: Keys, base_url: str, number: int, now: datetime) -> None:
    """Sign the token of a status list from what the certificates are today."""
    held = select(Certificate.status_index, Certificate.status).where(Certificate.status_list_id == number)
    states = {index: _MEANING[status] for index, status in session.execute(held) if status in _MEANING}
    token = status_token(states, token_list_url(base_url, number), base_url, keys, now)
    insert_or_find(session, TokenStatusList, {"status_list_id": number}, {"token": token}).token = token


def token_list(session: Session, number: int) -> str | None:
    """The token of a status list as last published."""
    row = session.get(TokenStatusList, number)
    return row.token if row else None
