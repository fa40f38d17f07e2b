"""How much memory a server or a Java program is configured to take.

Sources: redis.io, "Redis configuration" (``maxmemory`` counts data, not what the server itself needs); postgresql.org, "Resource
Consumption" (``shared_buffers``, in blocks of 8 kB where no unit is written); neo4j.com/docs, "Memory configuration" (heap and page
cache are separate; the image sets 512 MiB each where nobody does); the ``java`` command (``-Xmx``).
"""

from collections.abc import Iterator

from afscan.model.neo4j import Neo4j
from afscan.model.patterns import pattern
from afscan.model.record import record
from afscan.model.subjects import Container, Postgres, RedisServer, Server
from afscan.model.value import Value
from afscan.platforms.images import facts_of_reference

_SIZE = pattern(r"'?\s*(\d{1,15})\s*(B|kB|MB|GB|TB)?\s*'?\Z")
_UNITS = {None: 8192, "B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_HEAP = pattern(r"(?<![\w-])-Xmx(\d{1,12})([kKmMgGtT]?)(?![\w])")
_HEAP_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_JAVA = pattern(r"(?:_?JAVA|JVM|HEAP|CATALINA|MAVEN|GRADLE)_?(?:TOOL_)?(?:OPTS|OPTIONS)\Z|_JAVA_OPTS\Z|_HEAP_OPTS\Z")
_IMAGE_DEFAULT = 512 * 2**20


@record(slots=True)
class Need:
    """What a setting makes a process take: ``size`` in bytes, ``what`` names the setting for a message."""

    what: str
    size: Value[float]


def need_of_server(server: Server) -> Need | None:
    """What a server's own settings make it take at least; None where nothing says so."""
    if isinstance(server, RedisServer) and "maxmemory" in server.settings:
        return Need("`maxmemory`", server.max_memory) if server.max_memory.value != 0 else None
    if isinstance(server, Postgres):
        buffers = server.setting("shared_buffers")
        found = _SIZE.match(buffers.or_else("")) if buffers.is_set else None
        if found is not None:
            return Need("`shared_buffers`", Value.of(float(found[1]) * _UNITS[found[2]], buffers.node, buffers.at))
    if isinstance(server, Neo4j):
        return _graph(server)
    return None


def _graph(server: Neo4j) -> Need | None:
    """Heap and page cache together; one that nobody sets is the image's, where it is the official one."""
    heap, cache = server.heap, server.page_cache
    if not (heap.is_set or cache.is_set):
        return None
    image = server.container.image if server.container is not None else None
    facts = facts_of_reference(image) if image is not None else None
    default = (
        float(_IMAGE_DEFAULT) if facts is not None and facts.product == "neo4j" and heap.is_unset is not cache.is_unset else 0.0
    )
    at = heap if heap.is_set else cache
    total = heap.or_else(default if heap.is_unset else 0.0) + cache.or_else(default if cache.is_unset else 0.0)
    return Need("heap and page cache together", Value.of(total, at.node, at.at))


def heaps(container: Container) -> Iterator[Need]:
    """The largest heap that a container's variables and command line give to Java; of several in one text the last one counts."""
    for name, variable in container.environment.items():
        if _JAVA.search(name) and variable.value.is_set:
            yield from _heap(f"`-Xmx` in `{name}`", variable.value)
    for words in (container.command, container.arguments):
        if words.is_set:
            yield from _heap("`-Xmx`", words.map(" ".join))


def _heap(what: str, value: Value[str]) -> Iterator[Need]:
    found = list(_HEAP.finditer(value.or_else("")[:20_000]))
    if found:
        size = float(found[-1][1]) * _HEAP_UNITS[found[-1][2].lower()]
        yield Need(what, Value.of(size, value.node, value.at))
