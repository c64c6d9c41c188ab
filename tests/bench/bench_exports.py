"""What exporting costs: our writers beside Python's csv module given the same cells and the same guard.

Run ``python tests/bench/bench_exports.py [ROWS]``. Prints ratios of CPU time: seconds depend on the machine.
"""

import csv
import sys
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from statistics import median
from time import process_time

from lms.exports import exports
from lms.reports.completions import COLUMNS
from lms.tables import Provenance, Row, Table

ROUNDS = 3
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ORIGIN = Provenance(AT, "Toute l'institution", "Banc d'essai", "2026.1", "aucun")
DAY = date(2026, 4, 1)


def rows(count: int) -> Generator[Row, None, None]:
    """Lines as the completion report gives them."""
    for number in range(count):
        yield (
            f"{number:08}", "Lefèvre", "=Zoé" if number % 50 == 0 else "Zoé", "FPE", "Justice", "DSJ",
            "01234567890123", "A", "Attachée", "Décideurs publics", "2026.1", "D1 Comprendre l'IA pour décider",
            "distanciel", None, DAY, DAY, DAY, Decimal("2.00"), "achevé", Decimal("0.8333"), f"MPIA-{number}",
            DAY, DAY, "en cours de validité", None,
        )  # fmt: skip


def plain_csv(count: int) -> int:
    """What one writes at first: a csv writer, a guard, each value turned to text as it comes."""
    size, buffer = 0, StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    origin = [f"{AT:%d/%m/%Y %H:%M}", ORIGIN.scope, ORIGIN.author, ORIGIN.definitions, ORIGIN.filters]
    for row in rows(count):
        cells = []
        for value in row:
            if value is None:
                text = ""
            elif isinstance(value, date):
                text = value.strftime("%d/%m/%Y")
            elif isinstance(value, Decimal):
                text = str(value).replace(".", ",")
            else:
                text = str(value)
                if text.startswith(("=", "+", "-", "@", "\t", "\r")):
                    text = "'" + text
            cells.append(text)
        writer.writerow(cells + origin)
        size += len(buffer.getvalue().encode())
        buffer.seek(0)
        buffer.truncate()
    return size


def ours(key: str) -> Callable[[int], int]:
    """One of our formats, its pieces counted and dropped."""

    def run(count: int) -> int:
        table = Table("completions", "Suivi nominatif", "fr", COLUMNS, rows(count), ORIGIN)
        return sum(len(piece) for piece in exports()[key].chunks(table))

    return run


def cost(run: Callable[[int], int], count: int) -> tuple[float, int]:
    """(median CPU seconds, bytes) over a few rounds."""
    times = []
    size = 0
    for _ in range(ROUNDS):
        start = process_time()
        size = run(count)
        times.append(process_time() - start)
    return median(times), size


def main(count: int = 100_000) -> None:
    """Print each format's CPU time as a ratio of the plain csv writer's."""
    base, size = cost(plain_csv, count)
    print(f"{count} rows of {len(COLUMNS)} columns, median of {ROUNDS} rounds, CPU time")
    print(f"csv module, naive  1.00  {size / 1e6:6.1f} MB  {count / base:10.0f} rows/s here")
    for key in exports():
        seconds, size = cost(ours(key), count)
        print(f"{key:<17}  {seconds / base:.2f}  {size / 1e6:6.1f} MB  {count / seconds:10.0f} rows/s here")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
