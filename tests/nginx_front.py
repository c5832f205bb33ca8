"""Debian's nginx with our configuration: a certificate of its own, other ports, other upstreams."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CONF = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"
PAGE, API = "sneakeraug.example", "api.sneakeraug.example"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def require_nginx() -> str:
    """Where nginx is; a machine without it skips, CI does not."""
    if NGINX is None:
        assert not os.environ.get("CI"), "nginx is not installed, and CI skips nothing"
        pytest.skip("nginx is not installed (as root, `make test` installs it)")
    return NGINX


def write_certificate(folder: Path) -> Path:
    """Write a key and a certificate of both names, signed by itself; returns the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PAGE)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(PAGE), x509.DNSName(API)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "fullchain.pem"


def write_conf(folder: Path, pages: list[str], service: str, http: int, https: int) -> Path:
    """Write our configuration for this machine; what is changed is what differs between machines.

    Parameters
    ----------
    folder
        Holds the certificate; takes the configuration and all nginx writes.
    pages, service
        ``127.0.0.1:PORT`` each.
    http, https
        Ports to listen on.
    """
    changes = {
        "page-1:8501": pages[0],
        "page-2:8501": pages[-1],
        "service:8080": service,
        "listen 8000": f"listen 127.0.0.1:{http}",
        "listen 8443": f"listen 127.0.0.1:{https}",
        "/etc/sneakeraug/tls": str(folder),
        "/tmp/nginx": str(folder / "nginx"),  # noqa: S108 - what the configuration says
        "/dev/stdout": str(folder / "access.log"),
        "/dev/stderr": str(folder / "error.log"),
    }
    text = CONF.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


@contextlib.contextmanager
def in_front(conf: Path) -> Iterator[None]:
    """Run nginx until the block ends."""
    # as root its workers would be nobody's, who may not enter a test's folder
    directives = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    process = subprocess.Popen([require_nginx(), "-c", str(conf), "-g", directives])
    try:
        deadline = time.monotonic() + 30
        while not (conf.parent / "nginx.pid").exists():
            assert process.poll() is None, "nginx ended"
            assert time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
