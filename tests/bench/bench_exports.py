"""What exporting costs: each of our formats beside what one would else write it with, given the same rows and guard.

Run ``python tests/bench/bench_exports.py [ROWS]``. Prints ratios of CPU time: seconds depend on the machine. Rivals
that the project does not need (XlsxWriter, odswriter) are brought by uv to a temporary folder, or left out.
``… memory [ROWS]`` prints how much this process grows while each format is written.
"""

import csv
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from lms.exports import exports
from lms.reports.completions import COLUMNS
from lms.tables import Provenance, Row, Table

ROUNDS = 3
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ORIGIN = Provenance(AT, "Toute l'institution", "Banc d'essai", "2026.1", "aucun")
DAY = date(2026, 4, 1)
#: odswriter takes a thousand times as long as csv: it is given fewer rows, and its time is multiplied.
SLOW = 20


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


def with_xlsxwriter(count: int) -> int:
    """XlsxWriter in its mode of constant memory: texts as texts, days as days."""
    import xlsxwriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.xlsx"
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
        sheet, days = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, [column.label["fr"] for column in COLUMNS])
        for line, row in enumerate(rows(count), 1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif isinstance(value, date):
                    sheet.write_datetime(line, place, value, days)
                elif value is not None:
                    sheet.write_number(line, place, value)
        book.close()
        return path.stat().st_size


def with_odswriter(count: int) -> int:
    """odswriter, which knows types too."""
    import odswriter

    buffer = BytesIO()
    with odswriter.writer(buffer) as sheets:
        sheet = sheets.new_sheet("rows")
        for row in rows(count):
            sheet.writerow(["" if value is None else value for value in row])
    return len(buffer.getvalue())


def ours(key: str) -> Callable[[int], int]:
    """One of our formats, its pieces counted and dropped."""

    def run(count: int) -> int:
        table = Table("completions", "Suivi nominatif", "fr", COLUMNS, rows(count), ORIGIN)
        return sum(len(piece) for piece in exports()[key].chunks(table))

    return run


def cost(run: Callable[[int], int], count: int, rounds: int = ROUNDS) -> tuple[float, int]:
    """(median CPU seconds, bytes) over a few rounds."""
    times = []
    size = 0
    for _ in range(rounds):
        start = process_time()
        size = run(count)
        times.append(process_time() - start)
    return median(times), size


def rivals(folder: str) -> bool:
    """Bring the modules that only this file needs; whether they are there."""
    uv = shutil.which("uv") or Path(sys.executable).parents[1] / "uv" / "bin" / "uv"
    command = [str(uv), "pip", "install", "--quiet", "--target", folder, "xlsxwriter", "odswriter"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return False
    sys.path.append(folder)
    return True


def beside(name: str, key: str, rival: Callable[[int], int], count: int, share: int = 1) -> None:
    """Print how much sooner ours is done than a rival, which is given a share of the rows."""
    theirs, mine = cost(rival, count // share, 1)[0] * share, cost(ours(key), count)[0]
    print(f"{name:<28} {theirs / mine:6.1f} times the time of our {key}")


def main(count: int = 100_000) -> None:
    """Print each format's CPU time as a ratio of the plain csv writer's, then of its own rival's."""
    base, size = cost(plain_csv, count)
    print(f"{count} rows of {len(COLUMNS)} columns, median of {ROUNDS} rounds, CPU time")
    print(f"csv module, naive  1.00  {size / 1e6:6.1f} MB  {count / base:10.0f} rows/s here")
    for key in exports():
        few = min(count, 500) if key == "pdf" else count
        seconds, size = cost(ours(key), few)
        print(f"{key:<17}  {seconds / base * count / few:.2f}  {size / 1e6:6.1f} MB  {few / seconds:10.0f} rows/s here")
    with tempfile.TemporaryDirectory() as folder:
        if rivals(folder):
            beside("XlsxWriter, constant memory", "xlsx", with_xlsxwriter, count)
            beside("odswriter", "ods", with_odswriter, count, SLOW)
        else:
            print("XlsxWriter and odswriter could not be brought: their ratios are left out.")


def memory(count: int = 1_000_000) -> None:
    """Print how much the process grows, format by format, once it has written some."""
    page = resource.getpagesize()

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    for key in exports():
        if key != "pdf":
            ours(key)(5_000)
            before = highest = resident()
            table = Table("completions", "Suivi nominatif", "fr", COLUMNS, rows(count), ORIGIN)
            for number, _piece in enumerate(exports()[key].chunks(table)):
                if number % 50 == 0:
                    highest = max(highest, resident())
            print(f"{key:<10} grows by {(highest - before) / 1e6:5.1f} MB over {count} rows")


if __name__ == "__main__":
    arguments: list[Any] = sys.argv[1:]
    act = memory if arguments[:1] == ["memory"] else main
    act(*(int(value) for value in arguments if value != "memory"))
