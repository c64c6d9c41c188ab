"""What an administrator would copy from this LMS into the tool."""

from lms.devlms.settings import DevLmsSettings


def registration(settings: DevLmsSettings) -> dict[str, str]:
    """The values the tool needs to know this platform, as ``lms platform add`` names them."""
    return {
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "auth_url": f"{settings.issuer}/auth",
        "token_url": f"{settings.issuer}/token",
        "jwks_url": f"{settings.issuer}/jwks.json",
        "deployment_id": settings.deployment_id,
    }
