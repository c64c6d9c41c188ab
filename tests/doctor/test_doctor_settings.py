"""``lms doctor``: what the settings and the folders of a deployment may have wrong, each with its fix."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.sign import keyring
from certificates.sign.seals import life
from lms.config import Config
from lms.doctor import Finding, folders, settings
from lms.doctor.lasting import authorities, timestamps
from lms.doctor.settings import address, issuer, mail, proxies, resolves, secret_key, sftp
from lms.services.authority import open_authority
from lms.services.sealing import seal_of
from tests.authorities_in_test import Authorities
from tests.conftest import SECRET, make_config

PUBLIC = "https://formation.example"
NAMES = {"formation.example", "mail.example"}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names lead somewhere, whatever the network."""
    monkeypatch.setattr(settings, "resolves", lambda host: host in NAMES)


def sound(folder: Path, **more: Any) -> Config:
    """Settings of a deployment with nothing to put right."""
    values = {
        "base_url": PUBLIC, "trusted_proxies": 1, "issuer_fictitious": False,
        "issuer_name_fr": "Institut de formation", "issuer_name_en": "Training institute",
        "smtp_url": "smtps://user:hidden@mail.example:465", "mail_from": "formation@mail.example",
    }  # fmt: skip
    return make_config("", folder, **{**values, **more})


def says(found: Finding, state: str, *words: str) -> None:
    """The finding is of that state, holds those words, and says what to do unless all is well."""
    assert found.state == state, found
    assert all(word in f"{found.said} {found.fix}" for word in words), found
    assert bool(found.fix) == (state != "ok"), found


def test_sound_settings_have_nothing_to_put_right(tmp_path: Path) -> None:
    config = sound(tmp_path)
    for look in (address, proxies, secret_key, issuer, mail, sftp, folders.export_folder):
        says(look(config), "ok")
    says(settings.settings_file(None), "ok")


@pytest.mark.parametrize("url", ["http://localhost:8000", "https://127.0.0.1", "https://[::1]:8443"])
def test_an_address_of_this_machine_is_nobody_elses(tmp_path: Path, url: str) -> None:
    says(address(sound(tmp_path, base_url=url)), "bad", "LMS_BASE_URL", url)


def test_a_name_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    says(address(sound(tmp_path, base_url="https://elsewhere.example")), "bad", "elsewhere.example", "DNS")


def test_names_are_asked_of_the_system() -> None:
    assert resolves("127.0.0.1")
    assert not resolves("a..b")
    assert not resolves("x" * 300)


def test_https_needs_a_proxy_that_is_trusted(tmp_path: Path) -> None:
    says(proxies(sound(tmp_path, trusted_proxies=0)), "bad", "LMS_TRUSTED_PROXIES to the number")
    says(proxies(sound(tmp_path, trusted_proxies=2)), "ok", "2")


def test_a_proxy_that_is_not_there_must_not_be_trusted(tmp_path: Path) -> None:
    found = proxies(sound(tmp_path, base_url="http://localhost:8000", trusted_proxies=1))
    says(found, "warn", "LMS_TRUSTED_PROXIES=0")
    says(proxies(sound(tmp_path, base_url="http://localhost:8000", trusted_proxies=0)), "ok")


def test_a_secret_made_at_first_start_is_not_one_of_a_deployment(tmp_path: Path) -> None:
    made = sound(tmp_path, secret_key="")
    found = secret_key(made)
    says(found, "bad", str(tmp_path / "secret"), "LMS_SECRET_KEY")
    assert made.secret_key not in f"{found.said}{found.fix}"
    given = sound(tmp_path, secret_key=made.secret_key)
    says(secret_key(given), "bad", f"remove {tmp_path / 'secret'}")
    (tmp_path / "secret").unlink()
    says(secret_key(given), "ok")


def test_others_must_not_read_the_file_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "lms.toml"
    path.write_text("")
    path.chmod(0o644)
    says(settings.settings_file(str(path)), "bad", f"chmod o-rwx {path}")
    path.chmod(0o640)
    says(settings.settings_file(str(path)), "ok")


def test_a_fictitious_issuer_is_told_and_fails_nothing(tmp_path: Path) -> None:
    says(issuer(sound(tmp_path, issuer_fictitious=True)), "warn", "LMS_ISSUER_FICTITIOUS=false")


