"""The time of a complete certificate against the sum of its parts, as ratios.

Run it with ``python tests/bench/bench_certificates.py``. One warm process, parts interleaved, medians: times depend
on the machine, ratios hardly do.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "certificates"))

from certificate_samples import DID, make_record

from certificates import status
from certificates.format import FORMATS
from certificates.formats.pdf import draw
from certificates.model import Record
from certificates.sign.credential import credential, secure_jsonld, secure_jwt
from certificates.sign.keys import Keys
from certificates.sign.seal import seal
from certificates.verify import verify

ROUNDS = 30


def main() -> None:
    """Print each part's median, its share of a whole certificate, and what a core issues in a second."""
    with tempfile.TemporaryDirectory() as folder:
        now = datetime.now(UTC)
        keys = Keys.open(Path(folder), b"bench", DID, now)
        page = draw(make_record())
        attachment = FORMATS["jsonld"].render(make_record(), keys)
        lists = [
            status.status_list_credential(purpose, status.empty(), url, DID, keys, now)
            for purpose, url in (
                ("revocation", make_record().status_list_url),
                ("suspension", str(make_record().suspension_list_url)),
            )
        ]
        sealed = FORMATS["pdf"].render(make_record(), keys)
        did = keys.did_document()
        parts: dict[str, Callable[[Record], object]] = {
            "draw and check the page": draw,
            "sign eddsa-rdfc-2022": lambda record: secure_jsonld(credential(record), keys),
            "seal (PAdES, P-256)": lambda record: seal(page, attachment, keys, reason=record.number),
            "complete PDF": lambda record: FORMATS["pdf"].render(record, keys),
            "PDF, JSON-LD and JWT": lambda record: [entry.render(record, keys) for entry in FORMATS.values()],
            "sign RS256 after JSON-LD": lambda record: secure_jwt(credential(record), keys),
            "verify a PDF": lambda _: verify(sealed, did_document=did, status_list=lists, now=now),
        }
        times: dict[str, list[float]] = {name: [] for name in parts}
        for turn in range(ROUNDS + 3):
            for name, part in parts.items():
                # A record of its own for each, or a cache would answer; the JWT is timed after its JSON-LD.
                record = make_record(number=f"B-{turn}-{name}")
                if name.startswith("sign RS256"):
                    secure_jsonld(credential(record), keys)
                start = time.perf_counter()
                part(record)
                times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values[3:]) for name, values in times.items()}
    whole = medians["complete PDF"]
    for name, median in medians.items():
        print(f"{name:28} {median * 1000:7.1f} ms   {median / whole:5.2f} of a complete PDF")
    parts_sum = sum(list(medians.values())[:3])
    print(f"{'complete / sum of its parts':28} {whole / parts_sum:10.2f}")
    print(f"{'complete PDFs a second':28} {1 / whole:10.1f}")


if __name__ == "__main__":
    main()
