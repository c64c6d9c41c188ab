"""Whom pages ask: their own service, and nobody else."""

from playwright.sync_api import Request

#: In the page itself, asked of nobody.
INSIDE = ("data:", "blob:", "about:")


def asked_elsewhere(request: Request, service: str) -> bool:
    """Whether a page of ``service``, by its origin, asks another origin for something.

    Going somewhere else is the visitor's choice: of navigations nothing is said. What a page would frame is held by
    its policy, which is heard on the console.
    """
    own = service.rstrip("/") + "/"
    if request.is_navigation_request() or request.url.startswith((own, *INSIDE)):
        return False
    return request.frame.url.startswith(own)