@pytest.mark.parametrize("name", ["issuer_name_fr", "issuer_name_en"])
def test_an_issuer_that_keeps_the_name_of_the_demonstration_is_told(tmp_path: Path, name: str) -> None:
    kept = sound(tmp_path, **{name: getattr(Config(), name)})
    says(issuer(kept), "bad", f"LMS_{name.upper()}", "LMS_ISSUER_FICTITIOUS=true")


def test_mail_is_optional_and_its_server_must_have_a_name(tmp_path: Path) -> None:
    says(mail(sound(tmp_path, smtp_url="", mail_from="")), "ok", "LMS_SMTP_URL")
    found = mail(sound(tmp_path, smtp_url="smtps://user:hidden@nowhere.example:465"))
    says(found, "bad", "nowhere.example", "LMS_SMTP_URL")
    assert "hidden" not in f"{found.said}{found.fix}"


@pytest.fixture
def delivering(tmp_path: Path) -> Config:
    """A deployment that delivers exports by SFTP, to a server it knows."""
    own, host = tmp_path / "key", asyncssh.generate_private_key("ssh-ed25519")
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(own))
    own.chmod(0o600)
    known = tmp_path / "known_hosts"
    known.write_text(f"[files.example]:2222 {host.export_public_key().decode()}")
    return sound(
        tmp_path, export_sftp="sftp://hr@files.example:2222/drop", export_sftp_key=own, export_sftp_known_hosts=known
    )


def test_a_server_that_is_known_may_be_delivered_to(delivering: Config) -> None:
    says(sftp(delivering), "ok", "files.example")


def test_a_server_that_is_not_known_is_named_with_the_command(delivering: Config) -> None:
    for other in ("sftp://hr@files.example/drop", "sftp://hr@other.example:2222/drop"):
        found = sftp(replace(delivering, export_sftp=other))
        says(found, "bad", "LMS_EXPORT_SFTP_KNOWN_HOSTS", "ssh-keyscan -p")
    delivering.export_sftp_known_hosts.write_text("files.example not-a-key\n")
    says(sftp(delivering), "bad", "ssh-keyscan")


def test_the_key_of_deliveries_is_ours_alone_and_can_be_used(delivering: Config) -> None:
    delivering.export_sftp_key.chmod(0o640)
    says(sftp(delivering), "bad", "chmod 600")
    delivering.export_sftp_key.chmod(0o600)
    delivering.export_sftp_key.write_text("no key")
    says(sftp(delivering), "bad", "LMS_EXPORT_SFTP_KEY", "ssh-keygen")


# Folders

NOW = datetime(2026, 11, 27, tzinfo=UTC)


class Usage(NamedTuple):
    """What a disk holds, in bytes."""

    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "state"), [(100 * 2**20, "bad"), (500 * 2**20, "warn"), (2 * 2**30, "ok")])
def test_room_is_needed_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(2**40, 0, free))
    found = folders.data(sound(tmp_path))
    assert found.state == state
    assert f"{free // 2**20} MB" in found.said
    assert ("LMS_DATA_DIR" in found.fix) == (state != "ok")


def test_exports_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = sound(tmp_path)
    config.exports.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != config.exports)
    says(folders.data(config), "bad", str(config.exports), "chown")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    config = sound(tmp_path, export_folder=drop)
    says(folders.export_folder(config), "ok", str(drop))
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    says(folders.data(config), "bad", "LMS_DATA_DIR", "chown")
    says(folders.export_folder(config), "bad", "LMS_EXPORT_FOLDER", "chown")


@pytest.fixture
def keyed(tmp_path: Path, keys_dir: Path) -> Config:
    """A deployment whose worker has made its keys."""
    open_authority(make_config("", tmp_path / "first", keys_dir=keys_dir))
    shutil.copytree(keys_dir, tmp_path / "keys")
    return sound(tmp_path)


def test_keys_are_looked_at_where_workers_run(keyed: Config) -> None:
    says(folders.keys(keyed, worker=True), "ok", "Keys that sign: 4")
    says(folders.keys(keyed, worker=False), "none", "--worker")
    shutil.rmtree(keyed.keys)
    says(folders.keys(keyed, worker=False), "ok", "only workers need them")
    says(folders.keys(keyed, worker=True), "bad", "LMS_KEYS_DIR", "lms keys make")
    keyed.keys.mkdir()
    says(folders.keys(keyed, worker=True), "bad", "holds no key")


