"""Docker Compose: services, what they run, publish, mount and build. Source: the Compose Specification.

One file is read at a time: an override file is not merged with what it overrides. What such a file sets is judged; what it
leaves out is unknown, and a service that only adds to a definition elsewhere is a notice, never a container without an
image.
"""

from posixpath import basename

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.compose.embedding import Embedding
from afscan.platforms.compose.merging import Extensions
from afscan.platforms.compose.mounts import Mounts
from afscan.platforms.compose.reading import Context, Fields, present
from afscan.platforms.compose.recognition import fragment_services, recognise
from afscan.platforms.compose.services import add_service
from afscan.platforms.reading import Interpretation

__all__ = ["interpret", "recognise"]

MAX_ENTRIES = 200_000
"""How many entries all services of a file may have together, shared ones counted each time."""

_ELSEWHERE = "the definition that it adds to is not merged in, so it is not judged."


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the services of a Compose file into the interpretation."""
    context = Context(source, out)
    if not isinstance(root, Mapping):
        context.notice(NoticeKind.WRONG_TYPE, root.head, "A Compose file should be a mapping; it is not judged.")
        return
    services = _services(context, root)
    mounts, embedding = Mounts(root, context), Embedding(context)
    extensions = Extensions(services, context)
    awaited = _awaited(services)
    entries = 0
    for name, written in services.items():
        node, gap = extensions.resolve(name)
        entries += _size(node)
        if entries > MAX_ENTRIES:
            reason = f"The services have more than {MAX_ENTRIES} entries; `{name}` and those after it are not judged."
            context.notice(NoticeKind.LIMIT, written.head, reason)
            break
        fields = Fields(node, context, gap or _override_gap(source, written))
        if fields.get("image") is not None or fields.get("build") is not None:
            add_service(name, fields, mounts, embedding, completes=name in awaited)
        elif fields.get("provider") is None and gap is None:
            reason = f"Service `{name}` has neither `image` nor `build` here; {_ELSEWHERE}"
            context.notice(NoticeKind.PARTIAL, written.head, reason)
    _embed_configs(mounts, embedding)


def _services(context: Context, root: Mapping) -> dict[str, Mapping]:
    """The services by name; those that are no mapping are noted."""
    node = present(root.entries.get("services"))
    if "services" not in root.entries:
        found = fragment_services(context.source, root)
        if not found and not any(
            key in ("include", "networks", "volumes", "configs", "secrets", "models") for key in root.entries
        ):
            context.notice(NoticeKind.WRONG_TYPE, root.head, "This Compose file has no `services`; nothing in it is judged.")
        return found
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        if not isinstance(node, Opaque):
            context.wrong_type(node, "a mapping")
        return {}
    found = {}
    for name, service in node.entries.items():
        if isinstance(service, Mapping):
            found[name] = service
        elif isinstance(service, Scalar) and service.is_null:
            reason = f"Service `{name}` is empty here; {_ELSEWHERE}"
            context.notice(NoticeKind.PARTIAL, node.key_place(name), reason)
        elif isinstance(service, Opaque):
            context.notice(
                NoticeKind.PARTIAL, service.head, f"Service `{name}` cannot be evaluated ({service.reason}); it is not judged."
            )
        elif not name.startswith("x-"):
            context.wrong_type(service, "a mapping")
    return found


def _override_gap(source: Source, service: Mapping) -> Value[str] | None:
    """Why an absence in an override file proves nothing: Compose merges such a file over another one."""
    if "override" not in basename(source.name).lower():
        return None
    return Value.unknown(service, "the file that this one overrides may set it")


def _awaited(services: dict[str, Mapping]) -> set[str]:
    """The services that another one waits for until they have completed."""
    found: set[str] = set()
    for service in services.values():
        depends = service.entries.get("depends_on")
        for name, node in depends.entries.items() if isinstance(depends, Mapping) else ():
            condition = node.get("condition")
            if isinstance(condition, Scalar) and condition.text == "service_completed_successfully":
                found.add(name)
    return found


def _size(service: Mapping) -> int:
    """How many entries a service has on its first two levels."""
    return sum(1 + sum(1 for _ in node.children()) for node in service.entries.values())


def _embed_configs(mounts: Mounts, embedding: Embedding) -> None:
    """Hand over the texts of top-level configs, named after the file that they become."""
    for name, node in mounts.configs.items():
        content = node.get("content")
        if isinstance(content, Scalar):
            embedding.embed(content, name=mounts.uses.get(name, name), holder="compose-config", owner=name)
