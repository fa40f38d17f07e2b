"""As much of the protocols of Redis and PostgreSQL as it takes to ask a server who may come in."""

import socket
import ssl
import struct
from dataclasses import dataclass

_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
_METHODS = {0: "trust", 3: "password", 5: "md5", 10: "scram-sha-256"}


@dataclass(frozen=True)
class Answer:
    """What a server says first: ``kind`` is ``method``, ``error`` or ``closed``; ``text`` the method or the message."""

    kind: str
    text: str


def postgres(port: int, *, user: str, database: str, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Answer:
    """What PostgreSQL or PgBouncer answers to a client that names itself."""
    with socket.create_connection((host, port), timeout=20) as plain:
        stream: socket.socket = plain
        if tls is not None:
            plain.sendall(_TLS_REQUEST)
            if plain.recv(1) != b"S":
                return Answer("error", "no TLS")
            stream = tls.wrap_socket(plain, server_hostname="localhost")
        words = b"".join(part.encode() + b"\0" for part in ("user", user, "database", database)) + b"\0"
        stream.sendall(struct.pack("!ii", 8 + len(words), 196608) + words)
        return _answer(stream)


def _answer(stream: socket.socket) -> Answer:
    head = _exactly(stream, 5)
    if len(head) < 5:
        return Answer("closed", "")
    body = _exactly(stream, struct.unpack("!i", head[1:])[0] - 4)
    if head[:1] == b"R":
        return Answer("method", _METHODS.get(struct.unpack("!i", body[:4])[0], "other"))
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return Answer("error", fields.get(b"M", ""))


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        try:
            more = stream.recv(count - len(data))
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more
    return data


class Redis:
    """One connection to Redis."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        stream: socket.socket = socket.create_connection((host, port), timeout=20)
        self.socket = stream if tls is None else tls.wrap_socket(stream, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> "Redis":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def ask(self, *words: str) -> str | list[str]:
        """A command's reply; an error is a text that starts with ``-``."""
        parts = [word.encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in parts))
        found = self._reply()
        assert not isinstance(found, int)
        return found

    def _reply(self) -> str | list[str]:
        line = self.file.readline().rstrip(b"\r\n").decode()
        if line.startswith("$"):
            size = int(line[1:])
            return "" if size < 0 else self.file.read(size + 2)[:-2].decode()
        if line.startswith("*"):
            return [str(self._reply()) for _ in range(int(line[1:]))]
        return line[1:] if line.startswith(("+", ":")) else line or "-closed"

    def setting(self, name: str) -> str:
        """What CONFIG GET tells of one parameter."""
        found = self.ask("CONFIG", "GET", name)
        assert isinstance(found, list), found
        return found[1]


def speaks(port: int, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> str:
    """What Redis answers to PING; ``-refused`` where it does not listen or does not speak so."""
    try:
        with Redis(port, tls=tls, host=host) as one:
            answer = one.ask("PING")
            return answer if isinstance(answer, str) else "-strange"
    except (ConnectionError, ssl.SSLError, OSError):
        return "-refused"
