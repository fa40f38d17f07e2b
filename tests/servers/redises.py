"""Redis, really and as afscan reads it, from one text."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certificates
import judged
import machine
import wire

CONF = "redis.conf"


def tls_lines(tls: certificates.Certificates) -> str:
    return (
        f"tls-cert-file {tls.certificate}\ntls-key-file {tls.key}\ntls-ca-cert-file {tls.ca}\n"
        "tls-auth-clients no\n"
    )  # fmt: skip


@contextmanager
def started(text: str, at: Path, *arguments: str) -> Iterator[machine.Running]:
    """redis-server with this file and these arguments; its working directory is ``at``."""
    (at / CONF).write_text(text, encoding="utf-8")
    with machine.server(["redis-server", CONF, *arguments], at, ready="Ready to accept connections") as found:
        yield found


def stack(text: str, *arguments: str) -> dict[str, str]:
    """The same as the files of a stack: a container that starts Redis with this file."""
    command = json.dumps(["redis-server", "/etc/redis/redis.conf", *arguments])
    compose = (
        "services:\n  redis:\n    image: redis:7.0.15\n"
        f"    command: {command}\n    volumes: [./{CONF}:/etc/redis/redis.conf:ro, '/tmp:/tmp']\n"
    )
    return {"compose.yaml": compose, CONF: text}


def codes(text: str, *wanted: str, arguments: tuple[str, ...] = ()) -> set[str]:
    return judged.codes(stack(text, *arguments), *wanted)


def refused_lines(text: str) -> list[int]:
    """The lines for which afscan says that Redis does not start."""
    return sorted(line for code, path, line in judged.fails(stack(text), "INT202") if path == CONF)


def dies(text: str, at: Path, words: str = "") -> str:
    with started(text, at) as found:
        return found.must_refuse(words)


def ask(port: int, *words: str) -> str:
    with wire.Redis(port) as one:
        found = one.ask(*words)
        assert isinstance(found, str)
        return found
