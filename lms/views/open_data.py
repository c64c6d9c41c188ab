"""The open data: masked indicators for all, where the institution opens them: a page, two files, a catalogue."""

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from io import StringIO
from math import floor
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.csv_cells import text
from lms.i18n import euros, localized, number, percent, ratio
from lms.i18n import gettext as _
from lms.models import utcnow
from lms.open_data_catalogue import DESCRIPTION, LICENCE, TITLE, Published, catalogue
from lms.open_data_rows import ALL, OpenRow, last_day, open_rows
from lms.pages import config, issuer_name
from lms.replica import reporting
from lms.security import limited
from lms.services.dashboards import today_here
from lms.services.indicator_table import FIGURES, MONEY, Line
from lms.services.indicators import INDICATORS_VERSION

blueprint = Blueprint("open_data", __name__, url_prefix="/open-data")

#: How long this process keeps the figures, and readers the files.
KEPT = timedelta(hours=1)
#: What the page shows of each line; the files have every figure.
_ON_PAGE = ("population", "enrolled", "trained", "certified", "coverage")
_BUDGET_ON_PAGE = ("ae_opened", "target", "gap", "growth", "earmarking", "shortfall")


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
        below=config().mask_below,
        years=_years(found.rows),
        budget=_budget(found.rows),
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
        today, below = today_here(utcnow()), config().mask_below
        rows, until = tuple(open_rows(reporting(), today, below)), last_day(today)
        files = {"csv": _csv(rows), "json": _json(rows, until, below)}
        found = current_app.extensions["open_data"] = Dataset(rows, until, files, utcnow() + KEPT)
    return found


def _csv(rows: tuple[OpenRow, ...]) -> bytes:
    buffer = StringIO(newline="")
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow(["year", "as_on", "branch", "track", "track_title_fr", "track_title_en", *FIGURES, "masked"])
    for row in rows:
        figures = ["" if value is None else value for value in (row.line.shown(name) for name in FIGURES)]
        titles = [text(row.title.get(language)) for language in ("fr", "en")]
        masked = " ".join(row.line.hidden)
        lines.writerow([row.year, row.day.isoformat(), row.branch, text(row.track), *titles, *figures, masked])
    return buffer.getvalue().encode()


def _json(rows: tuple[OpenRow, ...], until: date, below: int) -> bytes:
    told = {
        "title": TITLE, "description": DESCRIPTION, "licence": LICENCE, "until": until.isoformat(),
        "definitions": INDICATORS_VERSION, "masked_below": below,
        "rows": [
            {
                "year": row.year, "as_on": row.day.isoformat(), "branch": row.branch, "track": row.track,
                "title": dict(row.title), **row.line.item(), "masked": row.line.hidden,
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
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.year, []).append(
            {
                "track": _("All tracks") if row.track == ALL else localized(row.title),
                "branch": _("All branches") if row.branch == ALL else row.branch,
                "cells": [_cell(row.line, name) for name in _ON_PAGE],
                "total": row.branch == ALL,
            }
        )
    days = {row.year: row.day for row in rows}
    return [{"year": year, "day": days[year], "rows": lines} for year, lines in sorted(found.items(), reverse=True)]


def _budget(rows: tuple[OpenRow, ...]) -> list[dict[str, Any]]:
    """The years of the budget that have a target, the last year first."""
    return [
        {"year": row.year, "behind": (row.line.values["gap"] or 0) < 0,
         "cells": {name: _cell(row.line, name) for name in _BUDGET_ON_PAGE}}
        for row in reversed(rows)
        if row.line.values["target"] is not None
    ]  # fmt: skip


def _cell(line: Line, name: str) -> str | None:
    """A figure in words; None where it is masked."""
    value = line.values[name]
    if name in line.masked:
        return None
    if value is None:
        return "–"
    if FIGURES[name] == "cents":
        return euros(value)
    if name in MONEY:
        return ratio(Fraction(floor(value * 1000), 1000))  # 99,96 % of earmarking is not 100,0 %
    return percent(value) if FIGURES[name] == "rate" else number(int(value))
