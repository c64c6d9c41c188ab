"""HTML of strangers as Markdown, in a time that its length bounds."""

import re

from curricula.exchange.html import to_markdown
from curricula.exchange.model import N_, NotReadable

#: A run of spaces so long says nothing, and costs its square to read.
_SPACES = re.compile(r"\s{100,}")


def bounded_markdown(html: str, line: int = 0) -> tuple[str, tuple[str, ...]]:
    """As ``to_markdown``. Raises ``NotReadable``, at ``line``, where elements are nested too deep to be read."""
    try:
        return to_markdown(_SPACES.sub("\n", html))
    except RecursionError as error:
        raise NotReadable(N_("Elements are nested too deep."), line) from error
