"""A Data Center inside a company: its certificate is signed by the company's own authority, or a proxy leads to it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from moto import mock_aws
from msgspec.structs import replace

from tests.unit.jira.conftest import Bench, failed
from ticket_status.aws.certificates import CertificatesNotFoundError, read_certificates
from ticket_status.composition.sites import jira_settings
from ticket_status.config import JiraConfig
from ticket_status.core.connection import ConnectionReport
from ticket_status.core.trouble import Unavailable
from ticket_status.jira.trust import CertificatesUnusableError, write_bundle

NAME = "jira.company.example"


class Company:
    """A certificate authority that no browser knows."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company Root")])
        self._root = self._signed(self._name, self._key, ca=True)
        self.pem = self._root.public_bytes(Encoding.PEM).decode()

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            # What Python verifies strictly from 3.13 on: who signed with which key, and that it may.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=ca,
                    crl_sign=ca,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(self._key, hashes.SHA256())
        )

    def server_context(self, folder: Path) -> ssl.SSLContext:
        """For a server of the name, with a certificate that this authority signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]), key, ca=False)
        path = folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on bytes until there are no more."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class Relay:
    """Listens on loopback and hands each connection on to a port; as a proxy, once it was asked with CONNECT."""

    target: int
    context: ssl.SSLContext | None = None
    is_proxy: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._hand_on, args=(connection,), daemon=True).start()

    def _hand_on(self, plain: socket.socket) -> None:
        with suppress(OSError):
            client = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            client.settimeout(20)
            if self.is_proxy:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(4096)
                self.asked.append(head.split(b"\r\n", 1)[0].decode())
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self.target), timeout=20) as upstream, client:
                back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
                back.start()
                pump(client, upstream)
                back.join(20)


@contextmanager
def relaying(relay: Relay) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay.port = listener.getsockname()[1]
        threading.Thread(target=relay.serve, args=(listener,), daemon=True).start()
        yield relay


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def behind_tls(bench: Bench, company: Company, tmp_path: Path) -> Iterator[Relay]:
    """The sample Data Center, under https with the company's certificate."""
    jira = urlsplit(bench.jira.data_center.url).port
    assert jira
    with relaying(Relay(jira, company.server_context(tmp_path))) as relay:
        yield relay


def resolving(monkeypatch: pytest.MonkeyPatch, port: int | None) -> None:
    """The name is that of the relay; ``None``: nobody outside of the company knows it."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: object, **kwargs: object) -> object:
        if host != NAME:
            return real(host, *args, **kwargs)  # type: ignore[arg-type] # as it was called
        if port is None:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def checked(bench: Bench, port: int, *, ca_bundle: str | None = None, proxy: str | None = None) -> ConnectionReport:
    """Test Integration of the Data Center under its name."""
    bench.settings = replace(bench.settings, ca_bundle=ca_bundle, https_proxy=proxy)
    bench.jira.data_center.create("SEC", 1)
    return bench.connector.check(bench.integration("data center", jira_server_url=f"https://{NAME}:{port}"))


def test_a_certificate_of_the_company_is_trusted_where_its_authority_was_named(
    bench: Bench, company: Company, behind_tls: Relay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolving(monkeypatch, behind_tls.port)
    report = checked(bench, behind_tls.port, ca_bundle=write_bundle(company.pem, "company-ca", tmp_path))
    assert failed(report) == []


def test_it_is_not_trusted_otherwise(bench: Bench, behind_tls: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, behind_tls.port)
    report = checked(bench, behind_tls.port)
    assert failed(report)[0] == "reachable"
    assert isinstance(report.trouble, Unavailable)
    assert "certificate" in report.trouble.reason


def test_the_proxy_leads_to_a_site_whose_name_only_it_knows(
    bench: Bench, company: Company, behind_tls: Relay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolving(monkeypatch, None)
    bundle = write_bundle(company.pem, "company-ca", tmp_path)
    with relaying(Relay(behind_tls.port, is_proxy=True)) as proxy:
        report = checked(bench, 443, ca_bundle=bundle, proxy=f"http://127.0.0.1:{proxy.port}")
        assert failed(report) == []
        assert {line.rpartition(" ")[0] for line in proxy.asked} == {f"CONNECT {NAME}:443"}


def test_an_integration_that_skips_the_proxy_does_not_ask_it(
    bench: Bench, company: Company, behind_tls: Relay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolving(monkeypatch, behind_tls.port)
    bench.settings = replace(
        bench.settings, ca_bundle=write_bundle(company.pem, "company-ca", tmp_path), https_proxy="http://127.0.0.1:1"
    )
    integration = bench.integration("data center", jira_server_url=f"https://{NAME}:{behind_tls.port}", skip_proxy=True)
    bench.jira.data_center.create("SEC", 1)
    assert failed(bench.connector.check(integration)) == []


def test_the_public_authorities_stay_trusted_beside_the_company_s(company: Company, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=write_bundle(company.pem, "company-ca", tmp_path))
    trusted = context.get_ca_certs()
    assert any("Company Root" in str(one["subject"]) for one in trusted)
    assert len(trusted) > 100


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(CertificatesUnusableError, match="'company-ca' has no certificates in PEM form"):
        write_bundle(text, "company-ca", tmp_path)
    assert list(tmp_path.iterdir()) == []


@mock_aws
def test_certificates_come_from_a_parameter_or_a_secret() -> None:
    ssm = boto3.client("ssm", region_name="us-east-1")
    secrets = boto3.client("secretsmanager", region_name="us-east-1")
    ssm.put_parameter(Name="/company/ca", Value="parameter", Type="String")
    secrets.create_secret(Name="company/ca-chain", SecretString="secret")
    assert read_certificates(ssm, secrets, "/company/ca") == "parameter"
    assert read_certificates(ssm, secrets, "company/ca-chain") == "secret"
    with pytest.raises(CertificatesNotFoundError, match="no parameter and no secret 'other'"):
        read_certificates(ssm, secrets, "other")


@mock_aws
def test_the_stack_s_parameters_reach_the_calls_to_jira(company: Company) -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name="/company/ca", Value=company.pem, Type="String")
    variables = {
        "SECRET_PREFIX": "ticket-status/integrations",
        "SECRET_KEY_ID": "key",
        "ATLASSIAN_API_URL": "https://api.atlassian.com",
        "ATLASSIAN_AUTH_URL": "https://auth.atlassian.com",
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "ALLOW_LOOPBACK_ADDRESSES": "false",
    }
    named = {**variables, "CA_CERTIFICATES": "/company/ca", "JIRA_HTTPS_PROXY": "http://proxy.company.example:3128"}
    settings = jira_settings(JiraConfig.from_env(named), "us-east-1")
    assert settings.ca_bundle
    assert company.pem.strip() in Path(settings.ca_bundle).read_text(encoding="utf-8")
    assert settings.https_proxy == "http://proxy.company.example:3128"
    usual = jira_settings(
        JiraConfig.from_env({**variables, "CA_CERTIFICATES": "", "JIRA_HTTPS_PROXY": ""}), "us-east-1"
    )
    assert (usual.ca_bundle, usual.https_proxy) == (None, None)
