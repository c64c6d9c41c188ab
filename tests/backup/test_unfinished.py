"""Of a backup or a restore that was stopped, or killed, nothing is left for ever."""

import os
import signal
from pathlib import Path

import pytest
from flask import Flask

from lms.backup import making, restoring
from lms.backup.files import FilesTarget
from lms.backup.unfinished import PREFIX, cleared_when_stopped, unfinished
from lms.config import Config
from tests.backup.conftest import PASSPHRASE, own_secret, rows
from tests.backup.populated_in_test import late


def killed(folder: Path) -> Path:
    """What a process that is killed leaves in that folder."""
    child = os.fork()
    if not child:
        with unfinished(folder):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (left,) = folder.glob(PREFIX + "*")
    return left


def test_what_a_killed_one_left_goes_at_the_next_run_and_never_what_is_under_way(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    left = killed(made)
    with unfinished(tmp_path) as under_way:  # for instance another backup
        making.make(config, made / "a.backup", PASSPHRASE)
        assert not left.exists()
        assert under_way.exists()
        assert [path.name for path in made.iterdir()] == ["a.backup"]
    with unfinished(made) as under_way:
        making.make(config, made / "b.backup", PASSPHRASE)
        assert under_way.exists()
    own_secret(config)
    making.make(config, made / "c.backup", PASSPHRASE)
    left = killed(elsewhere.data_dir)
    restoring.restore(elsewhere, made / "c.backup", PASSPHRASE)
    assert not left.exists()


def test_a_restore_that_has_begun_to_settle_ends_before_it_is_stopped(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_secret(config)
    late(config.database, 1)
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    true = FilesTarget.settle

    def settle(target: FilesTarget) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        true(target)

    monkeypatch.setattr(FilesTarget, "settle", settle)
    with pytest.raises(SystemExit), cleared_when_stopped():
        restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    assert rows(elsewhere) == rows(config)
    assert (elsewhere.data_dir / "secret").read_text() == config.secret_key
    assert not list(tmp_path.rglob(PREFIX + "*"))
