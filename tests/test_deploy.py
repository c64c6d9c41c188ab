"""What ``docs/deploy`` promises: no root, no writable root, and only settings, commands, ports and probes that exist.

Files are read as text; nothing here needs a container engine, a cluster or systemd.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import lms.cli
from lms.app import create_app
from lms.config import Config, load_config
from lms.doctor.examination import CHECKS
from tests.conftest import make_config
from tests.tracks_in_test import FOLDER as TRACKS

DEPLOY = Path(__file__).parents[1] / "docs" / "deploy"
GUIDE = DEPLOY.parent / "deployment.md"
SETTINGS = {f"LMS_{field.name.upper()}" for field in fields(Config)} | {"LMS_CONFIG"}
UID = 10001
PORT = 8000
#: What a page may be sent at most, in bytes: what is allowed in front must be no less.
FRONT = 70 * 10**6

CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ["migrate", "web", "worker"]
MANIFESTS = {
    (manifest["kind"], manifest["metadata"]["name"]): manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(path.read_text("utf-8"))
}
PODS = {
    name: MANIFESTS[kind, name]["spec"]["template"]["spec"] for kind, name in MANIFESTS if kind in {"Deployment", "Job"}
}
UNITS = ["lms-migrate.service", "lms-web@.service", "lms-worker@.service"]


def unit(name: str) -> dict[str, list[str]]:
    """The values of each name of a unit, in order, its sections together."""
    values: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, sign, value = line.partition("=")
            assert sign, line
            values.setdefault(key, []).append(value)
    return values


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
            assert all(found == "PASSWORD" for found in re.findall(r"postgresql://lms:([^@]*)@", text)), path.name


def test_examples_are_settings_that_can_be_used(tmp_path: Path) -> None:
    given = dict(
        line.split("=", 1) for line in (DEPLOY / "lms.env.example").read_text("utf-8").splitlines() if line[0] != "#"
    )
    secrets = tmp_path / "lms.toml"
    secrets.write_text((DEPLOY / "lms.toml.example").read_text("utf-8").replace('key = ""', f'key = "{"x" * 40}"'))
    more = {"LMS_CONFIG": str(secrets), "LMS_DATA_DIR": str(tmp_path), "LMS_TRACKS_DIR": str(TRACKS)}
    found = load_config({**given, **more})
    assert found.base_url == "https://formation.example"
    assert found.database == "postgresql+psycopg://lms:PASSWORD@database/lms"
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
    web = PODS["web"]["containers"][0]
    assert {probe: web[probe]["httpGet"]["path"] for probe in web if probe.endswith("Probe")} == {
        "startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz",
    }  # fmt: skip


def commands() -> Iterator[Any]:
    """Every command line of ``lms`` in the definitions."""
    yield pytest.param(json.loads(re.findall(r"^CMD (\[.*\])", CONTAINERFILE, re.MULTILINE)[0]), id="Containerfile")
    for name in OURS:
        yield pytest.param(SERVICES[name]["command"], id=f"compose {name}")
    yield pytest.param(SERVICES["worker"]["healthcheck"]["test"][2:], id="compose worker's health")
    for name, pod in PODS.items():
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


# Compose


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert not {"PASSWORD", "SECRET", "TOKEN"} & {key.rpartition("_")[2] for key in service.get("environment", {})}
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_services_are_as_many_as_said_and_wait_for_the_migrations() -> None:
    assert set(SERVICES) == {"database", "migrate", "web", "worker", "proxy"}
    for name in ("web", "worker"):
        assert SERVICES[name]["deploy"]["replicas"] == 2
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["restart"] == "no"
    assert all("test" in SERVICES[name]["healthcheck"] for name in set(SERVICES) - {"migrate"})
    assert all("file" in secret for secret in COMPOSE["secrets"].values())
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["proxy"]
    assert SERVICES["database"]["networks"] == ["inside"]


def test_the_keys_of_certificates_are_with_workers_alone() -> None:
    for name in OURS:
        keyed = any(volume.startswith("keys:") for volume in SERVICES[name]["volumes"])
        assert keyed == ("LMS_KEYS_DIR" in SERVICES[name]["environment"]) == (name == "worker")
        assert SERVICES[name]["environment"]["LMS_CONFIG"] == "/run/secrets/lms.toml"
    for name, pod in PODS.items():
        mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert ("keys" in mounted) == (name == "worker")
    for name in UNITS:
        assert ("lms-keys" in unit(name)["StateDirectory"][0]) == (name == "lms-worker@.service")
        assert ("InaccessiblePaths" in unit(name)) == (name != "lms-worker@.service")


# Kubernetes


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_of_the_restricted_kind(name: str) -> None:
    """The « restricted » profile of the Pod Security Standards."""
    pod = PODS[name]
    own = pod["securityContext"]
    assert own["runAsNonRoot"] is True
    assert own["runAsUser"] == own["runAsGroup"] == own["fsGroup"] == UID
    assert own["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "they would be taken for settings"
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= set(container["resources"])
        paths = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert {"/tmp", "/var/lib/lms"} <= set(paths)
        for mount in paths.values():
            volume = volumes[mount["name"]]
            assert "hostPath" not in volume
            if "secret" in volume:
                assert mount["readOnly"] is True
                assert volume["secret"]["defaultMode"] == 0o440
                assert ("Secret", volume["secret"]["secretName"]) in MANIFESTS


def test_manifests_name_one_another() -> None:
    assert all(manifest["metadata"].get("namespace", "lms") == "lms" for manifest in MANIFESTS.values())
    web = MANIFESTS["Deployment", "web"]
    (port,) = PODS["web"]["containers"][0]["ports"]
    assert port == {"name": "http", "containerPort": PORT}
    service = MANIFESTS["Service", "web"]["spec"]
    assert service["ports"][0]["targetPort"] == port["name"]
    (rule,) = MANIFESTS["Ingress", "web"]["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {
        "name": "web",
        "port": {"name": service["ports"][0]["name"]},
    }
    assert f"https://{rule['host']}" == MANIFESTS["ConfigMap", "settings"]["data"]["LMS_BASE_URL"]
    for name in ("web", "worker"):
        spec = MANIFESTS["Deployment", name]["spec"]
        assert spec["replicas"] == 2
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"] == labels
        assert MANIFESTS["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"] == labels
    assert service["selector"] == web["spec"]["template"]["metadata"]["labels"]
    scaler = MANIFESTS["HorizontalPodAutoscaler", "web"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == "web"
    assert scaler["minReplicas"] == 2
    assert web["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text("utf-8"))
    written = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")}
    assert set(listed["resources"]) == written - {"kustomization.yaml", "secrets.example.yaml"}
    assert {pod["containers"][0]["image"].rpartition(":")[0] for pod in PODS.values()} == {listed["images"][0]["name"]}


def test_nothing_may_be_called_but_what_is_named() -> None:
    policies = {name: manifest["spec"] for (kind, name), manifest in MANIFESTS.items() if kind == "NetworkPolicy"}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ways = [way for spec in policies.values() for way in spec.get("egress", [])]
    assert {port["port"] for way in ways for port in way["ports"]} == {53, 5432, 443}
    for way in ways:
        assert way["to"], "an empty list would be everybody"
        blocks = [peer["ipBlock"]["cidr"] for peer in way["to"] if "ipBlock" in peer]
        assert all(block.endswith("/32") for block in blocks)
    (visitors,) = policies["visitors"]["ingress"]
    assert [port["port"] for port in visitors["ports"]] == [PORT]


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
    assert "LMS_CONFIG=%d/lms.toml" in own["Environment"][0]
    if name != "lms-migrate.service":
        assert own["Restart"] == ["always"]
        assert own["WantedBy"] == ["lms.target"]
        assert "Requires" not in own, "migrating again must not stop what serves"
        assert "lms-migrate.service" in own["After"][0]


# Proxies

FORWARDED = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"}
REFUSED = {"Forwarded", "X-Real-IP", "X-Forwarded-Prefix"}


def test_nginx_sets_what_is_believed_and_adds_to_nothing() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text("utf-8"))
    assert text.count("{") == text.count("}")
    told = dict(re.findall(r"proxy_set_header (\S+)\s+(.+);", text))
    assert {name for name in told if told[name] == '""'} == REFUSED | {"Connection"}
    assert set(told) >= FORWARDED
    assert told["X-Forwarded-For"] == "$remote_addr", "not $proxy_add_x_forwarded_for, which keeps what a visitor wrote"
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
    assert "client_max_body_size 70m;" in text
    for name in ("client_body_timeout", "client_header_timeout", "proxy_read_timeout", "proxy_connect_timeout"):
        assert re.search(rf"{name} \d+s;", text), name
    ports = re.findall(r"server 127\.0\.0\.1:(\d+)", text)
    assert ports == ["8001", "8002"]
    assert all(f"lms-web@{port}" in GUIDE.read_text("utf-8") for port in ports)


def test_caddy_sets_what_is_believed_and_calls_nobody() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "Caddyfile").read_text("utf-8"))
    set_to = dict(re.findall(r"header_up (X-\S+) (.+)", text))
    assert set(set_to) == FORWARDED
    assert set_to["X-Forwarded-For"] == "{remote_host}"
    assert set(re.findall(r"header_up -(\S+)", text)) == REFUSED
    assert "auto_https off" in text
    assert f"dynamic a web {PORT}" in text
    proxy = SERVICES["proxy"]
    assert proxy["ports"] == [
        f"443:{text.split('https_port ')[1].split()[0]}",
        f"80:{text.split('http_port ')[1].split()[0]}",
    ]
    assert set(re.findall(r"/run/secrets/(\S+)", text)) == set(proxy["secrets"])
    assert re.search(r"max_size 70MB", text)
    assert (
        MANIFESTS["Ingress", "web"]["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == "70m"
    )


def test_what_is_in_front_lets_the_largest_file_through(tmp_path: Path) -> None:
    """Caddy's MB are a million bytes."""
    largest = max(create_app(make_config("", tmp_path)).extensions["uploads"].values())
    assert largest + 100_000 <= FRONT
