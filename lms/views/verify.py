"""The public check of certificates, and the documents that let anyone check without us."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates.verify import MAX_FILE, Unreadable
from lms.certificate_files import file_answer, form_of_suffix, picture, proofs
from lms.certificate_pages import linked
from lms.errors import Refused
from lms.forms.verify import CodeForm, FileForm, why_unreadable
from lms.i18n import gettext as _
from lms.models import db, utcnow, writing
from lms.pages import config, issuer_name
from lms.security import limited
from lms.services import verdicts, verification
from lms.verdict_pages import code_checks, differences, facts, file_checks, has, why_unverifiable

blueprint = Blueprint("verify", __name__)

#: Media types of the credential by content negotiation; the page is the default.
NEGOTIATED = ("text/html", "application/vc+ld+json", "application/ld+json", "application/json", "application/vc+jwt")
_LIST = re.compile(r"(revocation|suspension|refresh)-([1-9]\d{0,8})")
#: How long a list may be kept by who reads it, in seconds: short enough that a revocation is known in five minutes.
_LIST_AGE = 60


@blueprint.get("/verify")
@limited("60 per minute")
def form() -> ResponseReturnValue:
    """Two ways to check: by code, or by the file received."""
    if request.args.get("code"):
        return redirect(url_for("verify.show", code=request.args["code"].strip()))
    return _form_page(FileForm(), 200)


@blueprint.get("/verify/<code>")
@limited("60 per minute")
def show(code: str) -> ResponseReturnValue:
    """The certificate of a code, as it stands now. An unknown code is always answered the same way."""
    found = verification.find(db.session(), code)
    if found is None:
        return _page(state="unknown", code=code[:60]), 404
    _journal(found.record.number, found.state)
    return _page(
        state=found.state,
        code=found.record.code,
        since=found.record.valid_until if found.state == "expired" else found.row.status_at,
        checks=code_checks(found),
        follows=linked(found),
        **facts(found.record, name_public=found.row.name_public),
        proofs=proofs(found),
        picture=picture(found),
        page_address=found.record.verify_url,
        pdf_sha256=found.files.get("pdf", (0, None))[1],
    )


@blueprint.post("/verify")
@limited("20 per minute")
def upload() -> ResponseReturnValue:
    """Check a file: it is read, judged and forgotten."""
    received = FileForm()
    if not received.validate_on_submit():
        return _form_page(received, 400)
    data = received.file.data.read(MAX_FILE + 1)
    name = str(received.file.data.filename or "")[:100]
    try:
        verdict, known = verification.judge(db.session(), data, config().base_url)
    except Unreadable as error:
        what, fix = why_unreadable(error.reason)
        raise Refused(what, fix, status=422, cause="file_" + error.reason) from error
    issued = known.files.get(verdict.form, (0, None))[1] if known else None
    state = verdicts.file_state(verdict, known)
    _journal(known.record.number if known else None, state)
    told = facts(verdict.record, name_public=True) if verdict.record else {"fields": []}
    return _page(
        state=state,
        code=None,
        since=verdict.record.valid_until if verdict.record and state == "expired" else None,
        reason=why_unverifiable(verdict) if state == "unverifiable" else None,
        withdrawn=state == "unverifiable" and has(verdict, "compromised", "withdrawn"),
        checks=file_checks(verdict),
        file={
            "name": name,
            "sha256": verdict.sha256,
            "issued_sha256": issued,
            "same": verdict.state == "valid" and (issued is None or issued == verdict.sha256),
        },
        differences=differences(verdict.claim, known) if verdict.claim and known else [],
        page_url=url_for("verify.show", code=known.record.code) if known else None,
        follows=linked(known) if known else [],
        **told,
    )


@blueprint.get("/credentials/<uuid:identity>")
@limited("120 per minute")
def credential(identity: UUID) -> ResponseReturnValue:
    """The credential in the form the client prefers: page, JSON-LD or JWT."""
    best = request.accept_mimetypes.best_match(NEGOTIATED, "text/html")
    if best == "application/vc+jwt":
        return file_answer(identity, "jwt")
    if best != "text/html":
        return file_answer(identity, "jsonld")
    found = verification.find_by_id(db.session(), identity)
    if found is None:
        abort(404)
    answer = redirect(url_for("verify.show", code=found.record.code))
    answer.headers["Vary"] = "Accept"
    return answer


@blueprint.get("/credentials/<uuid:identity>.<suffix>")
@limited("120 per minute")
def credential_file(identity: UUID, suffix: str) -> ResponseReturnValue:
    """One stored form of the certificate, by its suffix."""
    form = form_of_suffix(suffix)
    if form is None:
        abort(404)
    return file_answer(identity, form)


@blueprint.get("/status/<name>")
def status_list(name: str) -> ResponseReturnValue:
    """A signed Bitstring Status List credential."""
    wanted = _LIST.fullmatch(name)
    signed = verification.status_list(db.session(), wanted[1], int(wanted[2])) if wanted else None
    if signed is None:
        abort(404)
    return _open_document(jsonify(signed), "application/vc+ld+json", _LIST_AGE)


@blueprint.get("/.well-known/did.json")
def did() -> ResponseReturnValue:
    """The issuer's DID document (did:web), retired keys included."""
    document = verification.did_document(db.session(), config().base_url)
    if document is None:
        raise Refused(
            _("The public keys are not published yet."), _("Try again when the worker has started."), status=503
        )
    return _open_document(jsonify(document), "application/did+json", 300)


def _journal(number: str | None, state: str) -> None:
    with writing(db.session()):
        verdicts.journal(db.session(), number, state)
        db.session.commit()


def _open_document(answer: Response, media_type: str, seconds: int) -> Response:
    # Verifiers elsewhere, wallets in browsers included, read these.
    answer.headers["Content-Type"] = media_type
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    return answer


def _page(**values: Any) -> str:
    defaults: dict[str, Any] = {
        "checked_at": utcnow(), "since": None, "reason": None, "fields": [],
        "holder_hidden": False, "criteria": None, "criteria_url": None, "checks": [], "file": None, "differences": [],
        "proofs": [], "picture": None, "pdf_sha256": None, "page_url": None, "follows": [], "withdrawn": False,
        "page_address": None, **_look(), "issuer_name": issuer_name(),
        "verify_url": url_for("verify.form"), "file_url": url_for("verify.upload"), "file_form": FileForm(),
        "max_size": MAX_FILE,
    }  # fmt: skip
    return render_template("verify/result.html", **{**defaults, **values})


def _form_page(received: FileForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "verify/form.html", form=CodeForm(request.args), file_form=received, code_url=url_for("verify.form"),
        file_url=url_for("verify.upload"), max_size=MAX_FILE, **_look(),
    )  # fmt: skip
    return page, status


def _look() -> dict[str, str | None]:
    """The issuer's colour and logo, as the pages name them."""
    logo = url_for("issuer.logo") if config().issuer_logo != Path() else None
    return {"colour_url": url_for("issuer.colour"), "logo_url": logo}
