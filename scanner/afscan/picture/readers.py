"""Who reads a file of settings: the workloads whose server starts with it, or that run the script."""

from posixpath import normpath

from afscan.join.monitoring import mounted_owner
from afscan.model.scripts import Script
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Subject, Workload
from afscan.platforms.images import product_of


class Readers:
    """The workloads that mount texts, by the texts' owners and paths."""

    def __init__(self, stack: Stack) -> None:
        self._owned: dict[tuple[str, str], list[Container]] = {}
        self._paths: dict[str, list[Container]] = {}
        self._scripts = {id(one.node.source): one for one in stack.of(Script)}
        for container in stack.of(Container):
            for mount in container.mounts:
                owner = mounted_owner(container, mount)
                if owner is not None:
                    self._owned.setdefault(owner, []).append(container)
                elif mount.kind == "host" and mount.source.is_set:
                    self._paths.setdefault(normpath(mount.source.or_else("")), []).append(container)

    def of(self, subject: Subject) -> list[Workload]:
        """Those that read the text in which a subject stands. Of several that mount it, the product that the file is of."""
        source = subject.node.source
        script = self._scripts.get(id(source))
        if script is not None:
            return [script.container.workload] if script.container is not None else []
        found = self._owned.get((source.holder, source.owner), []) if source.owner else self._below(source.path)
        fitting = [one for one in found if product_of(one) == subject.platform]
        return list({id(one.workload): one.workload for one in fitting or found}.values())

    def _below(self, path: str) -> list[Container]:
        """The containers that mount a file, or a folder above it."""
        at = normpath(path)
        while at and at not in self._paths:
            at = at.rpartition("/")[0]
        return self._paths.get(at, [])
