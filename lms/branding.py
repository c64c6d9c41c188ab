"""The issuer's colour and logo: what is accepted in the configuration, and what is made of it."""

import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from certificates.model import Look

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
#: White text stands on the colour, and the colour on white: WCAG 2.2, 1.4.3.
LEAST_CONTRAST = 4.5
MAX_LOGO = 1_000_000
_LARGEST_SIDE = 6000
#: A logo is kept at this size at most: it is in every certificate.
_KEPT = (900, 300)


def contrast_with_white(colour: str) -> float:
    """The contrast of ``#rrggbb`` with white, from 1 to 21 (WCAG 2.2, relative luminance)."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def colour_problem(colour: str) -> str | None:
    """What is wrong with a colour, and how to mend it; None when it can be used."""
    if not _COLOUR.fullmatch(colour):
        return "LMS_ISSUER_COLOUR must be a colour like #42204a."
    contrast = contrast_with_white(colour)
    if contrast < LEAST_CONTRAST:
        return (
            f"LMS_ISSUER_COLOUR is too light: white text on {colour} has a contrast of {contrast:.2f}, and needs "
            f"{LEAST_CONTRAST}. Choose a darker one."
        )
    return None


def logo_problem(path: Path) -> str | None:
    """What is wrong with a logo, and how to mend it; None when it can be used."""
    try:
        logo_png(path)
    except OSError as error:
        if isinstance(error, UnidentifiedImageError):
            return f"LMS_ISSUER_LOGO must be a PNG or JPEG picture: {path} is none."
        return f"LMS_ISSUER_LOGO names {path}, which cannot be read as a PNG or JPEG picture."
    except (ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"LMS_ISSUER_LOGO cannot be used: {error}."
    return None


def logo_png(path: Path) -> bytes:
    """A logo as a PNG on white, reduced to what certificates need. Raises OSError, ValueError or SyntaxError."""
    if path.stat().st_size > MAX_LOGO:
        raise ValueError(f"it weighs more than {MAX_LOGO // 1_000_000} MB")
    with Image.open(path, formats=("PNG", "JPEG")) as picture:
        if max(picture.size) > _LARGEST_SIDE:
            raise ValueError(f"it is more than {_LARGEST_SIDE} pixels wide or high")
        # What is made for printers holds four inks, and goes to RGBA by RGB alone.
        solid = (picture.convert("RGB") if picture.mode == "CMYK" else picture).convert("RGBA")
    solid.thumbnail(_KEPT)
    flat = Image.new("RGB", solid.size, "#ffffff")
    flat.paste(solid, mask=solid)
    out = BytesIO()
    flat.save(out, "PNG", optimize=True)
    return out.getvalue()


@lru_cache(maxsize=4)
def look(colour: str, logo: Path) -> Look:
    """How the issuer's papers look; read once a process. ``logo`` is empty for none."""
    return Look(colour, logo_png(logo) if logo != Path() else None)
