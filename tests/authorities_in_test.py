"""Authorities that are not us: certificates of seals, revocation lists, and timestamps made by OpenSSL."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from certificates.sign.seals import SealUnavailable

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
#: The name of a seal whose state is only told when asked.
OCSP_ONLY = "Test seal asked about"
TSA_CONFIG = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
"""


def new_key(kind: str) -> Key:
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


class Authorities:
    """A root, an authority under it that certifies seals and timestamps, and what they publish at ``base``."""

    def __init__(self, folder: Path, base: str = "https://authority.example") -> None:
        self.folder, self.base, self.asked = folder, base, list[str]()
        self.answers, self._made = True, list[x509.Certificate]()
        #: From now, of the certificates that are made from then on.
        self.lasts = timedelta(days=900)
        self._root_key, self._key = new_key("p256"), new_key("p256")
        self.root = self._certificate("Test root", self._root_key, None, authority=True)
        self.middle = self._certificate("Test authority", self._key, self.root, authority=True)
        (folder / "serial").write_text("01")
        (folder / "tsa.cnf").write_text(TSA_CONFIG.format(folder=folder))
        self._write("root.pem", self.root)
        self._write("middle.pem", self.middle)

    def certified(self, kind: str, name: str = "Test seal") -> tuple[Key, x509.Certificate]:
        """A new key and its certificate, fit for a seal."""
        key = new_key(kind)
        return key, self._certificate(name, key, self.middle)

    def pkcs12(self, kind: str, passphrase: str, name: str = "Test seal") -> Path:
        """A file with a seal and its authorities."""
        key, certificate = self.certified(kind, name)
        file = self.folder / f"{kind}.p12"
        lock = BestAvailableEncryption(passphrase.encode())
        file.write_bytes(
            pkcs12.serialize_key_and_certificates(b"seal", key, certificate, [self.root, self.middle], lock)
        )
        return file

    def ask(self, url: str, body: bytes | None, _: str) -> bytes:
        """What is published at ``url``, as the network would give it."""
        if not self.answers:
            raise SealUnavailable("nobody answers")
        self.asked.append(url.removeprefix(self.base))
        match url.removeprefix(self.base):
            case "/root.crl":
                return self._list(self.root, self._root_key)
            case "/authority.crl":
                return self._list(self.middle, self._key)
            case "/ocsp" if body:
                return self._answer(body)
            case "/tsa" if body:
                return self._stamp(body)
        raise SealUnavailable("404")

    @cached_property
    def _tsa(self) -> Path:
        key, certificate = new_key("rsa"), None
        certificate = self._certificate("Test timestamps", key, self.middle, stamps=True)
        self._write("tsa.pem", certificate)
        lines = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "tsa.key").write_bytes(lines)
        return self.folder / "tsa.pem"

    def _stamp(self, request: bytes) -> bytes:
        folder = self.folder
        (folder / "request.tsq").write_bytes(request)
        command = [
            "openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", folder / "request.tsq",
            "-signer", self._tsa, "-inkey", folder / "tsa.key", "-chain", folder / "middle.pem",
            "-out", folder / "answer.tsr",
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        return (folder / "answer.tsr").read_bytes()

    def _answer(self, body: bytes) -> bytes:
        """That the certificate asked about is good."""
        serial, now = ocsp.load_der_ocsp_request(body).serial_number, datetime.now(UTC)
        (asked,) = [one for one in self._made if one.serial_number == serial]
        told = ocsp.OCSPResponseBuilder().add_response(
            asked, self.middle, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, now, now + timedelta(days=1), None, None
        )
        told = told.responder_id(ocsp.OCSPResponderEncoding.HASH, self.middle)
        return told.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _list(self, issuer: x509.Certificate, key: Key) -> bytes:
        now = datetime.now(UTC)
        made = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now - timedelta(days=1))
        return made.next_update(now + timedelta(days=7)).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _certificate(
        self, name: str, key: Key, issuer: x509.Certificate | None, *, authority: bool = False, stamps: bool = False
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        by = self._root_key if issuer is None or issuer == self.root else self._key
        usages = dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
        )
        may = {"key_cert_sign": authority, "crl_sign": authority}
        signs = {"digital_signature": not authority, "content_commitment": not authority}
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + self.lasts)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(x509.KeyUsage(**usages, **may, **signs), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if issuer is not None and name == OCSP_ONLY:
            made = made.add_extension(
                x509.AuthorityInformationAccess(
                    [
                        x509.AccessDescription(
                            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{self.base}/ocsp")
                        )
                    ]
                ),
                critical=False,
            )
        elif issuer is not None:
            made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False)
            where = "root" if issuer == self.root else "authority"
            names = [x509.UniformResourceIdentifier(f"{self.base}/{where}.crl")]
            made = made.add_extension(
                x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)]), critical=False
            )
        if stamps:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        self._made.append(made.sign(by, hashes.SHA256()))
        return self._made[-1]

    def _write(self, name: str, certificate: x509.Certificate) -> None:
        (self.folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))

    @contextmanager
    def served(self) -> Iterator[str]:
        """The same over HTTP, on this machine; gives the address."""
        ours = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    said = ours.ask(ours.base + self.path, body, self.headers["Content-Type"])
                except SealUnavailable:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
