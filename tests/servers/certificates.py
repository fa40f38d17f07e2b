"""Throw-away certificates: one authority, and for every name a certificate that the loopback address may show, too."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificates:
    """A folder with ca.pem, other-ca.pem, and server.pem with its key."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    def trusting(self, *, other: bool = False) -> ssl.SSLContext:
        """A client that trusts this authority, or another one only."""
        return ssl.create_default_context(cafile=str(self.folder / ("other-ca.pem" if other else "ca.pem")))


def make(folder: Path) -> Certificates:
    """Write all of them."""
    pytest.importorskip("cryptography", reason="cryptography is not installed (PyPI)")
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key, authority = _authority("test CA")
    server_key, server = _signed(key, authority)
    (folder / "ca.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    (folder / "other-ca.pem").write_bytes(_authority("another CA")[1].public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(Encoding.PEM))
    path = folder / "server.key"
    path.write_bytes(server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return Certificates(folder)


def _authority(name: str):  # type: ignore[no-untyped-def]
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    builder = _dated(x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return key, _sign(builder.add_extension(identifier, critical=False), key)


def _signed(authority_key, authority):  # type: ignore[no-untyped-def]
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    builder = _dated(x509.CertificateBuilder().subject_name(subject).issuer_name(authority.subject).public_key(key.public_key()))
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return key, _sign(builder.add_extension(issuer, critical=False), authority_key)


def _dated(builder):  # type: ignore[no-untyped-def]
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    dated = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=2))
    return dated.serial_number(x509.random_serial_number())


def _sign(builder, key):  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())
