"""What changes a PostgreSQL server's settings when its data directory is made: init scripts, its own Dockerfile."""

import re
from collections import defaultdict
from collections.abc import Iterator
from posixpath import basename

from afscan.join.servers.files import path_of
from afscan.model.node import Node, Scalar
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Setting
from afscan.model.value import Value

_INIT = "/docker-entrypoint-initdb.d"
_TELLING = re.compile(r"(?:ssl|tls|conf)[\w.-]{0,80}\.sh\b", re.IGNORECASE)
"""Init scripts whose name says that they change the server's settings; shell is not read."""

_MAX_STAGES = 50
_ALTER = re.compile(r"\bALTER\s+SYSTEM\s+SET\s+(\w[\w.]*)\s*(?:=|TO)\s*('[^'\n]*'|[^\s;']+)", re.IGNORECASE)


class InitScripts:
    """The ``ALTER SYSTEM SET`` of a stack's SQL files, by path, or by ``kind/namespace/name`` of the ConfigMap they are in."""

    def __init__(self, stack: Stack) -> None:
        self.by_folder: dict[str, list[Setting]] = defaultdict(list)
        for source in stack.sources:
            if source.syntax == "sql":
                for one in _altered(source):
                    self.by_folder[f"{source.holder}/{source.owner}" if source.owner else path_of(source)].append(one)

    def of(self, container: Container) -> list[Setting]:
        """What the scripts that a container mounts set."""
        found: list[Setting] = []
        for mount in container.mounts:
            if not self.by_folder or not mount.target.or_else("").startswith(_INIT):
                continue
            where = mount.source.or_else("")
            if mount.kind in ("configmap", "secret"):
                found += self.by_folder.get(f"{mount.kind}/{container.workload.namespace or 'default'}/{where}", [])
            elif mount.kind == "host" and where:
                for path, settings in self.by_folder.items():
                    if path == where or path.startswith(where + "/"):
                        found += settings
        return found


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


def _altered(source: Source) -> Iterator[Setting]:
    for match in _ALTER.finditer(source.text):
        line_start = source.text.rfind("\n", 0, match.start()) + 1
        if "--" in source.text[line_start : match.start()]:
            continue
        node: Node = Scalar(source, source.span(*match.span(2)), match[2])
        value = Value.of(match[2].strip("'"), node)
        yield Setting(name=match[1].lower(), value=value, key_place=source.place(source.span(*match.span(1))), layer="sql")
