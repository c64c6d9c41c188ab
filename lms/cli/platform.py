"""``lms platform``: the LMS platforms connected."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from flask import Flask
from flask_babel import force_locale

from lms.app import create_app
from lms.diagnosis import first_fix, lines
from lms.lti.checks import Finding
from lms.lti.model import LtiError
from lms.models import Platform, db
from lms.services import invitations, platforms
from lms.services.audit import record
from lms.services.connections import promise_check, run_check
from lms.services.legacy import keep_consumer
from lms.services.platforms import NewPlatform, PlatformRefused, add_platform, all_platforms, is_host

MARKS = {"ok": "ok", "bad": "FAILED", "warn": "to check", "wait": "awaited", "none": "not checked"}


@contextmanager
def _service() -> Iterator[Flask]:
    app = create_app()
    with app.app_context(), force_locale("en"):
        yield app


@click.group("platform")
def command() -> None:
    """The LMS platforms connected."""


@command.command("invite")
@click.option("--platform", "platform_id", type=int, help="Reconnect this one: its people and courses stay.")
@click.option("--host", "hosts", multiple=True, help="A host to admit beside the issuer's; may be repeated.")
def invite(platform_id: int | None, hosts: tuple[str, ...]) -> None:
    """Print the address to paste in an LMS: it connects one platform, once, within 7 days."""
    with _service() as app:
        wrong = [host for host in hosts if not is_host(host)]
        if wrong:
            _stop(f"{wrong[0]} is no host name: write lms.example, without https://.")
        if platform_id is not None and db.session.get(Platform, platform_id) is None:
            _stop(f"There is no platform {platform_id}. See: lms platform list")
        token = invitations.invite(db.session(), platform_id, hosts)
        record(db.session(), "platform_invite", f"platform:{platform_id or 'new'}")
        db.session.commit()
        click.echo(invitations.address(app.extensions["mpia"].base_url, token))


@command.command("add")
@click.option("--name", required=True)
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--auth-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@click.option("--deployment-id", required=True)
@click.option("--host", "hosts", multiple=True, help="A host of its services beside those above; may be repeated.")
@click.option("--token-audience", help="Audience of token requests, if not the token URL.")
@click.option("--product", default="", help="moodle, canvas, openedx …: to name its own menus.")
def add(**values: Any) -> None:
    """Connect a platform, or add a deployment to a known one; prints it as JSON."""
    with _service() as app:
        try:
            row = add_platform(db.session(), NewPlatform(**values))
        except PlatformRefused as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            sys.exit(1)
        promise_check(db.session(), row.id)
        db.session.commit()
        base = app.extensions["mpia"].base_url
        click.echo(
            json.dumps(
                {
                    "id": row.id, "name": row.name, "issuer": row.issuer, "client_id": row.client_id,
                    "deployments": [deployment.deployment_id for deployment in row.deployments],
                    "tool": {
                        "login_url": f"{base}/lti/login", "launch_url": f"{base}/lti/launch",
                        "jwks_url": f"{base}/lti/jwks.json",
                    },
                },
                indent=2, ensure_ascii=False,
            )
        )  # fmt: skip


@command.command("list")
def list_platforms() -> None:
    """The platforms connected, with their deployments."""
    with _service():
        for row in all_platforms(db.session()):
            deployments = ", ".join(deployment.deployment_id for deployment in row.deployments)
            click.echo(f"{row.id}\t{row.status}\t{row.name}\t{row.issuer}\t{row.client_id}\t{deployments}")


@command.command("legacy")
@click.argument("platform_id", type=int)
@click.option("--key", required=True, help="The consumer key it had over LTI 1.1.")
@click.option("--secret", prompt=True, hide_input=True, help="Its secret; asked for when not given.")
def legacy(platform_id: int, key: str, secret: str) -> None:
    """Keep the LTI 1.1 consumer a platform had, so that it can prove the ids its people had then."""
    with _service() as app:
        if db.session.get(Platform, platform_id) is None:
            _stop("There is no such platform. See: lms platform list.")
        keep_consumer(db.session(), platform_id, key, secret, app.extensions["mpia"].secret_key)
        db.session.commit()
    click.echo(f"{key}: kept.")


@command.command("suspend")
@click.argument("platform_id", type=int)
@click.option("--resume", is_flag=True, help="Let people in again.")
def suspend(platform_id: int, *, resume: bool) -> None:
    """Let nobody in from a platform, end the sessions of its people and send it nothing; results are kept."""
    with _service():
        row = db.session.get(Platform, platform_id)
        if row is None:
            _stop(f"There is no platform {platform_id}. See: lms platform list")
        change = platforms.resume if resume else platforms.suspend
        change(db.session(), row)
        db.session.commit()


@command.command("check")
@click.argument("platform_id", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="Every active platform.")
def check(platform_id: int | None, *, every: bool) -> None:
    """Check connections now and print each finding; status 1 if one failed."""
    if (platform_id is None) != every:
        raise click.UsageError("Give the number of a platform, or --all.")
    with _service() as app:
        rows = [row for row in all_platforms(db.session()) if row.status == "active" or row.id == platform_id]
        chosen = [row for row in rows if every or row.id == platform_id]
        if not chosen and not every:
            _stop(f"There is no platform {platform_id}. See: lms platform list")
        failed = [row for row in chosen if not _checked(app, row)]
    sys.exit(1 if failed else 0)


def _checked(app: Flask, row: Platform) -> bool:
    """Whether a platform passes; its findings are printed and kept."""
    click.echo(f"{row.name} ({row.issuer})")
    try:
        findings = run_check(db.session(), app.extensions["services"], row.id)
    except LtiError as error:
        click.echo(f"  FAILED: {error.cause}")
        return False
    db.session.commit()
    _print(findings, row.product)
    return all(each.state != "bad" for each in findings)


def _print(findings: list[Finding], product: str) -> None:
    for line in lines(findings, product):
        click.echo(f"  {MARKS[line.state]}: {line.title}. {line.detail}".rstrip())
    fix = first_fix(findings, product)
    for number, step in enumerate(fix.steps if fix else (), 1):
        click.echo(f"    {number}. {step}")


def _stop(problem: str) -> NoReturn:
    click.echo(problem, err=True)
    sys.exit(1)
