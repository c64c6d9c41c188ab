"""Scripts, styles and pictures of pages, at addresses that name what they hold: a browser asks for each once.

A page names one edition of them all (``/static/<edition>/app.js``); scripts that import one another and styles that
show pictures say so by relative addresses, hence of the same edition. While two releases answer at once, an edition may
be asked of a process that has the other: it gives its own, which is asked for again. ``/static/<name>`` stays for what
others keep, as an LMS keeps the address of our mark.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app

#: How long browsers keep what cannot change, in seconds: a year.
KEPT = 31_536_000


@cache
def edition_of(folder: Path) -> str:
    """The edition of a folder's files: 16 hexadecimal digits of SHA-256, the same wherever they are the same."""
    held = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        held.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        held.update(content)
    return held.hexdigest()[:16]


def init_assets(app: Flask) -> None:
    """Let ``url_for("static", …)`` name the edition, and what is asked for by it be kept (RFC 8246)."""
    current = edition_of(Path(app.static_folder or ""))

    def send(filename: str, edition: str = "") -> Response:
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
