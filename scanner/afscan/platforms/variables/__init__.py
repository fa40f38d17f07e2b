"""Credentials, connections and logins in settings of any platform."""

from afscan.model.subjects import Container, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind, is_weak, mask, origin_of, secret_shape

__all__ = ["credential_kind", "describe_container", "describe_setting", "is_weak", "mask", "origin_of", "secret_shape"]


def describe_setting(
    name: str,
    value: Value[str],
    origin: Origin,
    *,
    owner: str,
    platform: str,
    holder: str,
    out: Interpretation,
    reader: str | None = None,
    container: Container | None = None,
) -> None:
    """Emit what one setting says."""


def describe_container(container: Container, out: Interpretation) -> None:
    """Emit what a container's environment and command line say."""
