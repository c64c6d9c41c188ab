"""What the Compose file and the Kubernetes manifests promise: no root, no writable root, nobody called unasked."""

import json
import re
from ipaddress import ip_address, ip_network

import pytest
import yaml

from tests.deploy_in_test import (
    COMPOSE,
    DEPLOY,
    GUIDE,
    MANIFESTS,
    OUR_PODS,
    OURS,
    PODS,
    PORT,
    SERVICES,
    UID,
    UNITS,
    WEB,
    unit,
)

ACCOUNTS = (DEPLOY / "accounts.sql").read_text("utf-8")

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
    assert not re.search(r"[ug]id=", " ".join(service["tmpfs"])), "Podman refuses to give an empty folder an owner"
    assert not {"PASSWORD", "SECRET", "TOKEN"} & {key.rpartition("_")[2] for key in service.get("environment", {})}
    named = [secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])]
    assert set(named) <= set(COMPOSE["secrets"])


def test_services_are_as_many_as_said_and_wait_for_the_migrations() -> None:
    assert set(SERVICES) == {"database", "valkey", *OURS, "proxy"}
    assert SERVICES["valkey"]["profiles"] == ["valkey"]
    assert SERVICES["valkey"]["networks"] == ["inside"]
    assert SERVICES["worker"]["deploy"] == {"mode": "replicated", "replicas": 2}, "podman-compose knows no default mode"
    for name in (*WEB, "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["restart"] == "no"
    assert all("test" in SERVICES[name]["healthcheck"] for name in set(SERVICES) - {"migrate"})
    assert all("file" in secret for secret in COMPOSE["secrets"].values())
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["proxy"]
    assert SERVICES["database"]["networks"] == ["inside"]


def test_the_proxy_reaches_the_web_processes_alone() -> None:
    """By addresses that stay when a container is made anew, which its own file knows."""
    proxy = SERVICES["proxy"]["networks"]
    assert set(proxy) == {"public", "front"}
    assert [name for name in SERVICES if "front" in SERVICES[name]["networks"]] == [*WEB, "proxy"]
    assert [name for name in SERVICES if "public" in SERVICES[name]["networks"]] == ["proxy"]
    assert COMPOSE["networks"]["front"]["internal"] is True
    (config,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    theirs = [SERVICES[name]["networks"]["front"]["ipv4_address"] for name in WEB]
    assert SERVICES["proxy"]["environment"]["SERVICES"].split() == [f"{address}:{PORT}" for address in theirs]
    within = {ip_address(address) for address in (*theirs, proxy["front"]["ipv4_address"])}
    assert len(within) == 3
    assert within < set(list(ip_network(config["subnet"]).hosts())[1:]), "the first is the engine's"


def test_the_keys_of_certificates_are_with_workers_alone() -> None:
    for name in OURS:
        keyed = any(volume.startswith("keys:") for volume in SERVICES[name]["volumes"])
        assert keyed == ("LMS_KEYS_DIR" in SERVICES[name]["environment"]) == (name == "worker")
    for name, pod in OUR_PODS.items():
        mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert ("keys" in mounted) == (name == "worker")
    for name in UNITS:
        assert ("lms-keys" in unit(name)["StateDirectory"][0]) == (name == "lms-worker@.service")
        assert ("InaccessiblePaths" in unit(name)) == (name != "lms-worker@.service")


def test_the_account_that_owns_the_tables_is_with_what_migrates_alone() -> None:
    both = {"/run/secrets/lms.toml:/run/secrets/owner.toml", "/run/lms/secrets/lms.toml:/run/lms/owner/owner.toml"}
    for name in OURS:
        assert ("owner.toml" in SERVICES[name].get("secrets", [])) == (name == "migrate")
        assert SERVICES[name]["environment"]["LMS_CONFIG"].endswith("owner.toml") == (name == "migrate")
    assert SERVICES["migrate"]["environment"]["LMS_CONFIG"] in both
    for name, pod in OUR_PODS.items():
        (container,) = pod["containers"]
        volumes = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        assert ("owner" in volumes) == (name == "migrate")
        told = [each["value"] for each in container.get("env", []) if each["name"] == "LMS_CONFIG"]
        assert set(told) <= both
        assert bool(told) == (name == "migrate")
    assert MANIFESTS["ConfigMap", "settings"]["data"]["LMS_CONFIG"] == "/run/lms/secrets/lms.toml"
    assert "owner_database_url" in MANIFESTS["Secret", "owner"]["stringData"]["owner.toml"]
    assert "owner" not in MANIFESTS["Secret", "secrets"]["stringData"]["lms.toml"]


def test_the_database_speaks_tls_and_has_two_accounts() -> None:
    database = SERVICES["database"]
    said = " ".join(database["command"])
    assert "ssl=on" in said
    asked = set(re.findall(r"/run/secrets/([\w.-]+)", said + json.dumps(database["environment"]) + ACCOUNTS))
    assert asked == set(database["secrets"])
    assert any(volume.startswith("./accounts.sql:/docker-entrypoint-initdb.d/") for volume in database["volumes"])
    for name in OURS:
        assert "database.crt" in SERVICES[name]["secrets"], "they verify whom they speak to"
        assert "database.key" not in SERVICES[name]["secrets"]


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
        assert {"/tmp", *(["/var/lib/lms"] if name in OUR_PODS else [])} <= set(paths)
        for mount in paths.values():
            volume = volumes[mount["name"]]
            assert "hostPath" not in volume
            if "secret" in volume:
                assert mount["readOnly"] is True
                assert volume["secret"]["defaultMode"] == 0o440
                made = volume["secret"]["secretName"]
                assert ("Secret", made) in MANIFESTS or f"create secret tls {made} " in GUIDE.read_text("utf-8")


def test_manifests_name_one_another() -> None:
    assert all(manifest["metadata"].get("namespace", "lms") == "lms" for manifest in MANIFESTS.values())
    web = MANIFESTS["Deployment", "web"]
    (port,) = PODS["web"]["containers"][0]["ports"]
    assert port == {"name": "http", "containerPort": PORT}
    service = MANIFESTS["Service", "web"]["spec"]
    assert service["ports"][0]["targetPort"] == port["name"]
    told = {each["name"]: each["value"] for each in PODS["proxy"]["containers"][0]["env"]}
    assert set(told["SERVICES"].split()) == {f"web:{service['ports'][0]['port']}"}
    assert f"https://{told['SITE']}" == MANIFESTS["ConfigMap", "settings"]["data"]["LMS_BASE_URL"]
    for name in ("web", "worker", "proxy"):
        spec = MANIFESTS["Deployment", name]["spec"]
        assert spec.get("replicas") == (None if name == "web" else 2), "each release would undo what the scaler did"
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
    assert set(listed["resources"]) == written - {"kustomization.yaml", "secrets.example.yaml"} | {"../nginx"}
    images = {pod["containers"][0]["image"].rpartition(":")[0] for pod in OUR_PODS.values()}
    assert images == {listed["images"][0]["name"]}


def test_nothing_may_be_called_but_what_is_named() -> None:
    policies = {name: manifest["spec"] for (kind, name), manifest in MANIFESTS.items() if kind == "NetworkPolicy"}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ways = [way for spec in policies.values() for way in spec.get("egress", [])]
    assert {port["port"] for way in ways for port in way["ports"]} == {53, 5432, 443, PORT}
    for way in ways:
        assert way["to"], "an empty list would be everybody"
        blocks = [peer["ipBlock"]["cidr"] for peer in way["to"] if "ipBlock" in peer]
        assert all(block.endswith("/32") for block in blocks)
    assert [policies[name]["podSelector"]["matchLabels"]["part"] for name in ("visitors", "pages")] == ["proxy", "web"]
    (visitors,), (pages,) = policies["visitors"]["ingress"], policies["pages"]["ingress"]
    assert [port["port"] for port in visitors["ports"]] == [443, 80]
    assert [port["port"] for port in pages["ports"]] == [PORT]
    assert pages["from"] == [{"podSelector": {"matchLabels": {"app": "lms", "part": "proxy"}}}]
    assert [name for name, spec in policies.items() if "Ingress" in spec["policyTypes"]] == [
        "nothing",
        "visitors",
        "pages",
    ]
    (database,) = policies["database"]["podSelector"]["matchExpressions"]
    assert set(database["values"]) == set(OUR_PODS), "the proxy never speaks to it"
