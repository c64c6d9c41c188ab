"""The file of the secret key that a service makes for itself: whole, or refused."""

import os
from pathlib import Path

import pytest

from lms.config import ConfigError
from tests.test_config import SECRET, load


@pytest.mark.parametrize("held", [b"", b"\n", b"x" * 31, b"\0" * 64, b"\xff" * 64])
def test_a_file_that_holds_no_secret_is_refused_and_stays_as_it_was(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "var" / "secret"
    path.parent.mkdir()
    path.write_bytes(held)
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    (problem,) = refused.value.problems
    assert str(path) in problem
    assert "remove the file" in problem
    assert path.read_bytes() == held
    assert load(tmp_path, LMS_SECRET_KEY=SECRET).secret_key == SECRET


def test_a_secret_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for name in ("fsync", "link"):
        true = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, true=true, name=name: (done.append(name), true(*given)))
    load(tmp_path)
    assert done == ["fsync", "link", "fsync"]
