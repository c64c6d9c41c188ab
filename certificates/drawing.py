"""Draws HTML on paper with xhtml2pdf: nothing but the fonts and the given folder is read, nothing is logged.

What it draws is not PDF/A nor PDF/UA: the HTML page is the accessible version.
"""

import logging
import threading
from io import BytesIO
from pathlib import Path

from reportlab import rl_config
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy

from certificates import fonts

#: Binary streams as they are: in ASCII they are a quarter larger, and a tenth of the drawing time goes into it.
rl_config.useA85 = 0
_LOGGER = logging.getLogger("xhtml2pdf")
_DRAWING = threading.Lock()


class NotDrawn(RuntimeError):
    """The renderer had something to say: the page is not as it must be."""


def drawn(markup: str, page: Path) -> bytes:
    """The PDF of a page of HTML that stands at ``page``, whose folder it may read. Raises :class:`NotDrawn`."""
    out = BytesIO()
    policy = ResourceAccessPolicy.server(page.parent, allow_remote=False, extra_roots=fonts.DIRECTORIES)
    with _WarningsHeard() as heard:
        status = pisa.pisaDocument(markup, out, path=str(page), resource_policy=policy, default_css="")
    if status.err or status.warn or heard.messages:
        raise NotDrawn("; ".join(heard.messages) or "errors while drawing")
    return out.getvalue()


class _WarningsHeard(logging.Handler):
    """Hears what the renderer only logs, such as text left out of a frame.

    It keeps these messages out of the service's logs, for they quote the page and so the holder's name; and it
    lets one page be drawn at a time, which the renderer does anyway, so that none hears another's.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first line of one message; the next quotes the page."""
        self.messages.append(record.getMessage().partition("\n")[0])

    def __enter__(self) -> "_WarningsHeard":
        _DRAWING.acquire()
        _LOGGER.addHandler(self)
        _LOGGER.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        _LOGGER.removeHandler(self)
        _LOGGER.propagate = True
        _DRAWING.release()
