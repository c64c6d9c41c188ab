"""Services of platforms, called with a token of theirs: grades, rosters, groups, notices."""

from collections.abc import Iterator

import httpx

from lms.lti.addresses import host_of, on_known_host
from lms.lti.http import LIMIT, Outbound, retry_after
from lms.lti.links import next_link
from lms.lti.model import LtiError, Registration
from lms.lti.tokens import Token, Tokens

#: More pages than any collection has: an address that changes for ever is a loop too.
MOST_PAGES = 20_000


class ServiceRefused(LtiError):
    """A service answered, and not with what was asked: its HTTP status, and how long it asks us to wait, if it does."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__("service_refused", str(answer.status_code), retry_after(answer))
        self.status = answer.status_code


class ServiceClient:
    """Calls the services of platforms. Safe from any thread; never call it while a transaction is open."""

    def __init__(self, outbound: Outbound, tokens: Tokens) -> None:
        self.outbound, self.tokens = outbound, tokens

    def call(
        self,
        platform: Registration,
        scopes: tuple[str, ...],
        method: str,
        url: str,
        *,
        accept: str | None = None,
        media: str | None = None,
        body: bytes | None = None,
        limit: int = LIMIT,
    ) -> httpx.Response:
        """One answer of a platform's service, whatever its status. A token that may be what is refused is renewed once.

        The token never leaves the platform's own hosts. ``LtiError``: ``foreign_address``, ``unreachable``,
        ``token_refused``, ``scope_refused`` with the scope that was not granted.
        """
        on_known_host(url, platform, "service")
        headers = {name: value for name, value in (("Accept", accept), ("Content-Type", media)) if value}
        for last in (False, True):
            token = self._token(platform, scopes)
            for scope in scopes:
                if scope not in token.granted:
                    # Not kept: once an administrator has allowed it, the next one is.
                    self.tokens.drop(platform, scopes, token)
                    raise LtiError("scope_refused", scope)
            bearer = {"Authorization": f"Bearer {token.value}"}
            answer = self.outbound.request(method, url, headers={**headers, **bearer}, content=body, limit=limit)
            if last or not self._about_the_token(answer, platform, scopes):
                break
            self.tokens.drop(platform, scopes, token)
        return answer

    def _token(self, platform: Registration, scopes: tuple[str, ...]) -> Token:
        try:
            return self.tokens.get(platform, scopes)
        except LtiError as error:
            if error.detail == "invalid_scope":  # what platforms say that drop every scope asked for
                raise LtiError("scope_refused", " ".join(scopes)) from error
            raise

    def _about_the_token(self, answer: httpx.Response, platform: Registration, scopes: tuple[str, ...]) -> bool:
        # Open edX says 403 of a token it no longer takes, which is also what it says of a scope that lacks.
        return answer.status_code == 401 or (answer.status_code == 403 and not self.tokens.fresh(platform, scopes))

    def pages(
        self, platform: Registration, scopes: tuple[str, ...], url: str, accept: str, *, limit: int = LIMIT
    ) -> Iterator[httpx.Response]:
        """The answers of a collection, one after the other, following its next links (RFC 8288).

        ``ServiceRefused`` for an answer that is not 2xx; ``LtiError``: ``foreign_address`` when a next link leads to
        another host, ``endless_pages`` when it leads where we have been.
        """
        seen, following = set[str](), url
        while following:
            if following in seen or len(seen) >= MOST_PAGES:
                raise LtiError("endless_pages")
            seen.add(following)
            answer = self.call(platform, scopes, "GET", following, accept=accept, limit=limit)
            if not answer.is_success:
                raise ServiceRefused(answer)
            yield answer
            after = next_link(answer, following)
            if after is not None and host_of(after) != host_of(url):
                raise LtiError("foreign_address", "next page")
            following = after or ""
