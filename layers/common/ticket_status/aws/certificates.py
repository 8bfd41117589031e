"""A company's certificate authorities, from Parameter Store or Secrets Manager."""

from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_NO_PARAMETER = frozenset({"ParameterNotFound", "ValidationException"})
"""None of this name, or the name is one that only a secret can have."""


class ParameterStore(Protocol):
    """The part of Systems Manager's client that is used."""

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Any:  # noqa: ANN401, N803 - its own answer and names
        """Read a parameter."""


class CertificatesNotFoundError(Exception):
    """Raised when there is neither a parameter nor a secret with the name."""


def read_certificates(ssm: ParameterStore, secrets: "SecretsManagerClient", name: str) -> str:
    """The text of the parameter of this name, or of the secret. Raises ``CertificatesNotFoundError``."""
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_PARAMETER:
            raise
    try:
        return secrets.get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise CertificatesNotFoundError(f"CaCertificates: there is no parameter and no secret {name!r}") from error
