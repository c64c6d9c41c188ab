"""What is known of products beforehand, as data: issuers that many schools share, and the hosts they are served from.

An issuer and its addresses are on one host (LTI Dynamic Registration 1.0, section 3.2), except for these.
"""

from dataclasses import dataclass

from lms.lti.addresses import host_of


@dataclass(frozen=True)
class Family:
    """A hosted product: every school has its issuer, and addresses on its domains or under them."""

    issuers: frozenset[str]
    domains: tuple[str, ...]

    def has(self, url: str) -> bool:
        """Whether an https address is on one of its domains, or under one."""
        host, _colon, port = host_of(url).rpartition(":")
        own = any(host == domain or host.endswith("." + domain) for domain in self.domains)
        return own and port == "443" and url.startswith("https://")


FAMILIES = (
    Family(
        frozenset({f"https://canvas.{stage}instructure.com" for stage in ("", "beta.", "test.")}),
        ("instructure.com", "canvaslms.com"),
    ),
)


def family_of(issuer: str) -> Family | None:
    """The hosted product of that issuer, if it is one that several schools share."""
    return next((family for family in FAMILIES if issuer in family.issuers), None)
