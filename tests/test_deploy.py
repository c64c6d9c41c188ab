"""What ``docs/deploy`` promises: no root, no writable root, and only settings, commands, ports and probes that exist.

Files are read as text; nothing here needs a container engine, a cluster or systemd.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import lms.cli
from lms.app import create_app
from lms.config import load_config
from lms.doctor.examination import CHECKS
from tests.conftest import make_config
from tests.deploy_in_test import (
    CONTAINERFILE,
    DEPLOY,
    FRONT,
    GUIDE,
    MANIFESTS,
    NGINX,
    OUR_PODS,
    OURS,
    PODS,
    PORT,
    SERVICES,
    SETTINGS,
    UID,
    UNITS,
    unit,
)
from tests.tracks_in_test import FOLDER as TRACKS


def parse(command: list[str]) -> click.Context:
    """A command line of ``lms`` as the command reads it; fails where it has no such command or option."""
    group = lms.cli.cli
    context = group.make_context("lms", list(command))
    found: click.Command = group
    rest = command
    while isinstance(found, click.Group):
        deeper = found.get_command(context, rest[0])
        assert deeper is not None, f"lms {shlex.join(command)}"
        found, rest = deeper, rest[1:]
        if not isinstance(found, click.Group):
            context = found.make_context(found.name, list(rest), parent=context)
    return context


# Everywhere


def test_every_setting_named_anywhere_is_one() -> None:
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    assert len(files) > 15
    for path in (*files, GUIDE):
        for name in re.findall(r"\bLMS_[A-Z_]*[A-Z]", path.read_text("utf-8")):
            # What a cluster would add by itself is named to be kept away.
            assert name in SETTINGS or name in {"LMS_PORT", "LMS_SERVICE_HOST"}, f"{path.name}: {name}"


def test_no_file_holds_a_secret() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not re.search(r"PRIVATE KEY|secret_key = \"[^\"]|LMS_SECRET_KEY=", text), path.name
            assert all(found == "PASSWORD" for found in re.findall(r"postgresql://\w+:([^@]*)@", text)), path.name


def test_examples_are_settings_that_can_be_used(tmp_path: Path) -> None:
    given = dict(
        line.split("=", 1) for line in (DEPLOY / "lms.env.example").read_text("utf-8").splitlines() if line[0] != "#"
    )
    secrets = tmp_path / "lms.toml"
    secrets.write_text((DEPLOY / "lms.toml.example").read_text("utf-8").replace('key = ""', f'key = "{"x" * 40}"'))
    more = {"LMS_CONFIG": str(secrets), "LMS_DATA_DIR": str(tmp_path), "LMS_TRACKS_DIR": str(TRACKS)}
    found = load_config({**given, **more})
    assert found.base_url == "https://formation.example"
    assert found.database.startswith("postgresql+psycopg://lms:PASSWORD@database/lms?sslmode=verify-full")
    assert found.owner == ""
    both = load_config({**given, **more, "LMS_CONFIG": f"{secrets}:{DEPLOY / 'owner.toml.example'}"})
    assert both.database == found.database
    assert both.owner == found.database.replace("//lms:", "//lms_owner:")
    cluster = {**MANIFESTS["ConfigMap", "settings"]["data"], **more}
    secrets.write_text(
        MANIFESTS["Secret", "secrets"]["stringData"]["lms.toml"].replace('key = ""', f'key = "{"x" * 40}"')
    )
    assert load_config(cluster).trusted_proxies == 1
    assert "sslmode=verify-full" in load_config(cluster).database


def test_probes_are_addresses_of_the_service(tmp_path: Path) -> None:
    known = {rule.rule for rule in create_app(make_config("", tmp_path)).url_map.iter_rules()}
    assert {"/healthz", "/readyz", "/metrics"} <= known
    asked = re.findall(r"127\.0\.0\.1:(\d+)(/[a-z]+)", CONTAINERFILE + json.dumps(SERVICES))
    assert {(int(port), path) for port, path in asked} == {(PORT, "/healthz"), (PORT, "/readyz")}
    web = OUR_PODS["web"]["containers"][0]
    assert {probe: web[probe]["httpGet"]["path"] for probe in web if probe.endswith("Probe")} == {
        "startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz",
    }  # fmt: skip


def commands() -> Iterator[Any]:
    """Every command line of ``lms`` in the definitions."""
    yield pytest.param(json.loads(re.findall(r"^CMD (\[.*\])", CONTAINERFILE, re.MULTILINE)[0]), id="Containerfile")
    for name in OURS:
        yield pytest.param(SERVICES[name]["command"], id=f"compose {name}")
    yield pytest.param(SERVICES["worker"]["healthcheck"]["test"][2:], id="compose worker's health")
    for name, pod in OUR_PODS.items():
        yield pytest.param(pod["containers"][0]["args"], id=f"kubernetes {name}")
    for name in UNITS:
        line = unit(name)["ExecStart"][0].replace("%i", "8001")
        yield pytest.param(shlex.split(line)[1:], id=name)


@pytest.mark.parametrize("command", commands())
def test_commands_are_those_of_lms(command: list[str]) -> None:
    assert parse(command).command.name in {"serve", "worker", "upgrade", "doctor"}


def test_the_guide_names_commands_that_exist() -> None:
    found = set(
        re.findall(
            r"(?:\blms|lms-run|-- lms) ((?:doctor|account|keys|db|serve|worker|audit|config)(?: [a-z]+)?)",
            GUIDE.read_text(),
        )
    )
    assert {"doctor", "keys make", "account create", "db upgrade"} <= found
    for words in found:
        command: click.Command | None = lms.cli.cli
        for word in words.split():
            if isinstance(command, click.Group):
                command = command.get_command(click.Context(command), word)
                assert command is not None, words


def test_the_guide_lists_every_check() -> None:
    table = GUIDE.read_text("utf-8").split("| Check |")[1]
    assert set(re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))) == set(
        CHECKS
    )


def test_what_is_installed_is_compiled_as_no_process_may_later() -> None:
    assert re.search(r"^ENV .*UV_COMPILE_BYTECODE=1", CONTAINERFILE.rpartition("\nFROM ")[0], re.MULTILINE)
    by_hand = re.findall(r"^uv pip install (.*)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert len(by_hand) == 2
    assert all("--compile-bytecode" in line.split() for line in by_hand)


# The image


def test_the_image_runs_as_nobody_in_particular_and_takes_only_what_is_locked() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert f"\nUSER {UID}:{UID}\n" in last
    assert f"\nEXPOSE {PORT}\n" in last
    assert re.search(r'^ENTRYPOINT \["lms"\]$', last, re.MULTILINE), "exec form: signals reach it"
    assert "HEALTHCHECK" in last
    assert "--require-hashes" in CONTAINERFILE
    assert "--frozen" in CONTAINERFILE
    assert not re.search(r"^(ARG|ENV).*(KEY|PASSWORD|SECRET|TOKEN)", CONTAINERFILE, re.MULTILINE)
    root = DEPLOY.parents[1]
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    build = CONTAINERFILE.partition("\nFROM ")[2]
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*)$", build, re.MULTILINE) for word in line.split()[:-1]}
    assert copied == sent
    assert all((root / name).exists() for name in copied)


# systemd


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_hardened(name: str) -> None:
    own = unit(name)
    for key in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectKernelTunables",
        "RestrictNamespaces",
    ):
        assert own[key] == ["yes"], key
    assert own["ProtectSystem"] == ["strict"]
    assert own["CapabilityBoundingSet"] == own["AmbientCapabilities"] == [""]
    assert own["User"] == own["Group"] == ["lms"]
    assert own["UMask"] == ["0077"]
    assert own["SystemCallFilter"][0] == "@system-service"
    assert own["LoadCredential"][0].startswith("lms.toml:")
    assert ("owner.toml:/etc/lms/owner.toml" in own["LoadCredential"]) == (name == "lms-migrate.service")
    assert "LMS_CONFIG=%d/lms.toml" in own["Environment"][0]
    if name != "lms-migrate.service":
        assert own["Restart"] == ["always"]
        assert own["WantedBy"] == ["lms.target"]
        assert "Requires" not in own, "migrating again must not stop what serves"
        assert "lms-migrate.service" in own["After"][0]


# The proxy

FORWARDED = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"}
REFUSED = {"Forwarded", "X-Real-IP", "X-Forwarded-Prefix", "X-Request-ID"}
FRONT_CONF, SERVICES_CONF, CONTAINERS_CONF = (
    re.sub(r"#.*", "", (NGINX / f"{name}.conf").read_text("utf-8")) for name in ("front", "services", "containers")
)


def test_the_proxy_sets_what_is_believed_and_adds_to_nothing() -> None:
    told = dict(re.findall(r"proxy_set_header (\S+)\s+(.+);", FRONT_CONF))
    assert {name for name in told if told[name] == '""'} == REFUSED
    assert set(told) >= FORWARDED
    assert told["X-Forwarded-For"] == "$remote_addr", "not $proxy_add_x_forwarded_for, which keeps what a visitor wrote"
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in FRONT_CONF
    for name in ("client_body_timeout", "client_header_timeout", "proxy_read_timeout", "proxy_connect_timeout"):
        assert re.search(rf"{name} \d+s;", FRONT_CONF), name
    assert f"client_max_body_size {FRONT >> 20}m;" in FRONT_CONF


def test_one_address_has_a_part_of_the_connections() -> None:
    """Of those that the guide and the container give the proxy."""
    (limit,) = re.findall(r"limit_conn visitors (\d+);", FRONT_CONF)
    for text in (GUIDE.read_text("utf-8"), CONTAINERS_CONF):
        (connections,) = re.findall(r"worker_connections (\d+);", text)
        assert 0 < 4 * int(limit) <= int(connections)


def test_the_proxy_of_systemd_knows_its_services_and_is_installed_whole() -> None:
    guide = GUIDE.read_text("utf-8")
    ports = re.findall(r"server 127\.0\.0\.1:(\d+)", SERVICES_CONF)
    assert ports == ["8001", "8002"]
    assert all(f"lms-web@{port}" in guide for port in ports)
    assert "cp -r docs/deploy/nginx /etc/lms/\n" in re.sub(r" +#.*", "", guide)
    for name in ("front.conf", "services.conf"):
        assert re.search(rf"/etc/lms/nginx/{name} .*/etc/nginx/conf\.d/", guide), name


def test_the_proxy_finds_in_a_container_what_its_files_name() -> None:
    script = (NGINX / "containers.sh").read_text("utf-8")
    asked = set(re.findall(r"/etc/lms/[\w./-]+\.\w+", FRONT_CONF + CONTAINERS_CONF + script))
    assert asked == {
        "/etc/lms/tls.crt", "/etc/lms/tls.key", "/etc/lms/nginx/front.conf", "/etc/lms/nginx/containers.conf",
    }  # fmt: skip
    assert "root /etc/lms/nginx;" in FRONT_CONF
    assert set(re.findall(r"> (/\S+)", script)) == set(re.findall(r"include (\S+);", CONTAINERS_CONF))
    told = set(re.findall(r"\$\{?([A-Z]+)", FRONT_CONF + script))
    (asked_inside,) = re.findall(r"listen (127[^;]+)", CONTAINERS_CONF)
    health = f"http://{asked_inside}/"
    listened = set(map(int, re.findall(r"listen (\d+)", FRONT_CONF)))

    proxy = SERVICES["proxy"]
    assert set(proxy["environment"]) == told
    assert proxy["entrypoint"] == ["/bin/sh", "/etc/lms/nginx/containers.sh"]
    assert proxy["volumes"] == ["./nginx:/etc/lms/nginx:ro"]
    assert {secret["target"] for secret in proxy["secrets"]} == {"/etc/lms/tls.crt", "/etc/lms/tls.key"}
    assert set(proxy["ports"]) == {f"{port}:{port}" for port in listened}, "X-Forwarded-Port is the one visitors ask"
    assert health in proxy["healthcheck"]["test"]

    pod = PODS["proxy"]["containers"][0]
    assert pod["image"] == proxy["image"]
    assert {each["name"] for each in pod["env"]} == told
    assert pod["command"] == proxy["entrypoint"]
    mounts = {mount["mountPath"]: mount for mount in pod["volumeMounts"]}
    assert set(mounts) == {"/etc/lms/nginx", "/etc/lms/tls.crt", "/etc/lms/tls.key", "/tmp"}
    assert {port["containerPort"] for port in pod["ports"]} == listened
    assert {port["port"] for port in MANIFESTS["Service", "proxy"]["spec"]["ports"]} == listened
    assert health in pod["livenessProbe"]["exec"]["command"]
    (made,) = yaml.safe_load((NGINX / "kustomization.yaml").read_text("utf-8"))["configMapGenerator"]
    pages = {path.name for path in NGINX.glob("*.html")}
    assert set(made["files"]) == {"front.conf", "containers.conf", "containers.sh", *pages}
    assert {"name": "nginx", "configMap": {"name": made["name"]}} in PODS["proxy"]["volumes"]


def test_what_is_in_front_lets_the_largest_file_through(tmp_path: Path) -> None:
    largest = max(create_app(make_config("", tmp_path)).extensions["uploads"].values())
    assert largest + 100_000 <= FRONT
