"""What is known of public images: product, user, ports, programs on board, health paths. The facts are data: ``images.json``.

A row of the data names its source. What a row does not say is unknown, which is not the same as absent. Rows are tried in order;
the first whose repository (and tag, where the row names tags) matches counts. Patterns are those of :mod:`fnmatch`.
"""

import json
from fnmatch import fnmatchcase
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import field, record, replace
from afscan.model.subjects import Container, ImageReference

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_ENTRYPOINTS = frozenset(("docker-entrypoint.sh", "entrypoint.sh", "tini", "dumb-init", "gosu", "su-exec"))


@record(slots=True, frozen=True)
class ImageFacts:
    """What is known of one image.

    ``user`` is the user that the image's own configuration starts as: ``root``, ``nonroot`` or None for unknown.
    ``drops_privileges_for`` are patterns of the first argument for which the image's entrypoint goes on as another user; None
    where it does not. ``kept_root_by`` names an environment variable that switches this off. ``programs`` are known to be on
    board, more may be; ``absent_programs`` are known not to be. ``health_paths`` are answered, ``absent_paths`` are not.
    ``health_check``: the image brings a HEALTHCHECK of its own. ``watches`` is what an agent that measures the host has to see of
    it: namespaces (``network``, ``pid``) and folders, those read-only.
    """

    product: str | None = None
    user: str | None = None
    drops_privileges_for: tuple[str, ...] | None = None
    kept_root_by: str | None = None
    datastore: bool = False
    internal: bool = False
    ports: tuple[int, ...] = ()
    programs: frozenset[str] | None = None
    absent_programs: frozenset[str] = frozenset()
    health_paths: tuple[str, ...] | None = None
    absent_paths: tuple[str, ...] = ()
    health_check: bool = False
    watches: frozenset[str] = frozenset()
    source: str = ""

    def carries(self, program: str) -> bool | None:
        """Whether a program is on board; None where that is not known."""
        name = program.rpartition("/")[2]
        if name in self.absent_programs:
            return False
        return True if self.programs is not None and name in self.programs else None

    def drops_for(self, first: str | None) -> bool:
        """Whether the entrypoint leaves root for a first argument; None is the image's own command."""
        if self.drops_privileges_for is None or first is None:
            return self.drops_privileges_for is not None
        name = first.rpartition("/")[2]
        return any(fnmatchcase(first, pattern) or fnmatchcase(name, pattern) for pattern in self.drops_privileges_for)


@record(slots=True)
class _Data:
    """The data file, read once."""

    mirrors: tuple[str, ...]
    names: dict[str, str]
    servers: dict[str, str]
    clients: frozenset[str]
    idle: frozenset[str]
    exact: dict[str, list[tuple[tuple[str, ...], ImageFacts]]] = field(default_factory=dict)
    patterns: list[tuple[str, tuple[str, ...], ImageFacts]] = field(default_factory=list)
    products: dict[str, ImageFacts] = field(default_factory=dict)


@cache
def _data() -> _Data:
    raw: dict[str, Any] = json.loads(get_data(__package__, "images.json") or b"")
    data = _Data(tuple(raw["mirrors"]), raw["names"], raw["servers"], frozenset(raw["clients"]), frozenset(raw["idle"]))
    for row in raw["images"]:
        facts = _facts(row, raw["sets"])
        tags = tuple(row.get("tags", ()))
        for repository in row["repository"]:
            if "*" in repository:
                data.patterns.append((repository, tags, facts))
            else:
                data.exact.setdefault(repository, []).append((tags, facts))
        if facts.product is not None and facts.product not in data.products:
            data.products[facts.product] = _of_product(facts)
    return data


def _facts(row: dict[str, Any], sets: dict[str, list[str]]) -> ImageFacts:
    programs: frozenset[str] | None = None
    if "programs" in row:
        programs = frozenset(
            name for entry in row["programs"] for name in (sets[entry[1:]] if entry.startswith("@") else (entry,))
        ).difference(row.get("absent", ()))
    return ImageFacts(
        product=row.get("product"),
        user=row.get("user"),
        drops_privileges_for=tuple(row["drops"]) if "drops" in row else None,
        kept_root_by=row.get("kept_root_by"),
        datastore=row.get("datastore", False),
        internal=row.get("internal", False),
        ports=tuple(row.get("ports", ())),
        programs=programs,
        absent_programs=frozenset(row.get("absent", ())),
        health_paths=tuple(row["health"]) if "health" in row else None,
        absent_paths=tuple(row.get("absent_health", ())),
        health_check=row.get("health_check", False),
        watches=frozenset(row.get("watches", ())),
        source=row["source"],
    )


def _of_product(facts: ImageFacts) -> ImageFacts:
    """What holds for a product whoever packs it: not its user, nor what else is on board."""
    return replace(facts, user=None, drops_privileges_for=None, kept_root_by=None, programs=None, absent_programs=frozenset())


def facts_of(repository: str, tag: str | None) -> ImageFacts | None:
    """What is known of an image; None where nothing is.

    :param repository: as :attr:`ImageReference.repository` gives it: ``redis``, ``qdrant/qdrant``, ``gcr.io/distroless/base``.
    :param tag: None counts as ``latest``, as the container runtime reads it.
    """
    version = "latest" if tag is None else tag
    for tags, facts in _rows(repository):
        if not tags or any(fnmatchcase(version, pattern) for pattern in tags):
            return facts
    return None


