"""The platforms connected: invitations, the state of each connection, and what an administrator may set."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.connecting import PRODUCTS, copy_fields
from lms.diagnosis import first_fix, lines, sentence
from lms.forms.platforms import DeploymentForm, PlatformForm, UseForm
from lms.i18n import gettext as _
from lms.models import Deployment, Invitation, Platform, db, utcnow
from lms.pages import config, tool_keys
from lms.security import requires, visitor
from lms.services import invitations
from lms.services.audit import record
from lms.services.connections import all_findings, promise_check, settled
from lms.services.platforms import (
    NewPlatform,
    PlatformRefused,
    add_deployment,
    add_platform,
    all_platforms,
    is_host,
    resume,
    suspend,
)

blueprint = Blueprint("platforms", __name__, url_prefix="/admin")


@blueprint.before_request
def _institution() -> None:
    """Connections are the institution's: an administrator by a platform's word has no power over them (LTI.md C27)."""
    if visitor().platform_id is not None:
        abort(403)


@blueprint.get("/connect")
@requires("administrator")
def connect() -> ResponseReturnValue:
    """How a platform is connected, and the invitations made."""
    return _connect_page()


@blueprint.post("/connect")
@requires("administrator")
def invite() -> ResponseReturnValue:
    """Make an invitation and show its address, this once."""
    reconnected = None
    if request.form.get("platform_id"):
        reconnected = _platform(request.form.get("platform_id", type=int) or 0)
    hosts = tuple(request.form.get("hosts", "").split())
    if not all(is_host(host) for host in hosts):
        flash(_("A host is written lms.example, without https://."), "bad")
        return _connect_page(), 400
    token = invitations.invite(db.session(), reconnected.id if reconnected else None, hosts)
    _note("platform_invite", reconnected.id if reconnected else "new")
    db.session.commit()
    return _connect_page(invitations.address(config().base_url, token), reconnected)


@blueprint.post("/invitations/<token_hash>/cancel")
@requires("administrator")
def cancel(token_hash: str) -> ResponseReturnValue:
    """Cancel an invitation that was not used."""
    if invitations.cancel(db.session(), token_hash):
        _note("invitation_cancel", "")
        flash(_("The address can no longer be used."), "ok")
    db.session.commit()
    return redirect(url_for("platforms.connect"), 303)


@blueprint.route("/platforms/new", methods=["GET", "POST"])
@requires("administrator")
def add() -> ResponseReturnValue:
    """Connect a platform by hand."""
    form = PlatformForm()
    if form.validate_on_submit():
        values = {name: getattr(form, name).data or "" for name in NewPlatform.__dataclass_fields__ if name != "hosts"}
        values["token_audience"] = values["token_audience"] or None
        try:
            row = add_platform(db.session(), NewPlatform(**values, hosts=form.host_list))
        except PlatformRefused:
            form.client_id.errors = [_("This issuer and client are connected already, with other addresses.")]
        else:
            _note("platform_connect", row.id)
            promise_check(db.session(), row.id)
            db.session.commit()
            return redirect(url_for("platforms.status", platform_id=row.id), 303)
    page = render_template("admin/platform_new.html", form=form, fields=copy_fields(config().base_url))
    return page, 400 if request.method == "POST" else 200


@blueprint.get("/platforms/<int:platform_id>")
@requires("administrator")
def status(platform_id: int) -> ResponseReturnValue:
    """How a connection stands: the first failure and its fix, then every check."""
    return _status_page(_platform(platform_id), DeploymentForm())


@blueprint.get("/platforms/<int:platform_id>/stamp")
@requires("administrator")
def stamp(platform_id: int) -> ResponseReturnValue:
    """What changes when the page should be read again."""
    return jsonify(stamp=_stamp(_platform(platform_id)))


@blueprint.post("/platforms/<int:platform_id>/check")
@requires("administrator")
def check(platform_id: int) -> ResponseReturnValue:
    """Run the checks again: a worker does, the page waits."""
    row = _platform(platform_id)
    promise_check(db.session(), row.id)
    db.session.commit()
    return redirect(url_for("platforms.status", platform_id=row.id, after=_stamp(row)), 303)


@blueprint.post("/platforms/<int:platform_id>/<any(suspend, resume):action>")
@requires("administrator")
def switch(platform_id: int, action: str) -> ResponseReturnValue:
    """Suspend a platform (no launch, no session, no delivery), or resume it."""
    row = _platform(platform_id)
    change = suspend if action == "suspend" else resume
    change(db.session(), row, visitor().person.id)
    db.session.commit()
    return redirect(url_for("platforms.status", platform_id=row.id), 303)


@blueprint.post("/platforms/<int:platform_id>/deployments")
@requires("administrator")
def deploy(platform_id: int) -> ResponseReturnValue:
    """Admit one more deployment."""
    row, form = _platform(platform_id), DeploymentForm()
    if not form.validate_on_submit():
        return _status_page(row, form), 400
    if not add_deployment(db.session(), row, form.deployment_id.data.strip()):
        form.deployment_id.errors = [_("This deployment is known already.")]
        return _status_page(row, form), 400
    _note("deployment_add", row.id)
    db.session.commit()
    flash(_("Entries of this deployment are accepted from now on."), "ok")
    return redirect(url_for("platforms.status", platform_id=row.id), 303)


@blueprint.post("/platforms/<int:platform_id>/deployments/<int:deployment_id>/<any(suspend, resume):action>")
@requires("administrator")
def switch_deployment(platform_id: int, deployment_id: int, action: str) -> ResponseReturnValue:
    """Suspend one deployment, or resume it."""
    row = db.session.get(Deployment, deployment_id)
    if row is None or row.platform_id != platform_id:
        abort(404)
    row.status = "suspended" if action == "suspend" else "active"
    _note("deployment_" + action, platform_id)
    db.session.commit()
    return redirect(url_for("platforms.status", platform_id=platform_id), 303)


@blueprint.route("/platforms/<int:platform_id>/settings", methods=["GET", "POST"])
@requires("administrator")
def settings(platform_id: int) -> ResponseReturnValue:
    """How a platform is used here: name, hosts, roles."""
    row = _platform(platform_id)
    role_map = "\n".join(f"{theirs} = {ours}" for theirs, ours in row.role_map.items())
    form = UseForm(
        name=row.name, token_audience=row.token_audience or "", hosts="\n".join(row.hosts), role_map=role_map
    )
    if form.validate_on_submit():
        row.name, row.hosts, row.role_map = form.name.data, list(form.host_list), form.roles
        row.token_audience = form.token_audience.data or None
        _note("platform_settings", row.id)
        db.session.commit()
        flash(_("Settings kept."), "ok")
        return redirect(url_for("platforms.status", platform_id=row.id), 303)
    page = render_template("admin/platform_settings.html", platform=row, form=form)
    return page, 400 if request.method == "POST" else 200


def _platform(platform_id: int) -> Platform:
    row = db.session.get(Platform, platform_id)
    if row is None:
        abort(404)
    return row


def _note(action: str, target: int | str) -> None:
    record(db.session(), action, f"platform:{target}", visitor().person.id)


def _connect_page(address: str | None = None, reconnected: Platform | None = None) -> str:
    rows = invitations.all_invitations(db.session())
    names = {row.id: row.name for row in all_platforms(db.session())}
    return render_template(
        "admin/connect.html", address=address, reconnected=reconnected, days=invitations.LIFETIME.days,
        invitations=[_invitation(row, names) for row in rows],
    )  # fmt: skip


def _invitation(row: Invitation, names: dict[int, str]) -> dict[str, Any]:
    state = "used" if row.used_at else "expired" if row.expires_at <= utcnow() else "open"
    cancel_url = url_for("platforms.cancel", token_hash=row.token_hash) if state == "open" else None
    return {
        "made_at": row.created_at, "until": row.expires_at, "state": state, "cancel_url": cancel_url,
        "platform": names.get(row.platform_id) if row.platform_id else None, "hosts": row.hosts,
    }  # fmt: skip


def _status_page(row: Platform, form: DeploymentForm) -> str:
    findings = all_findings(db.session(), row)
    now = _stamp(row)
    waits = request.args.get("after") == now or (row.status == "active" and not settled(findings))
    fix = first_fix(findings, row.product) if row.checked_at or not row.deployments else None
    checked = lines(findings, row.product)
    return render_template(
        "admin/platform.html", platform=row, product=PRODUCTS.get(row.product, row.product or "—"),
        sentence=sentence(findings),
        lines=checked, passed=sum(line.state == "ok" for line in checked), fix=fix, stamp=now, waits=waits, form=form,
        base=config().base_url, key_age=_key_age(), support=_support(row, [asdict(line) for line in checked]),
    )  # fmt: skip


def _key_age() -> int:
    """Age of the key that signs, in days."""
    key = tool_keys().current(db.session())
    return (utcnow() - key.signs_from).days if key else 0


def _stamp(row: Platform) -> str:
    last = row.last_launch_at.isoformat() if row.last_launch_at else ""
    checked = row.checked_at.isoformat() if row.checked_at else ""
    return f"{checked}/{last}/{row.status}/{len(row.deployments)}"


def _support(row: Platform, checked: list[dict[str, Any]]) -> str:
    """What support needs to know, as text: addresses and findings, nothing secret and nobody's name."""
    deployments = ", ".join(f"{each.deployment_id} ({each.status})" for each in row.deployments)
    facts = {
        "issuer": row.issuer, "client_id": row.client_id, "deployments": deployments, "auth": row.auth_url,
        "token": row.token_url, "jwks": row.jwks_url, "hosts": ", ".join(row.hosts), "product": row.product,
        "tool": config().base_url, "checked": row.checked_at.isoformat() if row.checked_at else "never",
    }  # fmt: skip
    told = [f"{name}: {value}" for name, value in facts.items()]
    return "\n".join(told + [f"[{each['state']}] {each['title']}. {each['detail']}" for each in checked])
