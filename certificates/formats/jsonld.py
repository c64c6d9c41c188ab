"""The credential as JSON-LD with a Data Integrity proof."""

from certificates.formats import Format
from certificates.model import Record
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys


def render(record: Record, keys: Keys) -> bytes:
    """The signed credential, as UTF-8 JSON. The same record and key give the same bytes."""
    return signed_json(record, keys)


FORMAT = Format("jsonld", ".json", "application/vc+ld+json", render)
