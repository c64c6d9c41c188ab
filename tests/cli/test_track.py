"""``lms track``: authors check and carry their tracks."""

import csv
import io
import re
from pathlib import Path

import httpx
import pytest

from curricula.exchange.formats.common_cartridge import read
from curricula.folder import Folder
from curricula.registry import discover
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from tests.cli.conftest import Run
from tests.curricula.samples import write_track
from tests.tracks_in_test import FOLDER as TRACKS


def test_shipped_tracks_are_valid_strictly(run: Run) -> None:
    outcome = run("track", "validate", "--strict")
    assert (outcome.status, outcome.err) == (0, "")
    for folder in discover():
        assert f"\n{folder.name} " in f"\n{outcome.out}"


@pytest.mark.parametrize("whole", [False, True])
def test_a_folder_of_tracks_or_one_track_can_be_checked(run: Run, tmp_path: Path, whole: bool) -> None:
    folder = write_track(tmp_path / "tracks")
    write_track(tmp_path / "tracks", "other")
    outcome = run("track", "validate", str(folder.parent if whole else folder))
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        f"{key} 2026.1: 1 of 2 modules published, 1 lessons, 2 questions." for key in ("mini", "other")[: 1 + whole]
    ]


def test_each_problem_is_a_line_with_its_place_and_the_status_says_so(run: Run, tmp_path: Path) -> None:
    folder = write_track(tmp_path / "tracks")
    write_track(tmp_path / "tracks", "sound")
    path = folder / "track.toml"
    path.write_text(path.read_text("utf-8").replace("[1, 17]", "[1, 18]").replace('code = "M"', 'code = ""'), "utf-8")
    outcome = run("track", "validate", str(tmp_path / "tracks"))
    assert outcome.status == 1
    assert outcome.err.splitlines() == [
        'mini/track.toml:2: « code » is empty. Fix: Write code = "…".',
        "mini/track.toml:6: Recommendation 18 does not exist. Fix: Use 1 to 17.",
        "2 to mend.",
    ]
    assert outcome.out.startswith("sound 2026.1")


def test_a_folder_without_track_says_what_a_track_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    outcome = run("track", "validate", str(tmp_path / "nothing"))
    assert outcome.status == 1
    assert "A track is a folder with a track.toml." in outcome.err


def test_a_folder_that_does_not_exist_is_refused(run: Run) -> None:
    assert run("track", "validate", "nowhere").status == 2


def test_a_track_is_exported_whole(run: Run, tmp_path: Path) -> None:
    outcome = run("track", "export", "decideurs", "out")
    assert (outcome.status, outcome.out) == (0, "out/decideurs\n")
    assert Folder.read(tmp_path / "out" / "decideurs").digest == Folder.read(TRACKS / "decideurs").digest
    assert run("track", "validate", "out").status == 0


def test_what_exists_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out" / "decideurs").mkdir(parents=True)
    outcome = run("track", "export", "decideurs", "out")
    assert outcome.status == 2
    assert "exists already" in outcome.err
    assert not any((tmp_path / "out" / "decideurs").iterdir())


@pytest.mark.parametrize("key", ["unknown", "", ".", "../tracks/decideurs", "/etc"])
def test_only_a_known_track_is_exported(run: Run, tmp_path: Path, key: str) -> None:
    outcome = run("track", "export", key, "out")
    assert outcome.status == 2
    assert "Known: decideurs" in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_file_is_not_a_place_to_export_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    outcome = run("track", "export", "decideurs", "out")
    assert outcome.status == 2
    assert "Traceback" not in outcome.err


def test_what_changed_between_two_folders_is_said(run: Run, tmp_path: Path) -> None:
    assert run("track", "export", "decideurs", "out").status == 0
    assert run("track", "diff", "decideurs", "out/decideurs").status == 0
    file = tmp_path / "out" / "decideurs" / "d1" / "module.toml"
    file.write_text(file.read_text().replace("threshold = 70", "threshold = 80"))
    outcome = run("track", "diff", "decideurs", "out/decideurs")
    assert outcome.status == 1
    assert outcome.out == "d1 / quiz / threshold (rule): changed\n  -70 %\n  +80 %\n"


def test_what_is_no_track_cannot_be_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    outcome = run("track", "diff", "decideurs", "half")
    assert outcome.status == 2
    assert "half/track.toml: This file is missing." in outcome.err


