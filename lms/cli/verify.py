"""``lms verify``: the offline check of a certificate."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from certificates.sign.did import did_url
from certificates.verify import Unreadable, verify
from lms.config import load_config
from lms.lti.http import Outbound
from lms.lti.model import LtiError

WORDS = {
    "valid": "VALIDE · VALID",
    "expired": "EXPIRÉ · EXPIRED",
    "revoked": "RÉVOQUÉ · REVOKED",
    "suspended": "SUSPENDU · SUSPENDED",
    "replaced": "REMPLACÉ · REPLACED",
    "modified": "MODIFIÉ · MODIFIED",
    "unknown": "INCONNU · UNKNOWN ISSUER",
    "unverifiable": "INVÉRIFIABLE · CANNOT BE VERIFIED",
}


@click.command("verify")
@click.argument("file_or_url")
@click.option("--did", "did_file", type=click.Path(exists=True, path_type=Path), help="The issuer's did.json.")
@click.option(
    "--status", "status_files", multiple=True, type=click.Path(exists=True, path_type=Path),
    help="A signed status list, or a JSON list of them; may be given again.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def command(file_or_url: str, did_file: Path | None, status_files: tuple[Path, ...], language: str) -> None:
    """Check a certificate (PDF, JSON, JWT, or PNG or SVG badge).

    With --did and --status nothing is asked of any network. Without them, the issuer's published documents
    are fetched. Exit status: 0 valid, 1 not valid, 2 unreadable.
    """
    fetch = _fetcher()
    try:
        data = fetch(file_or_url) if _is_url(file_or_url) else Path(file_or_url).read_bytes()
        did = _document(did_file) if did_file else {}
        lists = [item for path in status_files for item in _documents(path)]
        now = datetime.now(UTC)
        verdict = verify(data, did_document=did, status_list=lists, now=now)
        if verdict.claim is not None and (not did_file or not status_files):
            claim = verdict.claim
            if not did_file:
                did = _fetched(fetch, did_url(claim.issuer.did)) or {}
            if not status_files:
                urls = (claim.status_list_url, claim.suspension_list_url, claim.replacement_list_url)
                lists = [found for url in urls if url and (found := _fetched(fetch, url))]
            verdict = verify(data, did_document=did, status_list=lists, now=now)
    except (Unreadable, OSError, ValueError, LtiError) as error:
        click.echo(f"ILLISIBLE · UNREADABLE: {error}", err=True)
        sys.exit(2)
    click.echo(WORDS[verdict.state])
    for check in verdict.checks:
        mark = {True: "ok", False: "NON", None: "?"}[check.ok]
        click.echo(f"  [{mark}] {check.key} {check.detail}".rstrip())
    for field in verdict.fields(language):
        click.echo(f"  {field.label}: {field.value}")
    if verdict.is_picture:
        click.echo("  Dessin non signé, seuls ces champs le sont · picture not signed, only these fields are")
    click.echo(f"  SHA-256: {verdict.sha256}")
    sys.exit(0 if verdict.state == "valid" else 1)


def _is_url(text: str) -> bool:
    return urlsplit(text).scheme in {"http", "https"}


def _fetcher() -> Callable[[str], bytes]:
    def fetch(url: str) -> bytes:
        outbound = Outbound(load_config().allowed_private_hosts)
        try:
            answer = outbound.request("GET", url, headers={"Accept": "application/vc+ld+json, application/json"})
        finally:
            outbound.close()
        if not answer.is_success:
            raise LtiError("answer_status", str(answer.status_code))
        return answer.content

    return fetch


def _fetched(fetch: Callable[[str], bytes], url: str) -> Any:
    # A document that cannot be had leaves the verdict « unverifiable »: it is never a reason to believe.
    try:
        return _object(_json(fetch(url)))
    except (LtiError, ValueError) as error:
        click.echo(f"  {url}: {error}", err=True)
        return None


def _documents(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file that holds one or a list of them; ``ValueError`` names it when it does not."""
    try:
        value = _json(path.read_bytes())
        return [_object(item) for item in value] if isinstance(value, list) else [_object(value)]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        return _object(_json(path.read_bytes()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a file of the wrong kind, not a fault of ours
    return value