def facts_of_reference(image: ImageReference) -> ImageFacts | None:
    """What is known of an image as it is referred to: where the tag is not known, only what holds for all tags."""
    if image.reference.is_set and (image.tag is not None or image.digest is None):
        return facts_of(image.repository, image.tag)
    rows = [facts for _, facts in _rows(image.repository)] if image.repository else []
    if not rows:
        return None
    return replace(
        rows[0],
        user=rows[0].user if all(row.user == rows[0].user for row in rows) else None,
        programs=None,
        absent_programs=frozenset.intersection(*(row.absent_programs for row in rows)),
    )


def _rows(repository: str) -> list[tuple[tuple[str, ...], ImageFacts]]:
    """The rows of a repository: (tag patterns, facts), in order."""
    data = _data()
    for mirror in data.mirrors:
        if repository.startswith(mirror):
            repository = repository.removeprefix(mirror)
            break
    found = data.exact.get(repository)
    if found is not None:
        return found
    matching = [(pattern, tags, facts) for pattern, tags, facts in data.patterns if fnmatchcase(repository, pattern)]
    return [(tags, _with_product(facts, repository)) for pattern, tags, facts in matching if pattern == matching[0][0]]


def _with_product(facts: ImageFacts, repository: str) -> ImageFacts:
    """The facts of a family of images (``bitnami/*``) with those of the product that the name tells."""
    data = _data()
    known = data.products.get(data.names.get(repository.rpartition("/")[2], ""))
    if known is None or facts.product is not None:
        return facts
    return replace(known, user=facts.user, programs=facts.programs, absent_programs=facts.absent_programs, source=facts.source)


def facts_of_product(product: str) -> ImageFacts | None:
    """What holds for a product whoever packs it: whether it is a datastore, its ports, its health paths."""
    return _data().products.get(product)


def watched_of_host(container: Container) -> frozenset[str]:
    """What the image of a container is known to have to see of the host (:attr:`ImageFacts.watches`)."""
    facts = facts_of_reference(container.image) if container.image is not None else None
    return facts.watches if facts is not None else frozenset()


def is_datastore(product: str) -> bool:
    """Whether a product holds data."""
    facts = facts_of_product(product)
    return facts is not None and facts.datastore


def product_of_repository(repository: str) -> str | None:
    """The product by an image's name alone; a private mirror counts by the last part of its name."""
    facts = facts_of(repository, None)
    if facts is not None:
        return facts.product
    return _data().names.get(repository.rpartition("/")[2].lower())


def product_of(container: Container) -> str | None:
    """The product that a container serves; None where it is an application, a client or unknown.

    The image tells it, else the program that is run. A container that runs something else from a server's image is a client of
    it: a backup job on ``postgres``, a ``redis-cli`` in a Job, an init container.
    """
    program = container.program()
    served = _served(program)
    if served is not None:
        return served
    repository = container.image.repository if container.image is not None and not container.image.built_here else ""
    product = product_of_repository(repository) if repository else _built_on(container)
    if product is None or (container.command.is_unset and container.arguments.is_unset):
        return product
    if program and container.command.is_unset and (program[0].startswith("-") or _opens_server(container, program[0])):
        return product
    once = container.workload.runs_to_completion or container.role == "init"
    return None if once or _is_client(program) else product


def _opens_server(container: Container, first: str) -> bool:
    """Whether the image's entrypoint puts the server's name before arguments that begin so (``*.conf``, ``server``)."""
    if container.image is None:
        return False
    facts = facts_of_reference(container.image)
    return facts is not None and facts.drops_for(first) and facts.drops_privileges_for != ("*",)


def _built_on(container: Container) -> str | None:
    """The product of the image that a container's Dockerfile starts from."""
    stage = container.stage
    for _ in range(100):
        if stage is None or stage.parent is None:
            break
        stage = stage.parent
    base = stage.base if stage is not None else None
    return product_of_repository(base.repository) if base is not None and base.repository else None


def _served(program: list[str] | None) -> str | None:
    """The product whose server an argv starts; also within ``sh -c``."""
    for argv in _argvs(program):
        for word in argv:
            name = word.rpartition("/")[2]
            if name in _data().servers:
                return _data().servers[name]
            if name not in _ENTRYPOINTS and not word.startswith("-"):
                break
    return None


def _is_client(program: list[str] | None) -> bool:
    """Whether an argv runs a client, or nothing at all for long."""
    names = [argv[0].rpartition("/")[2] for argv in _argvs(program) if argv]
    return any(name in _data().clients for name in names) or (len(names) == 1 and names[0] in _data().idle)


def _argvs(program: list[str] | None) -> list[list[str]]:
    """The argv itself, or those of the commands that ``sh -c`` runs."""
    script = _script(program)
    if script is None:
        return [program] if program else []
    from afscan.platforms.dockerfile.shell import commands  # noqa: PLC0415

    found = []
    for command in commands(script):
        name, arguments = command.program()
        if name:
            found.append([name, *(word.text for word in arguments)])
    return found


def _script(program: list[str] | None) -> str | None:
    """The text that ``sh -c`` runs; None where the argv is something else."""
    if not program or program[0].rpartition("/")[2] not in _SHELLS:
        return None
    for index, word in enumerate(program[1:], 1):
        if not word.startswith(("-", "+")):
            return None
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return program[index + 1] if index + 1 < len(program) else None
    return None
