"""Scripts, styles and pictures of pages, at addresses that name what they hold: a browser asks for each once.

A page names one edition of them all (``/static/<edition>/app.js``); scripts that import one another and styles that
show pictures say so by relative addresses, hence of the same edition. While two releases answer at once, an edition may
be asked of a process that has the other: it gives its own, which is asked for again. ``/static/<name>`` stays for what
others keep, as an LMS keeps the address of our mark. A deployer's theme is among them, in ``theme/``.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, abort, current_app, make_response, request

from lms.theme import SHEET, kind_of

#: How long browsers keep what cannot change, in seconds: a year.
KEPT = 31_536_000
#: Where the files of the theme are, among ours.
_THEME = "theme/"


@cache
def _files(folder: Path) -> Mapping[str, bytes]:
    """What each file of a folder holds, by its path there; read once a process."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def edition_of(folder: Path, theme: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """The edition of a folder's files and a theme's: 16 hexadecimal digits of SHA-256, the same wherever they are."""
    held = sha256()
    for name, content in sorted({**_files(folder), **{_THEME + name: theme[name] for name in theme}}.items()):
        held.update(f"{name}\0{len(content)}\0".encode())
        held.update(content)
    return held.hexdigest()[:16]


def init_assets(app: Flask, theme: Mapping[str, bytes]) -> None:
    """Let ``url_for("static", …)`` name the edition, and what is asked for by it be kept (RFC 8246)."""
    current = edition_of(Path(app.static_folder or ""), theme)

    def send(filename: str, edition: str = "") -> Response:
        if filename.startswith(_THEME):
            answer = _of_theme(theme, filename.removeprefix(_THEME))
        else:
            answer = current_app.send_static_file(filename)
        if edition == current:
            answer.headers["Cache-Control"] = f"public, max-age={KEPT}, immutable"
        return answer

    @app.url_defaults
    def name_edition(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("edition", current)

    app.view_functions["static"] = send
    app.add_url_rule("/static/<edition>/<path:filename>", endpoint="static")
    app.jinja_env.globals["theme_sheet"] = f"{_THEME}{SHEET}" if theme else None


def _of_theme(theme: Mapping[str, bytes], name: str) -> Response:
    """A file of the theme, as Flask sends those of a folder; 404 for one that it does not hold."""
    if name not in theme:
        abort(404)
    answer = make_response(theme[name])
    answer.content_type = kind_of(name)
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
