"""Effective servers: configuration files, environment and command lines of a stack, layered as each product does.

A container of a known product becomes a typed :class:`~afscan.model.subjects.Server` with one
:class:`~afscan.model.subjects.Authentication`. A server's configuration file that no container reads is judged on what it
says, as a server of its own without a container. The cost is linear in containers and mounts.
"""

from collections.abc import Iterable, Iterator
from posixpath import dirname, normpath

from afscan.join.servers import grafana, neo4j, others, pgbouncer, postgres, qdrant, redis
from afscan.join.servers.files import Files, path_of
from afscan.join.servers.initscripts import Scripts
from afscan.join.servers.refused import note_refusals
from afscan.model.sql import SqlScript
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, Container, Server, Subject
from afscan.model.value import Value
from afscan.platforms.images import facts_of_reference, is_datastore, product_of
from afscan.platforms.otherservers import JUDGED
from afscan.platforms.tlsversions import of_server

_MOST_FOLDERS = 100


def join(stack: Stack) -> Iterable[Subject]:
    """The servers of a stack."""
    files = Files.of(stack)
    found: list[Subject] = []
    scripts = Scripts(stack, files)
    for container in stack.of(Container):
        serves = container.role in ("main", "sidecar") and not container.workload.runs_to_completion
        product = product_of(container) if serves else None
        if product is not None:
            found += _doubted(_of_container(product, container, files, scripts, stack), container)
    # Every file first finds its readers, also those that come after it and those that include it.
    waiting = [file for file in stack.of(ConfigFile) if id(file) not in files.used]
    for file in sorted(waiting, key=_standing):
        if id(file) not in files.used:
            found += _of_file(file, files, stack)
    for one in found:
        note_refusals(one)
    if stack.of(SqlScript):
        from afscan.join.servers.catalogue import of_folder  # noqa: PLC0415  (start-up time)

        for folder, listed in _left_over(stack, scripts).items():
            found += of_folder(listed, folder, scripts)
    found += [setting for one in found if isinstance(one, Server) for setting in of_server(one)]
    return found


def _left_over(stack: Stack, scripts: Scripts) -> dict[str, list[SqlScript]]:
    """The SQL scripts that no server here runs and no other script takes in, by where they lie."""
    found: dict[str, list[SqlScript]] = {}
    others = _of_other_products(stack)
    for script in stack.of(SqlScript):
        path = path_of(script.node.source)
        if others and any(path == one or path.startswith(one + "/") for one in others):
            scripts.taken.add(id(script))
        elif id(script) not in scripts.taken:
            scripts.take_included(script)
    for script in stack.of(SqlScript):
        if id(script) not in scripts.taken and script.statements:
            source = script.node.source
            where = source.owner or (dirname(path_of(source)) if source.holder == "file" else source.path)
            found.setdefault(where, []).append(script)
    return found


def _of_other_products(stack: Stack) -> list[str]:
    """Where the init scripts of other databases lie: MySQL's and MariaDB's images read the same folder."""
    found = set()
    for container in stack.of(Container):
        for mount in container.mounts:
            scripts = mount.kind == "host" and "docker-entrypoint-initdb.d" in mount.target.or_else("")
            if scripts and product_of(container) not in ("postgres", None):
                found.add(normpath(mount.source.or_else("")))
    return sorted(found)[:_MOST_FOLDERS]


def _doubted(subjects: Iterable[Subject], container: Container) -> Iterator[Subject]:
    """Somebody else's image that is only called as the product is may carry a configuration of its own: where nothing is
    written, whether it asks for credentials is not known."""
    own = container.image is None or facts_of_reference(container.image) is not None or container.program() is not None
    for subject in subjects:
        if not own and isinstance(subject, Authentication) and subject.required.value is False and subject.node is container.node:
            reason = f"what the image `{container.image.repository if container.image else ''}` brings with it is not known"
            subject.required = Value.unknown(subject.node, reason)
        yield subject


def _standing(file: ConfigFile) -> int:
    """Files that take in others come first, those that lie beside another one last."""
    if any(setting.name.startswith(("include", "%include")) for setting in file.settings) or postgres.is_main(file):
        return 2 if file.product == "postgres-hba" else 0
    return 3 if file.product == "postgres-hba" else 1


def _of_container(product: str, container: Container, files: Files, scripts: Scripts, stack: Stack) -> Iterator[Subject]:
    if product in ("redis", "valkey"):
        yield from redis.of_container(container, files, stack)
    elif product == "pgbouncer":
        yield from pgbouncer.of_container(container, files, stack)
    elif product == "qdrant":
        yield from qdrant.of_container(container, files)
    elif product == "postgres":
        yield from postgres.of_container(container, files, scripts, stack)
    elif product == "neo4j":
        yield from neo4j.of_container(container, files)
    elif product == "grafana":
        yield from grafana.of_container(container, files)
    elif product in JUDGED or is_datastore(product):
        yield from others.of_container(container, product, files)


def _of_file(file: ConfigFile, files: Files, stack: Stack) -> Iterator[Subject]:
    if file.product in ("redis", "redis-sentinel"):
        yield from redis.of_file(file, files, stack)
    elif file.product == "pgbouncer":
        yield from pgbouncer.of_file(file, files, stack)
    elif file.product == "qdrant":
        yield from qdrant.of_file(file)
    elif file.product == "neo4j":
        yield from neo4j.of_file(file)
    elif file.product == "grafana":
        yield from grafana.of_file(file)
    elif file.product in ("postgres", "postgres-hba"):
        yield from postgres.of_file(file, files, stack)
