"""The certificate as one sealed page.

It is drawn with no access to anything but this folder and the fonts; it is checked, then sealed with its
credential attached. It is not PDF/A nor PDF/UA: the HTML page is the accessible version, and it says so.
"""

import base64
from functools import cache, lru_cache
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from PIL import Image

from certificates import fonts, qr, wording
from certificates.drawing import NotDrawn, drawn
from certificates.formats import Format, RenderError
from certificates.model import Field, Look, Record, printed_fields
from certificates.names import fitted_name, name_face
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys

if TYPE_CHECKING:
    from pypdf import PageObject

ASSETS = Path(__file__).parent / "assets"
_TITLE_ROOM = 520.0
_TITLE_STEPS = ((1, 40.0), (1, 36.0), (1, 32.0), (2, 32.0), (2, 28.0), (2, 24.0), (3, 22.0))
#: Room for the issuer's logo, in points.
_LOGO_ROOM = (220.0, 40.0)
#: The fields of the table, row by row, two a row; the others are said elsewhere on the page.
_FACTS = ("number", "duration", "issued_on", "track", "valid_until", "threshold", "modules", "issuer")


def render(record: Record, keys: Keys) -> bytes:
    """The sealed PDF. Raises :class:`RenderError` when anything about the page is not as it must be."""
    from certificates.sign.seal import seal  # once something is sealed: docs/adr/0056

    reason = wording.of(record.language)[f"kind.{record.kind}"]
    return seal(draw(record), signed_json(record, keys), keys, reason=f"{reason} {record.number}")


def draw(record: Record) -> bytes:
    """The page, unsealed but checked: no error, no warning, one page, and its QR code read back.

    Raises :class:`RenderError`; :class:`~certificates.names.NameRefused` when the holder's name cannot be set.
    """
    from pypdf import PdfReader

    try:
        pdf = drawn(markup(record), ASSETS / "certificate.html")
    except NotDrawn as error:
        raise RenderError(f"{record.number}: {error}") from error
    pages = PdfReader(BytesIO(pdf)).pages
    if len(pages) != 1:
        raise RenderError(f"{record.number}: {len(pages)} pages instead of one")
    if _qr_codes(pages[0]) != [record.verify_url]:
        raise RenderError(f"{record.number}: the QR code does not read as its address")
    return pdf


def _qr_codes(page: "PageObject") -> list[str]:
    """What the pictures of a page say, read from the pixels stored in the PDF: only QR codes are pictures."""
    resources = cast("dict[str, dict[str, Any]]", page["/Resources"].get_object())
    said = []
    for reference in resources.get("/XObject", {}).values():
        picture = reference.get_object()
        if picture["/Subtype"] == "/Image" and picture["/ColorSpace"] == "/DeviceGray":
            size = (int(picture["/Width"]), int(picture["/Height"]))
            said.append(qr.read(Image.frombytes("L", size, picture.get_data())))
    return said


def markup(record: Record) -> str:
    """The page in HTML, everything that varies escaped and measured."""
    language = record.language
    say = wording.of(language)
    fields = {field.name_key: field for field in printed_fields(record, language)}
    holder, face = fitted_name(record.holder), name_face(record.holder)
    look = record.issuer.look
    try:
        title = fonts.fit(fields["title"].value, fonts.SERIF_BOLD, _TITLE_ROOM, _TITLE_STEPS)
    except fonts.DoesNotFitError as error:
        raise RenderError(f"{record.number}: the title does not fit") from error
    mention, signatory = fields.get("mention"), fields.get("signatory")
    note = f"{say['specimen']} {say['note']}" if record.issuer.fictitious else say["note"]
    texts = {
        "language": language,
        "document_title": f"{fields['title'].value} · {record.number}",
        "subject": say["subject"],
        "issuer": wording.pick(record.issuer.name, language),
        "check": say["check"],
        "check_url": f"{urlsplit(record.base_url).netloc}/verify",
        "states": say[f"states.{record.kind}"],
        "has": say[f"has.{record.kind}"],
        "reason": wording.reason(record, language),
        "note": note,
    }
    return _template().substitute(
        {key: escape(text) for key, text in texts.items()},
        css=_css(look.colour),
        ground=_ground(look.colour),
        logo=_logo(look.logo) if look.logo else "",
        brand=say["brand"].replace("|", "<br>"),
        qr=f"data:image/png;base64,{base64.b64encode(qr.png(record.verify_url)).decode()}",
        code=f"{escape(record.code[:15])}<br>{escape(record.code[15:])}",
        signatory=_line("sign", signatory, language) if signatory else "",
        mention=_line("mention", mention, language) if mention else "",
        holder=_lines(holder),
        holder_face=face.family,
        holder_size=holder.size,
        holder_leading=round(holder.size * 1.22, 1),
        title=_lines(title),
        title_size=title.size,
        title_leading=round(title.size * 1.16, 1),
        facts=_table([fields[key] for key in _FACTS if key in fields]),
    )


def _lines(fitted: fonts.Fitted) -> str:
    """Measured lines, which the renderer must not break again."""
    return "<br>".join(escape(line).replace(" ", "&nbsp;") for line in fitted.lines)


def _line(kind: str, field: Field, language: str) -> str:
    """A label and its value, in a paragraph of that kind."""
    label = wording.of(language)["label.value"].format(label=field.label)
    return f'<p class="{kind}">{escape(label)}<b>{escape(field.value)}</b></p>'


@lru_cache(maxsize=4)
def _logo(png: bytes) -> str:
    """The issuer's logo, as large as its place allows."""
    with Image.open(BytesIO(png)) as picture:
        width, height = picture.size
    scale = min(_LOGO_ROOM[0] / width, _LOGO_ROOM[1] / height)
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" alt="" '
        f'style="width: {width * scale:.1f}pt; height: {height * scale:.1f}pt">'
    )


@lru_cache(maxsize=4)
def _ground(colour: str) -> str:
    """The address of what is drawn under the text, with its band in the issuer's colour."""
    if colour == Look.colour:
        return "ground.svg"
    drawing = (ASSETS / "ground.svg").read_text("utf-8").replace(Look.colour, colour)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"


def _table(fields: list[Field]) -> str:
    """The facts, two a row."""
    cells = [
        f'<td class="name" width="16%">{escape(field.label)}</td>'
        f'<td class="value" width="{width}">{escape(field.value)}</td>'
        for field, width in zip(fields, ("32%", "36%") * len(fields), strict=False)
    ]
    if len(cells) % 2:
        cells.append("<td></td><td></td>")
    return "\n".join(f"<tr>{left}{right}</tr>" for left, right in zip(cells[::2], cells[1::2], strict=True))


@cache
def _template() -> Template:
    """The page, read once."""
    return Template((ASSETS / "certificate.html").read_text("utf-8"))


@lru_cache(maxsize=4)
def _css(colour: str) -> str:
    """The style sheet with the issuer's colour."""
    return Template((ASSETS / "certificate.css").read_text("utf-8")).substitute(colour=colour)


FORMAT = Format("pdf", ".pdf", "application/pdf", render)
