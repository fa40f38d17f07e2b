"""Secrets in settings: where a value comes from, whether it is weak, which names and shapes mean a credential."""

from afscan.model.subjects import Origin


def origin_of(text: str, *, expands: bool) -> Origin:
    """Where a written value comes from; ``expands`` is whether the reader of the file expands ``${VAR}``."""
    return Origin.EMPTY if not text else Origin.LITERAL


def is_weak(text: str, *, user: str | None, product: str | None, key: str) -> str | None:
    """Why a password is weak, in a clause; None where it is not."""
    return None


def credential_kind(name: str, *, reader: str | None = None) -> str | None:
    """``password``, ``api-key``, ``token``, ``private-key`` or ``secret`` by a setting's name; None where it holds no secret."""
    return None


def secret_shape(text: str) -> str | None:
    """What a secret is by its shape alone; None where it has none."""
    return None


def mask(text: str) -> str:
    """A secret for a message."""
    return "***"
