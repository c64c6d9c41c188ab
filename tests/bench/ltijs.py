"""ltijs with its database: brought from npm at bench time, outside the tree, and served as a process of its own."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.bench.serving import server
from tests.running_in_test import free_port

VERSIONS = ("ltijs@5.9.9", "ltijs-sequelize@2.4.4")
TOOL = Path(__file__).with_name("ltijs_tool.js")


def bring() -> Path | str:
    """The folder of its modules; or the reason why it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not on this machine"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mpia-bench" / "-".join(VERSIONS)
    modules = cache / "node_modules"
    if not (modules / ".package-lock.json").exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(cache), *VERSIONS]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            return f"npm could not install it: {done.stderr.strip()[-300:]}"
    return modules


@contextmanager
def ltijs(
    modules: Path, platform: Mapping[str, Any], keys: Mapping[str, str], database_url: str
) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """The tool of ``ltijs_tool.js`` on a PostgreSQL database, told where ``keys`` are; as ``serving.server``."""
    address, port = urlsplit(database_url), free_port()
    database = {
        "name": address.path.strip("/"), "user": address.username,
        "host": parse_qs(address.query).get("host", [address.hostname])[0],
    }  # fmt: skip
    environment = {
        "NODE_PATH": str(modules), "NODE_ENV": "production", "BENCH_PORT": str(port),
        "BENCH_PLATFORM": json.dumps({**platform, "keys": keys}), "BENCH_DATABASE": json.dumps(database),
    }  # fmt: skip
    with server(["node", str(TOOL)], port, environment) as running:
        yield running


def key_given(key: RSAPrivateKey) -> dict[str, str]:
    """The platform's key handed over: nothing is fetched nor converted at a launch, which is ltijs's best."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"method": "RSA_KEY", "key": pem}


@contextmanager
def key_set(key: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The platform's key set at an address, as ltijs's documentation has it: it asks there at each launch."""
    document = json.dumps({"keys": [key]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *args: Any) -> None:
            del args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as published:
        threading.Thread(target=published.serve_forever, daemon=True).start()
        yield {"method": "JWK_SET", "key": f"http://127.0.0.1:{published.server_port}/"}
        published.shutdown()
