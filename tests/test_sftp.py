"""Files sent by SFTP to a real server: whole, under their name; and to no server that is not the known one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from lms.config import ConfigError
from lms.sftp import NotSent, Target, send, target
from tests.conftest import make_config
from tests.sftp_in_test import SftpServer, sftp_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path) as found:
        yield found


@pytest.fixture
def where(server: SftpServer) -> Target:
    return target(f"sftp://hr@127.0.0.1:{server.port}/drop", server.key, server.known_hosts)


def test_a_file_arrives_whole_and_takes_the_place_of_the_last(
    server: SftpServer, where: Target, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    for content in (b"first" * 100_000, b"second"):
        source.write_bytes(content)
        send(where, source, "report.csv")
        assert (server.root / "drop" / "report.csv").read_bytes() == content
    assert [path.name for path in (server.root / "drop").iterdir()] == ["report.csv"]


def test_what_cannot_be_sent_says_who_must_act(server: SftpServer, where: Target, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    other = asyncssh.generate_private_key("ssh-ed25519")
    other.write_private_key(str(tmp_path / "other"))
    strange = tmp_path / "strange"
    strange.write_text(f"[127.0.0.1]:{server.port} {other.export_public_key().decode()}")
    (tmp_path / "nobody").write_text("")
    cases = [
        (replace(where, known_hosts=strange), "host_key", True),
        (replace(where, known_hosts=tmp_path / "nobody"), "host_key", True),
        (replace(where, key=tmp_path / "other"), "login", True),
        (replace(where, path="/nowhere"), "folder", True),
        (replace(where, port=1), "unreachable", False),
    ]
    for target_, why, refused in cases:
        with pytest.raises(NotSent) as caught:
            send(target_, source, "report.csv")
        assert (caught.value.why, caught.value.refused) == (why, refused)
    assert list((server.root / "drop").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["ftp://hr@host/x", "sftp://host/x", "sftp://hr:secret@host/x", "sftp://hr@host:port/x", "sftp://hr@host/x?y"],
)
def test_an_address_that_cannot_be_used_stops_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_config("", tmp_path, export_sftp=url)
    said = str(caught.value)
    assert "LMS_EXPORT_SFTP must be like sftp://user@host:22/path" in said
    assert "LMS_EXPORT_SFTP_KEY" in said
    assert "LMS_EXPORT_SFTP_KNOWN_HOSTS" in said
