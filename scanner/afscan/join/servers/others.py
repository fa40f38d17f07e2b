"""Servers that are known by their image and configured by environment."""

from collections.abc import Iterator

from afscan.join.servers.environment import Environment, value_of
from afscan.join.servers.files import Files
from afscan.model.subjects import Authentication, Container, OtherDatastore, Setting, Subject
from afscan.platforms.otherservers import judge


def of_container(container: Container, product: str, files: Files) -> Iterator[Subject]:
    """The server in a container, with its variables as settings, and whether it asks who is there."""
    environment = Environment(container, files.entries)
    settings: dict[str, Setting] = {}
    for name, variable in environment.variables.items():
        value = value_of(variable)
        settings[name] = Setting(name=name, value=value, key_place=value.place, layer="environment")
    yield OtherDatastore(
        name=container.name,
        node=container.node,
        platform=product,
        product=product,
        settings=settings,
        container=container,
        unread=environment.unread,
    )
    words = container.command.or_else([]) + container.arguments.or_else([])
    verdict = judge(product, environment, " ".join(words))
    if verdict is not None:
        required, how = verdict
        yield Authentication(
            name=container.name,
            node=required.node,
            platform=product,
            product=product,
            required=required,
            how=how,
            container=container,
        )
