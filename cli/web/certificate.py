"""A certificate that the server makes itself, so that browsers of other machines give it the microphone."""

import ipaddress
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = 397
"""Time for which a certificate is valid: browsers accept no longer one."""


class Certificate(NamedTuple):
    """A certificate and its key in one PEM file.

    Attributes
    ----------
    path : Path
    fingerprint : str
        SHA-256 of the certificate in hexadecimal, as browsers show it.
    """

    path: Path
    fingerprint: str


def own_certificate(names: Iterable[str], folder: Path) -> Certificate:
    """Return a certificate for these names and addresses: the one in the folder, or a new one.

    The certificate is stored, so that a browser has to be configured to trust it only once.
    """
    path = folder / "certificate.pem"
    wanted = set(names)
    if (found := _read(path)) and wanted <= _names(found) and found.not_valid_after_utc > _now() + timedelta(days=1):
        return Certificate(path, _fingerprint(found))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sottovoce on this machine")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - timedelta(days=1))
        .not_valid_after(_now() + timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_general_name(one) for one in sorted(wanted)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM) + secret)
    return Certificate(path, _fingerprint(made))


def _now() -> datetime:
    return datetime.now(UTC)


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _names(certificate: x509.Certificate) -> set[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = map(str, extension.get_values_for_type(x509.IPAddress))
    return {*extension.get_values_for_type(x509.DNSName), *addresses}


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
