"""A theme: a deployer's style sheet after ours, with the fonts and pictures it names, all at our own address.

What a folder holds is read when a process starts: pages show one edition of it, and no address reaches another file.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

#: The style sheet that pages show; it may import others of its folder.
SHEET = "theme.css"
#: What a theme is made of; anything else in its folder stays there.
KINDS = {
    ".css": "text/css", ".woff2": "font/woff2", ".woff": "font/woff", ".svg": "image/svg+xml", ".png": "image/png",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
}  # fmt: skip
MOST_FILES = 500
MOST_BYTES = 10_000_000
_NAMED = re.compile(r"""url\(\s*(?:"([^"]*)|'([^']*)|([^"')\s]+))|@import\s+(?:"([^"]*)|'([^']*))""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


class ThemeRefused(Exception):
    """A folder is no theme: a sentence that begins with LMS_THEME_DIR, what is wrong and how to mend it."""


def kind_of(name: str) -> str:
    """The media type of a file of a theme."""
    return KINDS[PurePosixPath(name).suffix.lower()]


def theme(folder: Path) -> dict[str, bytes]:
    """What each file of a theme holds, by its path in there; nothing for the empty path. Raises ``ThemeRefused``."""
    if folder == Path():
        return {}
    try:
        files = _read(folder)
    except OSError as error:
        raise ThemeRefused(f"LMS_THEME_DIR names {folder}, which cannot be read: {error.strerror}.") from error
    if SHEET not in files:
        raise ThemeRefused(f"LMS_THEME_DIR names {folder}, where there is no {SHEET}: give your style sheet that name.")
    for name in files:
        if name.endswith(".css"):
            _check_sheet(name, files)
    return files


def theme_problem(folder: Path) -> str | None:
    """What is wrong with a theme, and how to mend it; None when it can be used, or when there is none."""
    try:
        theme(folder)
    except ThemeRefused as refused:
        return str(refused)
    return None


def _read(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    weight = 0
    for path in _parts(folder):
        content = path.read_bytes()
        files[path.relative_to(folder).as_posix()] = content
        weight += len(content)
        if len(files) > MOST_FILES or weight > MOST_BYTES:
            raise ThemeRefused(
                f"LMS_THEME_DIR names {folder}, which holds more than {MOST_FILES} files or "
                f"{MOST_BYTES // 1_000_000} MB: every process keeps them. Leave there what {SHEET} names."
            )
    return files


def _parts(folder: Path) -> Iterator[Path]:
    """The files of a theme, those of its folders too; none that are hidden, as a volume of Kubernetes has them."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _parts(path)
        elif path.suffix.lower() in KINDS:
            yield path


def _check_sheet(name: str, files: Mapping[str, bytes]) -> None:
    """Raise ``ThemeRefused`` where a style sheet names what pages could not show: nothing else would say so."""
    try:
        text = files[name].decode()
    except UnicodeDecodeError as error:
        raise ThemeRefused(f"LMS_THEME_DIR: {name} is not in UTF-8. Save it in UTF-8.") from error
    for found in _NAMED.finditer(text):
        address = found[found.lastindex or 0].strip()
        if _ELSEWHERE.match(address):
            raise ThemeRefused(
                f"LMS_THEME_DIR: {name} shows {address}, and pages show nothing of another site. Put that file into "
                "the folder, and name it by its place there."
            )
        if address.startswith(("data:", "#", "/")):
            continue  # held by the sheet itself, by the page, or at an address of ours
        place = normpath(PurePosixPath(name).parent / unquote(re.split(r"[?#]", address)[0]))
        if place not in files:
            raise ThemeRefused(f"LMS_THEME_DIR: {name} shows {address}, which the folder does not hold.")
