"""URLs and connection strings."""

from collections.abc import Iterator
from dataclasses import dataclass, field

Spot = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Url:
    """One URL or connection string and where its parts stand in the text."""

    text: str
    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    span: Spot = (0, 0)
    scheme_span: Spot | None = None
    user_span: Spot | None = None
    password_span: Spot | None = None
    host_span: Spot | None = None


def parse_url(text: str) -> Url | None:
    """The URL or connection string that a text is; None where it is none."""
    return None


def find_urls(text: str) -> Iterator[Url]:
    """The URLs inside a longer text."""
    return iter(())


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    return host == "localhost"


def security_of(url: Url) -> bool | None:
    """Whether the transport is encrypted: True, False (plaintext), None (not decided)."""
    return None