def test_strictly_what_would_be_improved_is_said_too(run: Run) -> None:
    """Not what time alone brings: a source to check is counted, and refused by nobody."""
    here = str(TRACKS)
    assert (run("track", "validate", here).status, run("track", "validate", here).err) == (0, "")
    outcome = run("track", "validate", here, "--strict")
    assert outcome.status == 1
    assert "decideurs / d2 / paper / memo: The module leaves no page to keep. (advice)\n" in outcome.err
    assert "still to be checked" not in outcome.err + outcome.out
    assert "decideurs: 8 sources to check; « lms track report --facts » lists them.\n" in outcome.out


def test_what_tracks_hold_is_reported(run: Run) -> None:
    here = str(TRACKS / "decideurs")
    told = run("track", "report", here).out
    assert told.startswith("decideurs 2026.1  Décideurs publics\n\nD1  Comprendre l’IA pour décider\n")
    assert "   leçons 5; mots 3483 (fr), 3639 (en)\n" in told
    assert "   minutes 120 (comptées 169, atelier 20)\n" in told
    assert "   questions 15: single 10, multiple 5\n" in told
    assert "      d1-o1    difficulté 1/2/3: 1/1/1  classer une demande" in told
    assert told.endswith("2 modules, 10 leçons, 31 questions ; 8 faits à vérifier.\n")
    english = run("track", "report", here, "--language", "en").out
    assert "2 modules, 10 lessons, 31 questions; 8 facts to check.\n" in english
    assert "   répond à: recommandations 1, 12; textes ai-act-4, ai-act-26, ai-act-annex-iii, gdpr\n" in told
    rows = table(run("track", "report", here, "--format", "csv").out)
    assert [row[1] for row in rows[1:]] == ["D1"] * 5 + ["D2"] * 5
    assert rows[1][:12] == [
        "decideurs", "D1", "Comprendre l’IA pour décider", "5", "3483", "3639", "120", "169", "20", "1 12",
        "ai-act-4 ai-act-26 ai-act-annex-iii gdpr", "d1-o1",
    ]  # fmt: skip


def table(out: str) -> list[list[str]]:
    """The rows of a CSV as French spreadsheets open it."""
    assert out.startswith("\ufeff")
    return list(csv.reader(io.StringIO(out[1:]), delimiter=";"))


def test_the_facts_of_tracks_are_listed_those_to_check_first(run: Run) -> None:
    here = str(TRACKS / "decideurs")
    told = run("track", "report", here, "--facts").out.splitlines()
    marks = [line.strip()[1] for line in told[1:]]
    assert marks == sorted(marks, key=lambda mark: mark != "M")
    assert marks.count("M") == 8
    checked = next(line for line in told if "ai-act-annex-iii" in line)
    assert re.search(r"\[V\] droit ai-act-annex-iii: .*\(vérifié le 2026-11, \d+ jours; sert à d1, d2, d4\)", checked)
    rows = table(run("track", "report", here, "--facts", "--format", "csv").out)
    assert rows[0][:6] == ["parcours", "module", "nature", "clé", "titre", "marque"]
    assert ["decideurs", "d1", "source", "llm-basics"] in [row[:4] for row in rows]
    assert len(rows) == len(told)


def test_a_report_is_of_a_folder_or_of_a_published_track(run: Run) -> None:
    assert "D1  Comprendre" in run("track", "report", "decideurs").out
    assert run("track", "report", "nothing").status == 2


def test_what_keeps_a_track_from_being_published_is_always_refused(run: Run, tmp_path: Path) -> None:
    assert run("track", "export", "decideurs", "out").status == 0
    file = tmp_path / "out" / "decideurs" / "d1" / "module.toml"
    file.write_text(
        file.read_text().replace(
            "[[sources]]", '[[objectives]]\nkey = "d1-o9"\ntext = { fr = "x", en = "x" }\n\n[[sources]]', 1
        )
    )
    bank = file.with_name("questions.toml")
    bank.write_text(bank.read_text().replace('objective = "d1-o1"', 'objective = "d1-o9"', 1))
    outcome = run("track", "validate", "out")
    assert outcome.status == 1
    assert "decideurs / d1 / objective / d1-o9: No lesson works towards this objective. (blocking)" in outcome.err


