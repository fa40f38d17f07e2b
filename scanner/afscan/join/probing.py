"""What a health check asks for: programs it runs, and where it connects to.

Command lines: curl.se/docs/manpage.html, gnu.org/software/wget (URL as argument), redis.io "redis-cli" (-p, -h, --tls),
postgresql.org "pg_isready" (-p, -h); bash's ``/dev/tcp/HOST/PORT``.
"""

from collections.abc import Set

from afscan.join.programs import script_of, words
from afscan.model.patterns import pattern
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.subjects import Probe
from afscan.platforms.dockerfile.shell import commands

_FILTERS = words("exit grep egrep fgrep test [ [[ true false echo printf cat head tail cut awk sed tr wc set : timeout")
"""Programs around the one that does the checking."""

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0"))
_URL = pattern(r"(?:(https?)://)?(\[::1\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(/[^?#\s]*)?(?:[?#]\S*)?\Z")
_TCP_FILE = pattern(r"/dev/tcp/([A-Za-z0-9.:-]+)/([0-9]{1,5})\b")
_MAX_SCRIPT = 20_000
_HTTP_CLIENTS = frozenset(("curl", "wget"))
_ELSEWHERE = ("--unix-socket", "--abstract-unix-socket", "--connect-to", "--resolve", "--proxy", "-x", "--socks5")
"""Options of curl with which the URL does not say where the connection goes."""
_REDIS_CLIENTS = frozenset(("redis-cli", "valkey-cli"))
_FAIL = pattern(r"--fail(?:-with-body)?\Z|-[A-Za-z#]*f")
_GLUED = pattern(r"-[hps][^-]")
_PORT_DEFAULT = {"http": 80, "https": 443}


@record(slots=True)
class Target:
    """A connection that a probe opens to its own container.

    ``speaks``: ``http``, ``https``, ``redis``, ``rediss``, ``postgres``, ``tcp``; ``port`` is a number, or a port's name as
    written; ``path`` is None where the answer's status does not matter. The places are those of what decides port, path and
    protocol.
    """

    speaks: str
    port: "int | str"
    path: str | None
    port_place: Place
    path_place: Place
    place: Place


def programs_of(probe: Probe) -> list[str]:
    """The programs without which an exec probe cannot do its work, the shell first.

    Where several programs may check in turn (``wget ... || curl ...``), any of them may do: then only the shell is named.
    """
    argv = probe.command.value if probe.command is not None else None
    if not argv:
        return []
    script = script_of(argv)
    if script is None:
        return [argv[0]]
    checking = _checking(script)
    return [argv[0], checking[0][0]] if len(checking) == 1 and checking[0][0] else [argv[0]]


def _checking(script: str) -> list[tuple[str, list[str]]]:
    """The commands of a script that do the checking: (program, arguments); "" where the program is not known."""
    found = []
    for command in commands(script[:_MAX_SCRIPT]):
        program, arguments = command.program()
        if program not in _FILTERS and (program or any(word.dynamic for word in command.words)):
            found.append((program, ["" if word.dynamic else word.text for word in arguments]))
    return found


def targets_of(probe: Probe, environment: Set[str]) -> list[Target]:
    """Where a probe connects to in its own container; empty where that cannot be told.

    :param environment: the names of the container's variables: some give programs other defaults.
    """
    if probe.kind in ("http", "https", "tcp", "grpc"):
        return _network(probe)
    command = probe.command
    if probe.kind != "exec" or command is None or not command.value:
        return []
    argv = command.value
    script = script_of(argv)
    checking = _checking(script) if script is not None else [(argv[0].rpartition("/")[2], argv[1:])]
    if len(checking) > 1:
        return []
    program, arguments = checking[0] if checking else ("", [])
    files = _TCP_FILE.findall(script_of([program, *arguments]) or script or "")
    if files:
        host, port = files[0]
        return [_target("tcp", int(port), None, command.place)] if len(files) == 1 and host in _LOOPBACK else []
    if program in _HTTP_CLIENTS:
        return _of_http_client(program, arguments, command.place)
    if program in _REDIS_CLIENTS:
        return _of_client(arguments, 6379, "rediss" if "--tls" in arguments else "redis", command.place)
    if program == "pg_isready" and not {"PGPORT", "PGHOST"} & environment:
        return _of_client(arguments, 5432, "postgres", command.place)
    return []


def _network(probe: Probe) -> list[Target]:
    port = probe.port
    if port is None or not port.is_set or port.value is None:
        return []
    number: int | str = port.value
    if isinstance(number, str) and number.isascii() and number.isdecimal():
        number = int(number)
    path = probe.path.or_else("/") if probe.path is not None and not probe.path.is_unknown else None
    at = probe.path.place if probe.path is not None and probe.path.is_set else probe.node.head
    speaks = probe.kind if probe.kind in ("http", "https") else "tcp"
    return [Target(speaks, number, path if speaks != "tcp" else None, port.place, at, probe.node.head)]


def _target(speaks: str, port: int, path: str | None, place: Place) -> Target:
    return Target(speaks, port, path, place, place, place)


def _of_http_client(program: str, arguments: list[str], place: Place) -> list[Target]:
    """The URLs that curl or wget asks for. curl without ``--fail`` is content with any status."""
    if any(word.partition("=")[0] in _ELSEWHERE for word in arguments):
        return []
    found = [one for word in arguments if (one := _of_url(word, place)) is not None]
    if program == "curl" and not any(_FAIL.match(word) for word in arguments):
        for one in found:
            one.path = None
    return found


def _of_url(word: str, place: Place) -> Target | None:
    found = _URL.match(word) if not word.startswith("-") and (":" in word or "/" in word or word in _LOOPBACK) else None
    if found is None or found[2] not in _LOOPBACK:
        return None
    scheme = found[1] or "http"
    return _target(scheme, int(found[3]) if found[3] else _PORT_DEFAULT[scheme], found[4] or "/", place)


def _of_client(arguments: list[str], default: int, speaks: str, place: Place) -> list[Target]:
    """What redis-cli or pg_isready connects to by -p and -h; nothing where another host, a socket or a URI is named."""
    port = default
    before = ""
    for word in arguments:
        if before in ("-p", "--port") or word.startswith("--port="):
            number = word.rpartition("=")[2]
            if not (number.isascii() and number.isdecimal() and len(number) <= 5):
                return []
            port = int(number)
        elif before in ("-h", "--host") or word.startswith("--host="):
            if word.rpartition("=")[2] not in _LOOPBACK:
                return []
        elif before in ("-u", "-s", "-d", "--dbname") and (speaks != "postgres" or not word or "=" in word or ":" in word):
            return []  # a URI or a socket
        elif _GLUED.match(word) or (not word and not before.startswith("-")):
            return []
        before = word
    return [_target(speaks, port, None, place)]
