"""The certificate authorities that are trusted for sites."""

import hashlib
import ssl
import tempfile
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH


class CertificatesUnusableError(Exception):
    """Raised when a text has no PEM certificate; names the source of the text."""


def write_bundle(pem: str, source: str, folder: Path | None = None) -> str:
    """A file of the public certificate authorities and those of ``pem``. Raises ``CertificatesUnusableError``."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise CertificatesUnusableError(f"CaCertificates: {source!r} has no certificates in PEM form") from error
    both = Path(DEFAULT_CA_BUNDLE_PATH).read_text(encoding="ascii", errors="ignore") + "\n" + pem
    name = f"certificates-{hashlib.sha256(both.encode()).hexdigest()[:16]}.pem"
    path = (folder or Path(tempfile.gettempdir())) / name
    draft = path.with_suffix(".new")
    draft.write_text(both, encoding="utf-8")
    draft.replace(path)
    return str(path)
