"""What every format owes: a registry without surprise, and memory that does not grow with the rows."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from export_samples import ROWS, table

from lms.exports import exports, offered
from lms.tables import Export, Row

PAGE = resource.getpagesize()


def test_formats_are_found_by_key() -> None:
    assert {"ods", "csv", "csv-plain", "xlsx", "json", "pdf"} == set(exports())
    assert [item.key for item in offered()][:2] == ["ods", "csv"], "ODS is offered first (RGI)"
    for key, export in exports().items():
        assert export.key == key
        assert set(export.title) == {"fr", "en"}


def rows(count: int) -> Iterator[Row]:
    for number in range(count):
        yield (f"Nom {number}", *ROWS[0][1:])


def resident() -> int:
    """Bytes of memory this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def peak(export: Export, count: int) -> int:
    highest = resident()
    for number, _ in enumerate(export.chunks(table(rows(count)))):
        if number % 20 == 0:
            highest = max(highest, resident())
    return max(highest, resident())


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's account of memory")
@pytest.mark.parametrize("key", ["ods", "csv", "csv-plain", "xlsx", "json"])
def test_memory_does_not_grow_with_the_rows(key: str) -> None:
    export = exports()[key]
    warm = peak(export, 5_000)
    assert peak(export, 100_000) - warm < 12_000_000, "100,000 rows weigh 20 MB or more when kept"
