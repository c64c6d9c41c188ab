"""The images of a module, in its folder ``files``: known by their content, whatever their names say."""

import re
from io import BytesIO

from PIL import Image

from curricula.folder import Folder
from curricula.model import File
from curricula.problems import N_, Place, Problem
from curricula.svg import harm, is_svg

#: Largest image, in bytes.
LARGEST = 2_000_000
#: Most pixels, in millions: shown, they take 100 MB of a telephone, however few bytes say them.
MOST_MEGAPIXELS = 25
#: What is said of one that has more, with ``most``, and what to do. What is published already still shows.
TOO_MANY_PIXELS = (
    N_("This image has more than %(most)s million pixels."),
    N_("Reduce it: a lesson shows no more than 2,000 in width."),
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.[A-Za-z0-9]{1,8}")
_SIGNS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}


def media_of(content: bytes) -> str | None:
    """The media type that a content begins as; None where it is no image that is taken."""
    found = next((media for media, signs in _SIGNS.items() if signs.match(content)), None)
    return found or ("image/svg+xml" if is_svg(content) else None)


def too_many_pixels(content: bytes) -> bool:
    """Whether an image says that it has more than MOST_MEGAPIXELS; a drawing has none. Nothing of it is unpacked."""
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            return image.width * image.height > MOST_MEGAPIXELS * 1_000_000
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # the latter where warnings are errors
        return True
    except (OSError, ValueError, SyntaxError):
        return False  # no browser shows it


def read_files(folder: Folder, module: str, problems: list[Problem]) -> tuple[File, ...]:
    """The images of a module by name; what is wrong gathers in ``problems``, and is left out."""
    found = []
    for path in sorted(folder.files):
        if path.startswith(f"{module}/files/"):
            name, content = path.removeprefix(f"{module}/files/"), folder.files[path]
            refused = refusals_of(Place(f"{folder.name}/{path}", ""), name, content)
            problems += refused
            if not refused:
                found.append(File(name, media_of(content) or "", content))
    return tuple(found)


def refusals_of(place: Place, name: str, content: bytes) -> list[Problem]:
    """Why an image of that name is not taken; empty where it is."""
    found = []
    if not NAME.fullmatch(name):
        what = N_("This is not the name of an image.")
        fix = N_("Use letters, digits and hyphens, then an ending: schema.svg; without a folder of its own.")
        found.append(place.problem(0, what, fix))
    if len(content) > LARGEST:
        what, fix = N_("This image is larger than %(most)s MB."), N_("Reduce it.")
        found.append(place.problem(0, what, fix, most=LARGEST // 1_000_000))
    media = media_of(content)
    if media is None:
        what, fix = N_("This is not an image that is taken."), N_("Save it as PNG, JPEG, WebP, GIF or SVG.")
        found.append(place.problem(0, what, fix))
    elif media == "image/svg+xml" and len(content) <= LARGEST and (bad := harm(content)):
        what = N_("This SVG holds more than a drawing, or is not well written: %(found)s.")
        found.append(place.problem(0, what, N_("Save it as plain SVG, without script or link, or as PNG."), found=bad))
    return found
