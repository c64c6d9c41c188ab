"""What ``docs/deploy`` holds, as tests look at it: files read as text, with no engine, cluster nor systemd."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from lms.config import Config

DEPLOY = Path(__file__).parents[1] / "docs" / "deploy"
#: What the proxy is run with, wherever it is.
NGINX = DEPLOY / "nginx"
GUIDE = DEPLOY.parent / "deployment.md"
SETTINGS = {f"LMS_{field.name.upper()}" for field in fields(Config)} | {"LMS_CONFIG"}
UID = 10001
PORT = 8000
#: What a page may be sent at most, in bytes: what is allowed in front must be no less.
FRONT = 70 << 20

CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
WEB = ["web-1", "web-2"]
OURS = ["migrate", *WEB, "worker"]
MANIFESTS = {
    (manifest["kind"], manifest["metadata"]["name"]): manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(path.read_text("utf-8"))
}
PODS = {
    name: MANIFESTS[kind, name]["spec"]["template"]["spec"] for kind, name in MANIFESTS if kind in {"Deployment", "Job"}
}
OUR_PODS = {name: pod for name, pod in PODS.items() if "manager-public-ia" in pod["containers"][0]["image"]}
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
