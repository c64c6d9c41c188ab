"""Scripts, styles and pictures of pages, at addresses that name what they hold: a browser asks for each once.

A page names one edition of them all (``/static/<edition>/app.js``); scripts that import one another and styles that
show pictures say so by relative addresses, hence of the same edition. While two releases answer at once, an edition may
be asked of a process that has the other: it gives its own, which is asked for again. ``/static/<name>`` stays for what
others keep, as an LMS keeps the address of our mark. A deployer's theme is among them, in ``theme/``.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, make_response, request

from lms.theme import SHEET, Theme, kind_of

#: How long browsers keep what cannot change, in seconds: a year.
KEPT = 31_536_000
#: Where the files of the theme are, among ours.
_THEME = "theme/"


@cache
def edition_of(folder: Path) -> str:
    """The edition of a folder's files: 16 hexadecimal digits of SHA-256, the same wherever they are the same."""
    held = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        held.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        held.update(content)
    return held.hexdigest()[:16]


def init_assets(app: Flask, theme: Theme) -> None:
    """Let ``url_for("static", …)`` name the edition, and what is asked for by it be kept (RFC 8246)."""
    current = edition_of(Path(app.static_folder or ""))
    if theme.files:
        current = sha256(f"{current}{theme.edition}".encode()).hexdigest()[:16]

    def send(filename: str, edition: str = "") -> Response:
        own = filename.removeprefix(_THEME) if filename.startswith(_THEME) else None
        answer = current_app.send_static_file(filename) if own is None else _of_theme(theme, own)
        if edition == current:
            answer.headers["Cache-Control"] = f"public, max-age={KEPT}, immutable"
        return answer

    @app.url_defaults
    def name_edition(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("edition", current)

    app.view_functions["static"] = send
    app.add_url_rule("/static/<edition>/<path:filename>", endpoint="static")
    app.jinja_env.globals["theme_sheet"] = f"{_THEME}{SHEET}" if theme.files else None


def _of_theme(theme: Theme, name: str) -> Response:
    """A file of the theme, as Flask sends those of a folder; 404 for one that it does not hold."""
    if name not in theme.files:
        abort(404)
    answer = make_response(theme.files[name])
    answer.content_type = kind_of(name)
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
