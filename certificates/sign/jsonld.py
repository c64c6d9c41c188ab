"""Strict JSON and JSON-LD: contexts from this package alone, canonical N-Quads, nothing dropped in silence.

Sources: JSON-LD 1.1; RDF Dataset Canonicalization (RDFC-1.0, which PyLD still calls URDNA2015); VC Data Model 2.0
appendix B (contexts by hash). PyLD ignores terms no context defines, which then stay unsigned: here they refuse.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pyld import jsonld
from pyld.context_resolver import ContextResolver

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
FOLDER = Path(__file__).parent / "contexts"

#: Characters whose escapes differ between canonicalisers; no honest credential holds them.
_UNSAFE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: What relative references resolve against, so that they show: PyLD would make up a base of its own.
_NOWHERE = "https://relative.invalid/"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


class UnsafeDocumentError(ValueError):
    """The document cannot be signed or believed whole: part of it would stay outside the signature."""


def parse(data: bytes) -> Any:
    """JSON, refusing what two parsers could read differently. Raises ValueError.

    That is: duplicate keys, NaN and infinities, anything but UTF-8, nesting too deep to parse.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def canonize(document: Mapping[str, Any], contexts: list[str]) -> bytes:
    """The canonical N-Quads of ``document``, whose ``@context`` must be exactly ``contexts``.

    Raises :class:`UnsafeDocumentError` when a term is undefined, an identifier relative, a value null or a
    context inline: each would change the document without changing its signature.
    """
    if document.get("@context") != contexts:
        raise UnsafeDocumentError("unexpected @context")
    for key, value in document.items():
        if key != "@context":
            _check(key, value, anonymous="id" not in document)
    return _canonical(json.dumps(document, sort_keys=True))


class _Strict(jsonld.JsonLdProcessor):  # type: ignore[misc]  # PyLD is not typed
    """A processor that expands once and refuses what it would have dropped."""

    def expand(self, document: object, options: Mapping[str, Any]) -> object:
        """PyLD's expansion, whole."""
        dropped: list[object] = []
        self.on_property_dropped = dropped.append
        expanded = super().expand(document, options)
        if dropped:
            raise UnsafeDocumentError(f"undefined terms: {', '.join(sorted(map(str, dropped)))}")
        for iri in _identifiers(expanded):
            if not _IRI.fullmatch(iri) or iri.startswith(_NOWHERE):
                raise UnsafeDocumentError(f"not an absolute IRI: {iri}")
        return expanded


@lru_cache(maxsize=64)
def _canonical(text: str) -> bytes:
    """The canonical form of a checked document. Kept a while: one credential is signed in several formats."""
    options = {
        "algorithm": "URDNA2015",
        "base": _NOWHERE,
        "format": "application/n-quads",
        "documentLoader": load,
        "contextResolver": ContextResolver(_RESOLVED, load),
    }
    # PyLD's caches are not safe in threads, and the interpreter runs one at a time anyway.
    with _LOCK:
        try:
            quads: str = _Strict().normalize(json.loads(text), options)
        except jsonld.JsonLdError as error:
            raise UnsafeDocumentError(f"not valid JSON-LD: {error.type}") from error
    return quads.encode()


def load(url: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """PyLD's document loader: the shipped contexts and nothing else, ever. Raises UnsafeDocumentError."""
    del options
    try:
        # "static" lets PyLD keep the parsed context: it cannot change while the process runs.
        document = shipped()[url]
    except KeyError as error:
        raise UnsafeDocumentError(f"context not shipped: {url}") from error
    return {"contextUrl": None, "documentUrl": url, "document": document, "tag": "static"}


@cache
def shipped() -> Mapping[str, Any]:
    """The contexts by URL, after checking each file against the manifest's SHA-256."""
    contexts = {}
    for entry in json.loads((FOLDER / "manifest.json").read_text("utf-8"))["contexts"]:
        data = (FOLDER / entry["file"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise UnsafeDocumentError(f"{entry['file']} is not the context that was shipped")
        contexts[entry["url"]] = json.loads(data)
    return contexts


_LOCK = threading.Lock()
#: Parsed contexts, kept for the process. Ours and not PyLD's global one, which any other loader could fill.
_RESOLVED: dict[str, Any] = {}


def _check(key: str, value: object, *, anonymous: bool) -> None:
    """Refuse, anywhere in the document, what would not survive canonicalisation unchanged.

    An object without identifier may not hold another (``anonymous``): naming such nodes can take a time that
    grows with the factorial of their number, which a hostile file would use.
    """
    if key.startswith("@"):
        raise UnsafeDocumentError(f"keyword in the document: {key}")
    match value:
        case str():
            if _UNSAFE.search(value):
                raise UnsafeDocumentError(f"control character in {key}")
        case None | float():
            raise UnsafeDocumentError(f"{key} holds {value!r}")
        case list():
            for item in value:
                _check(key, item, anonymous=anonymous)
        case dict():
            if anonymous and "id" not in value:
                raise UnsafeDocumentError(f"{key} has no identifier")
            for inner, item in value.items():
                _check(inner, item, anonymous="id" not in value)


def _identifiers(node: object) -> Iterator[str]:
    """Every @id and @type of an expanded document: RDF leaves out the relative ones without a word.

    Lists and graphs are refused: they make nodes without identifier, and no certificate has any.
    """
    if isinstance(node, list):
        for item in node:
            yield from _identifiers(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"@list", "@graph", "@included", "@reverse"}:
                raise UnsafeDocumentError(f"unexpected {key}")
            if key in {"@id", "@type"}:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from _identifiers(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _no_constant(text: str) -> None:
    """NaN and the infinities are not JSON."""
    raise ValueError(text)
