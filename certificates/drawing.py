"""Draws HTML on paper with xhtml2pdf: nothing but the given folder is read, nothing is logged.

What it draws is not PDF/A nor PDF/UA: the HTML page is the accessible version.
"""

import logging
import threading
from functools import cache
from io import BytesIO
from pathlib import Path

from certificates import fonts

_LOGGER = logging.getLogger("xhtml2pdf")
_DRAWING = threading.Lock()


class NotDrawn(RuntimeError):
    """The renderer had something to say: the page is not as it must be."""


def drawn(markup: str, page: Path) -> bytes:
    """The PDF of a page of HTML that stands at ``page``, whose folder it may read. Raises :class:`NotDrawn`."""
    # Once something is drawn: docs/adr/0056.
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    _make_ready()
    out = BytesIO()
    policy = ResourceAccessPolicy.server(page.parent, allow_remote=False)
    with _WarningsHeard() as heard:
        status = pisa.pisaDocument(markup, out, path=str(page), resource_policy=policy, default_css="")
    if status.err or status.warn or heard.messages:
        raise NotDrawn("; ".join(heard.messages) or "errors while drawing")
    return out.getvalue()


def printable(page: str) -> str:
    """The page in signs that its face has: the narrow no-break space is wide, what nobody can print is « ? »."""
    page = page.replace("\u202f", "\u00a0").replace("\u2011", "-")
    # Sign by sign: the renderer joins Arabic letters itself, into forms that are not those of the page.
    return page.translate({ord(sign): "?" for sign in set(page) if fonts.missing(sign, fonts.SANS)})


@cache
def _make_ready() -> None:
    """Let style sheets name our faces: told once a process, where ``@font-face`` would read them for each page."""
    from reportlab import rl_config
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from xhtml2pdf.default import DEFAULT_FONT

    # Binary streams as they are: in ASCII they are a quarter larger, and a tenth of the drawing time goes into it.
    rl_config.useA85 = 0
    families: dict[str, str] = {}
    for face in fonts.FACES:
        name = face.path.stem
        pdfmetrics.registerFont(fonts.metrics(face))
        # The normal face of a family comes first and serves as its bold too, until a bold one takes its place.
        normal = families.setdefault(face.family.lower(), name)
        for bold in (0, 1) if name == normal else (1,):
            for italic in (0, 1):
                addMapping(normal, bold, italic, name)
    DEFAULT_FONT.update(families)


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
