"""``lms verify``: the offline check of certificates."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from certificates.answer import WORDS, answer
from certificates.sign.did import did_url
from certificates.verify import Unreadable, Verdict, claimed, verify
from lms.config import load_config
from lms.lti.http import Outbound
from lms.lti.model import LtiError


@click.command("verify")
@click.argument("files", metavar="FILE_OR_URL...", nargs=-1, required=True)
@click.option("--did", "did_file", type=click.Path(exists=True, path_type=Path), help="The issuer's did.json.")
@click.option(
    "--status", "status_files", multiple=True, type=click.Path(exists=True, path_type=Path),
    help="A signed status list, or a JSON list of them; may be given again.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file, as POST /api/v1/verify answers.")
def command(
    files: tuple[str, ...], did_file: Path | None, status_files: tuple[Path, ...], language: str, *, as_json: bool
) -> None:
    """Check certificates (PDF, JSON, JWT, PNG or SVG badge).

    With --did and --status nothing is asked of any network. Without them, the issuer's published documents
    are fetched. Several files are told in a line each. Exit status: 0 valid, 1 not valid, 2 unreadable; of
    several, the worst.
    """
    worst = 0
    for name in files:
        now = datetime.now(UTC)
        try:
            verdict = _verdict(name, did_file, status_files, now)
        except (Unreadable, OSError, ValueError, LtiError) as error:
            place = f"{name}: " if len(files) > 1 else ""
            click.echo(f"{place}ILLISIBLE · UNREADABLE: {error}", err=True)
            worst = 2
            continue
        if as_json:
            told = answer(verdict.state, now, verdict.record, verdict.checks, verdict=verdict)
            click.echo(json.dumps(told, ensure_ascii=False))
        elif len(files) > 1:
            whose = (verdict.record.number, verdict.record.issuer.did) if verdict.record else ()
            click.echo("\t".join([_word(verdict), name, *whose]))
        else:
            _tell(verdict, language)
        worst = max(worst, 0 if verdict.state == "valid" else 1)
    sys.exit(worst)


def _verdict(name: str, did_file: Path | None, status_files: tuple[Path, ...], now: datetime) -> Verdict:
    """The verdict on one file, with the documents given or fetched."""
    fetch = _fetcher()
    data = fetch(name) if _is_url(name) else Path(name).read_bytes()
    did = _document(did_file) if did_file else None
    lists = [item for path in status_files for item in _documents(path)]
    claim = None if did_file and status_files else claimed(data)
    if claim is not None and not did_file and claim.issuer.did.startswith("did:web:"):
        did = _fetched(fetch, did_url(claim.issuer.did))
    if claim is not None and not status_files:
        urls = (claim.status_list_url, claim.suspension_list_url, claim.replacement_list_url)
        lists = [found for url in urls if url and (found := _fetched(fetch, url))]
    return verify(data, did_document=did, status_list=lists, now=now)


def _tell(verdict: Verdict, language: str) -> None:
    click.echo(_word(verdict))
    for check in verdict.checks:
        mark = {True: "ok", False: "NON", None: "?"}[check.ok]
        click.echo(f"  [{mark}] {check.key} {check.detail}".rstrip())
    for field in verdict.fields(language):
        click.echo(f"  {field.label}: {field.value}")
    if verdict.record:  # whose documents it was judged with: anybody may publish some
        click.echo(f"  DID: {verdict.record.issuer.did}")
    if verdict.is_picture:
        click.echo("  Dessin non signé, seuls ces champs le sont · picture not signed, only these fields are")
    click.echo(f"  SHA-256: {verdict.sha256}")


def _word(verdict: Verdict) -> str:
    return " · ".join(WORDS[verdict.state][speech].upper() for speech in ("fr", "en"))


def _is_url(text: str) -> bool:
    return urlsplit(text).scheme in {"http", "https"}


def _fetcher() -> Callable[[str], bytes]:
    def fetch(url: str) -> bytes:
        config = load_config()
        outbound = Outbound(config.allowed_private_hosts, config.authorities)
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
