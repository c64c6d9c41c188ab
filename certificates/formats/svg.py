"""The badge as an SVG with its credential baked in; letters are outlines, so that it needs no font."""

import base64
from functools import cache
from html import escape
from io import BytesIO

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont
from PIL import Image

from certificates import fonts, picture
from certificates.baking import NAMESPACE
from certificates.formats import Format, RenderError
from certificates.model import Look, Record
from certificates.names import NameRefused
from certificates.picture import BAND, FACTS, FOOT, HAIR, LINE, MARGIN, SAFFRON, SIDE, WARM_TINT, WHITE, Words
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys


def render(record: Record, keys: Keys) -> bytes:
    """The picture, as UTF-8. Raises :class:`RenderError` when a text does not fit or a letter cannot be drawn."""
    try:
        lines = picture.words(record)
    except (fonts.DoesNotFitError, NameRefused) as error:
        raise RenderError(f"{record.number}: the badge cannot be drawn: {type(error).__name__}") from error
    credential = signed_json(record, keys).decode().replace("]]>", "]]]]><![CDATA[>")
    letters = dict.fromkeys((line.face, letter) for line in lines for letter in line.text)
    names = {key: f"g{number}" for number, key in enumerate(letters)}
    outlines = "".join(f'<path id="{names[key]}" d="{path}"/>' for key in letters if (path := _letter(*key)[0]))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="{NAMESPACE}" width="{SIDE}" height="{SIDE}" \
viewBox="0 0 {SIDE} {SIDE}" role="img" lang="{record.language}" aria-labelledby="title description">
<openbadges:credential><![CDATA[{credential}]]></openbadges:credential>
<title id="title">{escape(picture.title(record, record.language))}</title>
<desc id="description">{escape(picture.description(record))}</desc>
<defs>{outlines}</defs>
{_ground(record.issuer.look, fictitious=record.issuer.fictitious)}
{"".join(_line(line, names) for line in lines)}
</svg>
""".encode()


def _line(line: Words, names: dict[tuple[fonts.Face, str], str]) -> str:
    """One line of letters, each the outline of its name."""
    scale = line.size / _units(line.face)
    place, used = 0, []
    for letter in line.text:
        path, advance = _letter(line.face, letter)
        if path:
            used.append(f'<use href="#{names[line.face, letter]}" x="{place}"/>')
        place += advance
    return (
        f'<g fill="{line.colour}" transform="translate({line.x:g} {line.y:.1f}) scale({scale:.5f} -{scale:.5f})">'
        f"{''.join(used)}</g>\n"
    )


def _ground(look: Look, *, fictitious: bool) -> str:
    """What lies under the text: the band, the mark, the logo."""
    foot = f'<path fill="{WARM_TINT}" d="M0 {FOOT}H{SIDE}V{SIDE}H0Z"/>' if fictitious else ""
    return (
        f'<path fill="{WHITE}" d="M0 0H{SIDE}V{SIDE}H0Z"/>'
        f'<path fill="{look.colour}" d="M0 0H{SIDE}V{BAND}H0Z"/>'
        f'<path fill="{SAFFRON}" d="M0 {BAND}H{SIDE}v{LINE}H0Z"/>'
        f'<rect x="64" y="42" width="101" height="101" rx="13" fill="{WHITE}"/>'
        f'<path fill="{SAFFRON}" d="M165 91A52 52 0 0 0 113 143H165Z"/>'
        f'<circle cx="165" cy="143" r="51.5" fill="none" stroke="{WHITE}" stroke-width="7"/>'
        f'<path fill="{HAIR}" d="M{MARGIN} {FACTS}H{SIDE - MARGIN}v2H{MARGIN}Z"/>{foot}{_logo(look)}'
    )


def _logo(look: Look) -> str:
    """The issuer's logo on a white plate; nothing without one."""
    if not look.logo:
        return ""
    with Image.open(BytesIO(look.logo)) as logo:
        scale = min(1, *(room / size for room, size in zip(picture.LOGO_ROOM, logo.size, strict=True)))
        width, height = (round(size * scale) for size in logo.size)
    left, top = SIDE - MARGIN - width, (BAND - height) // 2
    return (
        f'<rect x="{left - 16}" y="{top - 16}" width="{width + 32}" height="{height + 32}" rx="8" fill="{WHITE}"/>'
        f'<image x="{left}" y="{top}" width="{width}" height="{height}" '
        f'href="data:image/png;base64,{base64.b64encode(look.logo).decode()}"/>'
    )


@cache
def _outlines(face: fonts.Face) -> tuple[TTFont, object]:
    """The parsed face and its letters, read once a process."""
    font = TTFont(face.path, lazy=True)
    return font, font.getGlyphSet()


@cache
def _units(face: fonts.Face) -> int:
    """How many units of the face make its size."""
    units: int = _outlines(face)[0]["head"].unitsPerEm
    return units


@cache
def _letter(face: fonts.Face, letter: str) -> tuple[str, int]:
    """The outline of a letter, empty for a space, and how far the next one stands, in the units of its face."""
    font, glyphs = _outlines(face)
    glyph = glyphs[font.getBestCmap().get(ord(letter), "space")]  # type: ignore[index]
    pen = SVGPathPen(glyphs, ntos=lambda number: f"{number:.0f}")
    glyph.draw(pen)
    return pen.getCommands(), round(glyph.width)


FORMAT = Format("svg", ".svg", "image/svg+xml", render)
