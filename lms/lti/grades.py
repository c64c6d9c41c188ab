"""Assignment and Grade Services 2.0: access tokens, and scores sent to a platform's gradebook."""

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy.orm import Session

from lms.lti.http import Outbound
from lms.lti.keys import ToolKeys
from lms.lti.model import LtiError, Registration

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: The gradebook receives a score out of 100.
MAXIMUM = 100


@dataclass(frozen=True)
class Score:
    """A score to publish: ``value`` between 0 and 1, exact; ``moment`` aware, later than any sent before."""

    user: str
    value: Fraction
    complete: bool
    moment: datetime


class GradeRefused(Exception):
    """The platform did not take a score. ``final`` when sending it again cannot help."""

    def __init__(self, status: int, *, final: bool, after: timedelta | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.final, self.after = status, final, after


class GradeService:
    """Sends scores, holding one access token a platform and scope until it expires."""

    def __init__(self, outbound: Outbound, keys: ToolKeys) -> None:
        self._outbound, self._keys = outbound, keys
        self._tokens: dict[tuple[int, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def signer(self, session: Session) -> tuple[str, RSAPrivateKey]:
        """(kid, private key) of the tool, read before the database transaction ends."""
        return self._keys.signing(session)

    def send(self, platform: Registration, signer: tuple[str, RSAPrivateKey], lineitem_url: str, score: Score) -> None:
        """Publish a score (AGS 2.0, Score publish service). Raises ``GradeRefused`` or ``LtiError``.

        A refused token is renewed once.
        """
        body = json.dumps(
            {
                "userId": score.user,
                "scoreGiven": float(round(score.value * MAXIMUM, 2)),
                "scoreMaximum": MAXIMUM,
                "activityProgress": "Completed" if score.complete else "InProgress",
                # Anything but FullyGraded makes Moodle drop the value.
                "gradingProgress": "FullyGraded",
                "timestamp": score.moment.isoformat(),
            }
        ).encode()
        for renewed in (False, True):
            token = self._token(platform, signer, renew=renewed)
            answer = self._outbound.request(
                "POST", scores_url(lineitem_url), content=body,
                headers={"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE},
            )  # fmt: skip
            if answer.is_success:
                return
            if answer.status_code != 401:
                break
        wait = answer.headers.get("Retry-After", "")
        after = timedelta(seconds=min(int(wait), 86_400)) if wait.isdigit() else None
        raise GradeRefused(answer.status_code, final=answer.status_code in {400, 403, 404}, after=after)

    def _token(self, platform: Registration, signer: tuple[str, RSAPrivateKey], *, renew: bool) -> str:
        key = (platform.platform_id, SCOPE)
        with self._lock:
            token, until = self._tokens.get(key, ("", 0.0))
            if renew or time.monotonic() >= until:
                token, lifetime = self._ask_token(platform, signer)
                # A minute early: a token must not expire on its way.
                self._tokens[key] = (token, time.monotonic() + max(0, lifetime - 60))
            return token

    def _ask_token(self, platform: Registration, signer: tuple[str, RSAPrivateKey]) -> tuple[str, int]:
        kid, private = signer
        now = int(time.time())
        assertion = jwt.encode(
            {
                "iss": platform.client_id, "sub": platform.client_id, "aud": platform.token_url,
                "iat": now - 5, "exp": now + 60, "jti": str(uuid4()),
            },
            private, algorithm="RS256", headers={"kid": kid},
        )  # fmt: skip
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
            "scope": SCOPE,
        }
        answer = self._outbound.json("POST", platform.token_url, data=form, headers={"Accept": "application/json"})
        if not isinstance(answer, dict) or str(answer.get("token_type", "")).lower() != "bearer":
            raise LtiError("token_answer")
        token, lifetime = answer.get("access_token"), answer.get("expires_in", 3600)
        if not isinstance(token, str) or not isinstance(lifetime, int):
            raise LtiError("token_answer")
        return token, lifetime


def scores_url(lineitem_url: str) -> str:
    """The scores address of a line item: ``/scores`` goes before the query (Moodle's carry ``?type_id=``)."""
    parts = urlsplit(lineitem_url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/scores"))
