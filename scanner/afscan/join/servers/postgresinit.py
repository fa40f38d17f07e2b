"""What changes a PostgreSQL server's settings when its data directory is made: init scripts, its own Dockerfile."""

import re
from collections.abc import Iterator
from posixpath import basename

from afscan.join.servers.environment import Environment
from afscan.join.servers.initscripts import Scripts
from afscan.join.servers.products import repository
from afscan.model.sql import Catalogue
from afscan.model.subjects import Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.postgresimages import PostgresImage, postgres_image

_INIT = "/docker-entrypoint-initdb.d"
_TELLING = re.compile(r"(?:ssl|tls|conf)[\w.-]{0,80}\.sh\b", re.IGNORECASE)
"""Init scripts whose name says that they change the server's settings; shell is not read."""

_MAX_STAGES = 50


def contents(
    container: Container, environment: Environment, scripts: Scripts, settings: dict[str, Setting], unread: str
) -> Iterator[Subject]:
    """What the server of a container holds after its first start: a :class:`Catalogue` and all in it; nothing for unknown images.

    :param settings: those that are in force when its scripts run.
    :param unread: why there may be more of them, empty where these are all.
    """
    image = postgres_image(base_of(container))
    if image is None or not image.init:
        return
    init = scripts.of(container, image)
    if not init.steps:
        return
    from afscan.join.servers.catalogue import catalogue  # noqa: PLC0415  (start-up time: few stacks have scripts)
    from afscan.join.servers.cataloguechecks import Start  # noqa: PLC0415

    user = environment.text(image.user)
    if user.is_unset or not user.or_else("x"):
        user = Value.of(image.default_user, container.node)
    database = environment.text(image.database)
    if database.is_unset or not database.or_else("x"):
        database = user
    start = Start(
        image=image,
        user=user,
        database=database,
        preloaded=_preloaded(settings.get("shared_preload_libraries"), image, unread),
        derived=container.build is not None or container.dockerfile is not None,
        also_roles=list(image.also_roles),
    )
    found = Catalogue(name=container.name, node=container.node, platform=container.platform, container=container, bootstrap=user)
    yield from catalogue(found, init, start, scripts)


def base_of(container: Container) -> str:
    """The repository of the image that a container runs, or of the one that it is built upon here."""
    stage = container.stage
    for _ in range(_MAX_STAGES):
        if stage is None or stage.parent is None:
            break
        stage = stage.parent
    if stage is not None and stage.base is not None:
        return stage.base.repository
    return repository(container)


def _preloaded(written: Setting | None, image: PostgresImage, unread: str) -> tuple[str, ...] | None:
    """The libraries of ``shared_preload_libraries``; None where they are not known."""
    if written is not None and written.value.is_set:
        return tuple(one.strip().strip("\"'").rpartition("/")[2] for one in written.value.or_else("").split(","))
    return None if written is not None or unread or image.unread else image.preload


def told_by_script(container: Container) -> str:
    """Why settings may come from a script that a container runs on its first start; empty where none looks like it."""
    for mount in container.mounts:
        target = mount.target.or_else("")
        if target.startswith(_INIT) and _TELLING.search(basename(target.rstrip("/"))):
            return f"`{target}` is not read"
    return ""


def told_by_image(container: Container) -> str:
    """Why settings may come from the container's own Dockerfile: it brings or edits a postgresql.conf."""
    stage = container.stage
    for _ in range(_MAX_STAGES):
        if stage is None:
            break
        brought = [f"{copy.source.or_else('')} {copy.target}" for copy in stage.copies]
        for text in [*brought, *(command.text.or_else("") for command in stage.commands)]:
            if "postgresql.conf" in text or (_INIT in text and _TELLING.search(text)):
                return "its Dockerfile brings settings that are not read"
        stage = stage.parent
    return ""
