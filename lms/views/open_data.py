"""The open data: masked national figures for all, where the institution opens them: a page, two files, a catalogue."""

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.csv_cells import text
from lms.i18n import ZONE, localized
from lms.i18n import gettext as _
from lms.models import db, utcnow
from lms.open_data_catalogue import DESCRIPTION, LICENCE, TITLE, Published, catalogue
from lms.open_data_rows import ALL, BELOW, MEASURES, UNKNOWN, OpenRow, open_rows
from lms.pages import config, issuer_name
from lms.security import limited
from lms.services.indicators import INDICATORS_VERSION

blueprint = Blueprint("open_data", __name__, url_prefix="/open-data")

#: How long this process keeps the figures, and readers the files.
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Dataset:
    """The figures as published: their lines, the day they stop at, their files by suffix, until when they are kept."""

    rows: tuple[OpenRow, ...]
    until: date
    files: dict[str, bytes]
    expires_at: datetime


@blueprint.get("")
@limited("60 per minute")
def index() -> ResponseReturnValue:
    """The figures as a page."""
    found, contact = _dataset(), config().open_data_contact
    return render_template(
        "open_data.html",
        title=localized(TITLE),
        description=localized(DESCRIPTION),
        until=found.until,
        below=BELOW,
        years=_years(found.rows),
        licence=LICENCE,
        contact={"label": contact, "url": contact if contact.startswith("https://") else f"mailto:{contact}"},
        issuer=issuer_name(),
        csv_url=url_for("open_data.figures", suffix="csv"),
        json_url=url_for("open_data.figures", suffix="json"),
        catalogue_url=url_for("open_data.metadata"),
        version=INDICATORS_VERSION,
    )


@blueprint.get("/figures.<any(csv, json):suffix>")
@limited("60 per minute")
def figures(suffix: str) -> ResponseReturnValue:
    """The dataset as a file."""
    return _file(_dataset().files[suffix], {"csv": "text/csv; charset=utf-8", "json": "application/json"}[suffix])


@blueprint.get("/catalogue.jsonld")
@limited("60 per minute")
def metadata() -> ResponseReturnValue:
    """What data portals harvest (DCAT-AP)."""
    found, base = _dataset(), config().base_url
    files = [
        Published(
            base + url_for("open_data.figures", suffix=suffix), media_type, suffix.upper(), len(found.files[suffix]),
            hashlib.sha256(found.files[suffix]).hexdigest(),
        )
        for suffix, media_type in (("csv", "text/csv"), ("json", "application/json"))
    ]  # fmt: skip
    begin = date(min((row.year for row in found.rows), default=found.until.year), 1, 1)
    publisher = {"fr": config().issuer_name_fr, "en": config().issuer_name_en}
    told = catalogue(base, publisher, config().open_data_contact, files, (begin, found.until), INDICATORS_VERSION)
    return _file(json.dumps(told, ensure_ascii=False, indent=1).encode(), "application/ld+json")


def _dataset() -> Dataset:
    """The figures, computed once an hour; 404 where they are not opened."""
    if not config().open_data:
        abort(404)
    found: Dataset | None = current_app.extensions.get("open_data")
    if found is None or found.expires_at <= utcnow():
        today = utcnow().astimezone(ZONE).date()
        rows = tuple(open_rows(db.session(), today))
        until = today.replace(day=1)
        files = {"csv": _csv(rows), "json": _json(rows, until)}
        found = current_app.extensions["open_data"] = Dataset(rows, until, files, utcnow() + KEPT)
    return found


def _csv(rows: tuple[OpenRow, ...]) -> bytes:
    buffer = StringIO(newline="")
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow(["year", "branch", "track", "track_title_fr", "track_title_en", *MEASURES, "masked"])
    for row in rows:
        shown = ["" if getattr(row, name) is None else getattr(row, name) for name in MEASURES]
        titles = [text(row.title.get(language)) for language in ("fr", "en")]
        lines.writerow([row.year, row.branch, text(row.track), *titles, *shown, " ".join(row.masked)])
    return buffer.getvalue().encode()


def _json(rows: tuple[OpenRow, ...], until: date) -> bytes:
    told = {
        "title": TITLE, "description": DESCRIPTION, "licence": LICENCE, "until": until.isoformat(),
        "definitions": INDICATORS_VERSION, "masked_below": BELOW,
        "rows": [
            {
                "year": row.year, "branch": row.branch, "track": row.track, "title": dict(row.title),
                **{name: getattr(row, name) for name in MEASURES}, "masked": row.masked,
            }
            for row in rows
        ],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


def _file(content: bytes, media_type: str) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = media_type
    answer.headers["Cache-Control"] = f"public, max-age={int(KEPT.total_seconds())}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(hashlib.sha256(content).hexdigest())
    answer.make_conditional(request)
    return answer


def _years(rows: tuple[OpenRow, ...]) -> list[dict[str, Any]]:
    """The lines of each year for the page, the last year first."""
    names = {ALL: _("All branches"), UNKNOWN: _("Branch not known")}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row.branch == UNKNOWN and not any(getattr(row, name) != 0 for name in MEASURES):
            continue  # said nowhere: an empty line of everyone who is declared
        found.setdefault(row.year, []).append(
            {
                "track": _("All tracks") if row.track == ALL else localized(row.title),
                "branch": names.get(row.branch, row.branch),
                "cells": [getattr(row, name) for name in MEASURES],
                "total": row.branch == ALL,
            }
        )
    return [{"year": year, "rows": lines} for year, lines in sorted(found.items(), reverse=True)]
