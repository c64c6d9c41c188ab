"""A verdict as JSON: one object for the API and the offline command, and one set of words everywhere."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from certificates.model import Record, printed_fields
from certificates.sign.data_integrity import instant
from certificates.verify import Check, Verdict

#: State → its word in each language.
WORDS: Mapping[str, Mapping[str, str]] = {
    "valid": {"fr": "valide", "en": "valid"},
    "expired": {"fr": "expiré", "en": "expired"},
    "revoked": {"fr": "révoqué", "en": "revoked"},
    "suspended": {"fr": "suspendu", "en": "suspended"},
    "replaced": {"fr": "remplacé", "en": "replaced"},
    "modified": {"fr": "modifié", "en": "modified"},
    "unknown": {"fr": "inconnu", "en": "unknown"},
    "unverifiable": {"fr": "invérifiable", "en": "unverifiable"},
}


def answer(
    state: str,
    checked_at: datetime,
    record: Record | None = None,
    checks: Iterable[Check] = (),
    *,
    holder_hidden: bool = False,
    verdict: Verdict | None = None,
    issued_sha256: str | None = None,
    pages: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What was found, for programs. ``record`` is what is vouched for; None when nothing is.

    ``verdict`` is that of a file, when one was judged. ``issued_sha256`` is the digest of what was issued in that form,
    where the register is at hand; so are ``pages``: ``page``, its own, ``replaced_by`` and ``renewed_by``.
    """
    return {
        "state": state,
        "word": dict(WORDS[state]),
        "checked_at": instant(checked_at),
        "number": record.number if record else None,
        "issuer": record.issuer.did if record else None,
        "checks": [{"check": check.key, "ok": check.ok, "detail": check.detail} for check in checks],
        "fields": {speech: _fields(record, speech, hidden=holder_hidden) for speech in ("fr", "en")} if record else {},
        "holder_hidden": holder_hidden,
        "form": verdict.form if verdict else None,
        "sha256": verdict.sha256 if verdict else None,
        "issued_sha256": issued_sha256,
        **{name: (pages or {}).get(name) for name in ("page", "replaced_by", "renewed_by")},
    }


def _fields(record: Record, language: str, *, hidden: bool) -> list[dict[str, str]]:
    return [
        {"key": field.name_key, "label": field.label, "value": field.value}
        for field in printed_fields(record, language)
        if not (hidden and field.name_key == "holder")
    ]
