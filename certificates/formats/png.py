"""The badge as a PNG with its credential baked in."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from certificates import fonts, picture
from certificates.baking import PNG_KEYWORD
from certificates.formats import Format, RenderError
from certificates.model import Look, Record
from certificates.names import NameRefused
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys

#: Shapes are drawn this many times larger, then reduced: edges are smooth.
_FINER = 4


def render(record: Record, keys: Keys) -> bytes:
    """The picture. Raises :class:`RenderError` when a text does not fit or a letter cannot be drawn."""
    drawing = draw(record)
    said = PngInfo()
    # Not compressed: the specification asks for it, and readers need not inflate.
    said.add_itxt(PNG_KEYWORD, signed_json(record, keys).decode())
    said.add_itxt("Title", picture.title(record, record.language), record.language)
    said.add_itxt("Description", picture.description(record), record.language)
    out = BytesIO()
    drawing.save(out, "PNG", pnginfo=said)
    return out.getvalue()


def draw(record: Record) -> Image.Image:
    """The picture before anything is baked in it."""
    try:
        lines = picture.words(record)
    except (fonts.DoesNotFitError, NameRefused) as error:
        raise RenderError(f"{record.number}: the badge cannot be drawn: {type(error).__name__}") from error
    drawing = _ground(record.issuer.look, fictitious=record.issuer.fictitious).copy()
    pen = ImageDraw.Draw(drawing)
    for line in lines:
        pen.text((line.x, line.y), line.text, line.colour, font=_font(line.face, line.size), anchor="ls")
    return drawing


@lru_cache(maxsize=64)
def _font(face: fonts.Face, size: float) -> ImageFont.FreeTypeFont:
    """A face at a size; letters come in the order and form they are drawn, so that any Pillow draws the same."""
    return ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4)
def _ground(look: Look, *, fictitious: bool) -> Image.Image:
    """What lies under the text: the band, the mark, the logo."""
    side, band = picture.SIDE, picture.BAND
    wide = Image.new("RGB", (side * _FINER, (band + picture.LINE) * _FINER), picture.SAFFRON)
    pen = ImageDraw.Draw(wide)

    def box(*places: float) -> tuple[float, ...]:
        return tuple(place * _FINER for place in places)

    pen.rectangle(box(0, 0, side, band - 0.5), look.colour)
    pen.rounded_rectangle(box(64, 42, 165, 143), 13 * _FINER, picture.WHITE)
    pen.pieslice(box(113, 91, 217, 195), 180, 270, picture.SAFFRON)
    pen.ellipse(box(110, 88, 220, 198), outline=picture.WHITE, width=7 * _FINER)
    drawing = Image.new("RGB", (side, side), picture.WHITE)
    drawing.paste(wide.resize((side, band + picture.LINE), Image.Resampling.BOX))
    pen = ImageDraw.Draw(drawing)
    pen.rectangle((picture.MARGIN, picture.FACTS, side - picture.MARGIN, picture.FACTS + 1), picture.HAIR)
    if fictitious:
        pen.rectangle((0, picture.FOOT, side, side), picture.WARM_TINT)
    if look.logo:
        with Image.open(BytesIO(look.logo)) as logo:
            logo.thumbnail(picture.LOGO_ROOM)
            left, top = side - picture.MARGIN - logo.width, (band - logo.height) // 2
            pen.rounded_rectangle(
                (left - 16, top - 16, left + logo.width + 16, top + logo.height + 16), 8, picture.WHITE
            )
            drawing.paste(logo, (left, top))
    return drawing


FORMAT = Format("png", ".png", "image/png", render)
