"""``lms platform``: the LMS platforms connected."""

import json
import sys

import click

from lms.app import create_app
from lms.models import Platform, db
from lms.services.legacy import keep_consumer
from lms.services.platforms import NewPlatform, PlatformRefused, add_platform, all_platforms


@click.group("platform")
def command() -> None:
    """The LMS platforms connected."""


@command.command("add")
@click.option("--name", required=True)
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--auth-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@click.option("--deployment-id", required=True)
def add(**values: str) -> None:
    """Connect a platform, or add a deployment to a known one; prints it as JSON."""
    app = create_app()
    with app.app_context():
        try:
            row = add_platform(db.session(), NewPlatform(**values))
        except PlatformRefused as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            sys.exit(1)
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
    with create_app().app_context():
        for row in all_platforms(db.session()):
            deployments = ", ".join(deployment.deployment_id for deployment in row.deployments)
            click.echo(f"{row.id}\t{row.status}\t{row.name}\t{row.issuer}\t{row.client_id}\t{deployments}")


@command.command("legacy")
@click.argument("platform_id", type=int)
@click.option("--key", required=True, help="The consumer key it had over LTI 1.1.")
@click.option("--secret", prompt=True, hide_input=True, help="Its secret; asked for when not given.")
def legacy(platform_id: int, key: str, secret: str) -> None:
    """Keep the LTI 1.1 consumer a platform had, so that it can prove the ids its people had then."""
    app = create_app()
    with app.app_context():
        if db.session.get(Platform, platform_id) is None:
            click.echo("There is no such platform. See: lms platform list.", err=True)
            sys.exit(1)
        keep_consumer(db.session(), platform_id, key, secret, app.extensions["mpia"].secret_key)
        db.session.commit()
    click.echo(f"{key}: kept.")