def test_a_folder_of_keys_that_nobody_lets_it_see_is_said_and_not_traced(keyed: Config) -> None:
    hidden = replace(keyed, keys_dir=keyed.keys / ("x" * 300))  # refused by the system, as « Permission denied » is
    says(folders.keys(hidden, worker=True), "bad", "cannot read", "let uid")
    says(folders.keys(hidden, worker=False), "ok", "only workers need them")


@pytest.mark.parametrize("worker", [True, False])
def test_keys_that_others_can_read_or_replace_are_named(keyed: Config, worker: bool) -> None:
    key = next(keyed.keys.glob("ed-*.pem"))
    key.chmod(0o644)
    assert folders.keys(keyed, worker=worker).state != "bad", "the folder hides it"
    keyed.keys.chmod(0o755)
    says(folders.keys(keyed, worker=worker), "bad", str(key), "chmod -R o-rwx", "docs/keys.md")
    key.chmod(0o600)
    assert folders.keys(keyed, worker=worker).state != "bad"
    keyed.keys.chmod(0o777)
    says(folders.keys(keyed, worker=worker), "bad", "can be read or replaced")
    keyed.keys.chmod(0o1777)
    assert folders.keys(keyed, worker=worker).state != "bad", "as a mounted secret is"


def test_keys_that_do_not_open_are_told_and_never_the_secret(keyed: Config) -> None:
    found = folders.keys(replace(keyed, secret_key="another secret that is long enough"), worker=True)
    says(found, "bad", "cannot be opened", "LMS_SECRET_KEY")
    assert SECRET not in f"{found.said}{found.fix}"
    key = next(keyed.keys.glob("rs256-*.pem"))
    key.unlink()
    says(folders.keys(keyed, worker=True), "bad", key.stem)
    (keyed.keys / keyring.INDEX).write_text("{")
    says(folders.keys(keyed, worker=True), "bad", "keyring.json")


def test_a_ring_that_lacks_a_key_says_which(keyed: Config) -> None:
    ring = keyring.read(keyed.keys)
    entry = ring.current("es256")
    assert entry is not None
    keyring.change(keyed.keys, lambda ring: ring.retired({entry.id}, NOW))
    says(folders.keys(keyed, worker=True), "bad", "es256", "lms keys make")


@pytest.mark.parametrize(("days", "state"), [(61, "ok"), (59, "warn"), (-1, "bad")])
def test_certificates_that_end_are_told_two_months_before(keyed: Config, tmp_path: Path, days: int, state: str) -> None:
    (tmp_path / "authorities").mkdir()
    made = Authorities(tmp_path / "authorities")
    made.lasts = timedelta(days=days, minutes=1)
    config = replace(keyed, seal_pkcs12=made.pkcs12("p256", "x"), seal_passphrase="x")
    seal = seal_of(config)
    assert seal is not None
    says(folders.keys(config, worker=True), state, f"{life(seal.chain)[1]:%Y-%m-%d}")
    ours = tmp_path / "ours.pem"
    _, first = made.certified("p256")
    ours.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in (made.root, first)))
    ends = f"{first.not_valid_after_utc:%Y-%m-%d}"
    says(authorities(replace(keyed, authorities=ours)), state, "CN=Test seal", ends, "LMS_AUTHORITIES")
    stamped = replace(keyed, seal_level="T", tsa_root=ours)
    says(timestamps(stamped), state, "CN=Test seal", ends, "LMS_TSA_ROOT")


def test_without_authorities_of_our_own_none_ends(keyed: Config, tmp_path: Path) -> None:
    says(authorities(keyed), "ok")
    says(timestamps(keyed), "ok", "not timestamped")
    assert timestamps(replace(keyed, seal_level="T", tsa_root=tmp_path / "taken away")).state == "none"
    assert authorities(replace(keyed, authorities=tmp_path / "taken away")).state == "none"


def test_a_seal_that_cannot_be_used_is_told(keyed: Config, tmp_path: Path) -> None:
    config = replace(keyed, seal_pkcs12=tmp_path / "nothing.p12")
    says(folders.keys(config, worker=True), "bad", "LMS_SEAL_")