def test_a_track_is_written_as_links_to_its_modules(run: Run, tmp_path: Path) -> None:
    outcome = run("track", "cartridge", "decideurs", "out.imscc", LMS_BASE_URL="https://formation.example")
    assert (outcome.status, outcome.out) == (0, "out.imscc\n")
    assert len(outcome.err.splitlines()) == 5  # D3 to D7 are announced
    taken = read((tmp_path / "out.imscc").read_bytes(), "fr")
    assert [(link.url, dict(link.custom)) for link in taken.links] == [
        ("https://formation.example/lti/launch", {"track": "decideurs", "module": key}) for key in ("d1", "d2")
    ]
    assert run("track", "cartridge", "unknown", "out.imscc").status == 2


def revised(run: Run, folder: Path, version: str = "2026.2") -> Path:
    """The shipped track as a folder, with a threshold raised under another version."""
    assert run("track", "export", "decideurs", str(folder)).status == 0
    track = folder / "decideurs"
    for file, old, new in (("track.toml", "2026.1", version), ("d1/module.toml", "threshold = 70", "threshold = 80")):
        (track / file).write_text((track / file).read_text().replace(old, new, 1))
    return track


def test_a_revision_is_published_listed_compared_and_exported_again(run: Run, tmp_path: Path) -> None:
    track = revised(run, tmp_path / "new")
    said = run("track", "import", str(track), "--note", "Seuil relevé", "--move")
    assert (said.status, said.err) == (0, "")
    assert re.fullmatch(r"decideurs 2026\.2 \([0-9a-f]{12}\) is published; 0 learners moved\.\n", said.out)
    listed = run("track", "revisions", "decideurs").out.splitlines()
    assert [line.split()[2] for line in listed] == ["2026.2", "2026.1"]
    assert listed[0].endswith("imported Seuil relevé")
    assert (
        run("track", "diff", "decideurs@2026.1", "decideurs").out
        == "d1 / quiz / threshold (rule): changed\n  -70 %\n  +80 %\n"
    )
    assert run("track", "export", "decideurs", "now").status == 0
    assert Folder.read(tmp_path / "now" / "decideurs") == Folder.read(track)
    assert run("track", "export", "decideurs", "before", "--revision", "2026.1").status == 0
    assert Folder.read(tmp_path / "before" / "decideurs") == Folder.read(TRACKS / "decideurs")
    assert run("track", "import", str(track)).status == 0
    assert len(run("track", "revisions", "decideurs").out.splitlines()) == 2


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("track.toml", "2026.2", "2026.1", "Version 2026.1 is published with other content"),
        ("d1/module.toml", "threshold = 80", "threshold = 800", "decideurs/d1/module.toml:"),
        ("track.toml", 'key = "decideurs"', "key =", "This is not TOML"),
    ],
)
def test_what_is_not_fit_publishes_nothing(run: Run, tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    track = revised(run, tmp_path / "new")
    (track / file).write_text((track / file).read_text().replace(old, new, 1))
    outcome = run("track", "import", str(track))
    assert outcome.status == 1
    assert says in outcome.err
    assert "Nothing was published." in outcome.err
    assert len(run("track", "revisions", "decideurs").out.splitlines()) == 1


def test_revisions_that_are_not_there_are_refused(run: Run) -> None:
    assert run("track", "revisions", "unknown").status == 2
    assert run("track", "export", "decideurs", "out", "--revision", "2019.1").status == 2
    assert run("track", "diff", "decideurs", "decideurs@2019.1").status == 2


def test_the_addresses_of_a_track_are_called_when_it_is_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_track(tmp_path)
    lesson = next(folder.rglob("*.fr.md"))
    addresses = ("gone", "reserved", "shy", "down")
    lesson.write_text(
        lesson.read_text("utf-8") + "".join(f"\n<https://{each}.example/>\n" for each in addresses), "utf-8"
    )
    asked = []

    def answer(_outbound: Outbound, method: str, url: str, **_options: object) -> httpx.Response:
        asked.append((method, url))
        if "down" in url:
            raise LtiError("unreachable", "ConnectError")
        shy = {"HEAD": 405, "GET": 200}[method]
        return httpx.Response(next((code for name, code in (("gone", 404), ("reserved", 403)) if name in url), shy))

    monkeypatch.setattr(Outbound, "request", answer)
    outcome = run("track", "links", str(folder))
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    assert [line.split(" (")[0] for line in lines[:-1]] == [
        "https://gone.example/: answers 404", "https://down.example/: unreachable ConnectError",
    ]  # fmt: skip
    assert "lesson" in lines[0]
    assert lines[-1].endswith(", 2 to look at.")
    assert ("GET", "https://shy.example/") in asked
    assert len({url for _method, url in asked}) == int(lines[-1].split()[0])
