"""Which SQL scripts a PostgreSQL container runs on its first start, and in which order; what ``\\i`` takes in.

Sources: docker-library/postgres, docker-entrypoint.sh (``/docker-entrypoint-initdb.d/*`` in the order of the names); postgresql.org,
"psql" (``\\i`` is relative to the working directory, ``\\ir`` to the script).
"""

import re
from posixpath import basename, dirname, join, normpath

from afscan.join.servers.files import Files, path_of
from afscan.model.node import Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.sql import IncludeStatement, SqlScript, SqlStatement
from afscan.model.stack import Stack
from afscan.model.subjects import ConfigEntry, Container, Mount
from afscan.platforms.postgresimages import PostgresImage

_OTHER = (".sh", ".sql.gz", ".sql.xz", ".sql.zst")
_MAX_FILES = 200
_MAX_STATEMENTS = 100_000
_INIT = "/docker-entrypoint-initdb.d/"
_LETTERS = re.compile(r"[^0-9a-z]+")


@record(slots=True)
class Step:
    """One thing that is run: a script, or (``script`` None) something that is not read, with the reason."""

    name: str
    script: SqlScript | None = None
    reason: str = ""


@record(slots=True)
class InitScripts:
    """The init scripts of a container in order. ``unordered``: in which order depends on the image's locale."""

    steps: list[Step] = field(default_factory=list)
    unordered: bool = False


class Scripts:
    """The SQL scripts of a stack, and what is run beside them."""

    def __init__(self, stack: Stack, files: Files) -> None:
        self.stack = stack
        self.files = files
        self.taken: set[int] = set()  # scripts that a server runs or another script takes in
        self.noted: set[int] = set()
        self.others: dict[str, list[str]] = {}
        for path in [*stack.paths, *stack.foreign]:
            if path.endswith(_OTHER):
                self.others.setdefault(dirname(normpath(path)) or ".", []).append(basename(path))
        self.entries: dict[str, list[str]] = {}
        for entry in stack.of(ConfigEntry):
            if entry.key.endswith(_OTHER):
                self.entries.setdefault(f"{entry.namespace or 'default'}/{entry.config_map}", []).append(entry.key)

    def of(self, container: Container, image: PostgresImage) -> InitScripts:
        """What a container's image runs from its folder of init scripts."""
        found: dict[str, Step] = {}
        for mount in container.mounts:
            target = mount.target.or_else("").rstrip("/")
            if target != image.init and dirname(target) != image.init:
                continue
            if mount.source.is_unknown:
                found[target] = Step(target, reason=mount.source.reason or "what is mounted there is not known")
            elif target == image.init and mount.kind == "host":
                found.update(self._of_folder(container, normpath(mount.source.or_else("")), recursive=image.recursive))
            elif target != image.init and mount.kind == "host":
                found.update(self._of_path(container, normpath(mount.source.or_else("")), basename(target)))
            elif mount.kind in ("configmap", "secret"):
                found.update(self._of_owner(container.workload.namespace or "default", mount, image))
            elif mount.kind == "compose-config":
                one = self.files.find(container, target).file
                reason = "" if isinstance(one, SqlScript) else f"`{target}` is not read"
                found[basename(target)] = Step(basename(target), one if isinstance(one, SqlScript) else None, reason)
            else:
                found[target] = Step(target, reason=f"what is in `{target}` is not known")
        found.update(self._of_image(container, image))
        names = sorted(found)
        unordered = names != sorted(names, key=lambda name: _LETTERS.sub("", name.lower()))
        for name in names:
            self.taken.add(id(found[name].script))
        return InitScripts([found[name] for name in names], unordered)

    def _of_folder(self, container: Container, folder: str, *, recursive: bool) -> dict[str, Step]:
        steps = {}
        folders = [folder]
        if recursive:
            folders += sorted(one for one in {*self.files.by_folder, *self.others} if one.startswith(folder + "/"))
        for one in folders:
            for file in self.files.in_folder(one, container.node.source.path):
                if isinstance(file, SqlScript) and file.node.source.name.endswith(".sql"):
                    name = basename(path_of(file.node.source)) if not recursive else path_of(file.node.source)
                    steps[name] = Step(name, file)
            for name in self.others.get(one, ()):
                steps[name] = Step(name, reason=f"`{name}` is not read")
        if not steps and not self.files.by_folder.get(folder) and not self.stack.complete:
            steps[folder] = Step(folder, reason=f"`{folder}` is not here")
        return steps

    def _of_path(self, container: Container, path: str, name: str) -> dict[str, Step]:
        file = self.files.at(path, container.node.source.path)
        if isinstance(file, SqlScript):
            return {name: Step(name, file)} if name.endswith(".sql") else {}
        return {name: Step(name, reason=f"`{name}` is not read")} if name.endswith((".sql", *_OTHER)) else {}

    def _of_owner(self, namespace: str, mount: Mount, image: PostgresImage) -> dict[str, Step]:
        """What a ConfigMap or Secret brings: all its entries, or the one that is mounted."""
        owner = f"{namespace}/{mount.source.or_else('')}"
        items, sub_path, target = mount.items, mount.sub_path, mount.target.or_else("").rstrip("/")
        scripts = {
            basename(one.node.source.name): one
            for holder in ("configmap", "secret", "secret-template")
            for one in self.files.by_owner.get((holder, owner), ())
            if isinstance(one, SqlScript)
        }
        if sub_path or target != image.init:
            entry = sub_path or basename(target)
            script = scripts.get(entry)
            return {basename(target): Step(basename(target), script, "" if script is not None else f"`{entry}` is not read")}
        names = {name: name for name in [*scripts, *self.entries.get(owner, ())]} if items is None else items
        steps = {}
        for entry, shown in names.items():
            if "/" in shown or not shown.endswith((".sql", *_OTHER)):
                continue
            script = scripts.get(entry)
            steps[shown] = Step(shown, script, "" if script is not None else f"`{entry}` is not read")
        return steps or {owner: Step(owner, reason=f"`{owner}` is not read")}

    def _of_image(self, container: Container, image: PostgresImage) -> dict[str, Step]:
        """What its Dockerfile copies there."""
        steps: dict[str, Step] = {}
        stage = container.stage
        context = container.build.context.or_else(".") if container.build is not None else "."
        for _ in range(50):
            if stage is None:
                break
            for copy in stage.copies:
                target = copy.target.rstrip("/")
                if target != image.init and dirname(target) != image.init:
                    continue
                source = normpath(join(context, copy.source.or_else("").lstrip("/")))
                if copy.from_stage is not None or not copy.source.is_set:
                    steps[target] = Step(target, reason=f"what is copied to `{target}` is not known")
                elif target == image.init and self.files.at(source, container.node.source.path) is None:
                    folder = self._of_folder(container, source, recursive=image.recursive)
                    steps.update(folder or {target: Step(target, reason=f"`{source}` is not read")})
                else:
                    name = basename(source) if target == image.init else basename(target)
                    steps.update(self._of_path(container, source, name))
            stage = stage.parent
        return steps

    def flat(self, script: SqlScript, statements: list[SqlStatement]) -> list[tuple[SqlStatement, str]]:
        """Statements with those of the files that ``\\i`` and ``\\ir`` take in, each with why an include was not followed."""
        found: list[tuple[SqlStatement, str]] = []
        waiting = [(script, iter(statements))]
        while waiting and len(found) < _MAX_STATEMENTS:
            current, rest = waiting[-1]
            one = next(rest, None)
            if one is None:
                waiting.pop()
                continue
            if not isinstance(one, IncludeStatement):
                found.append((one, ""))
                continue
            below, reason = self._included(current, one)
            if below is not None and below in [script for script, _ in waiting]:
                below, reason = None, "it takes in itself, in a circle"
            if below is None or len(waiting) >= _MAX_FILES:
                found.append((one, reason or "too many files take in others"))
                self._note(one, reason or "too many files take in others")
            else:
                self.taken.add(id(below))
                waiting.append((below, iter(below.statements)))
        return found

    def take_included(self, script: SqlScript) -> None:
        """Note which scripts another one takes in: they are not run by themselves."""
        for one in script.statements:
            if isinstance(one, IncludeStatement):
                below = self._included(script, one)[0]
                if below is not None and below is not script:
                    self.taken.add(id(below))

    def _included(self, script: SqlScript, one: IncludeStatement) -> tuple[SqlScript | None, str]:
        path = one.path.or_else("")
        if not one.path.is_set or not path:
            return None, one.path.reason or "it names no file"
        source = script.node.source
        here = dirname(path_of(source))
        if path.startswith("/"):  # the folder of the init scripts is where this one lies
            wanted = normpath(join(here, path.removeprefix(_INIT) if path.startswith(_INIT) else basename(path)))
        else:
            wanted = normpath(join(here, path))
        if wanted.startswith("../") or wanted == "..":
            return None, "it leads out of what is scanned"
        file = self.files.beside(script, basename(path)) if source.owner else self.files.at(wanted, source.path)
        return (file, "") if isinstance(file, SqlScript) else (None, "it is not here")

    def _note(self, one: IncludeStatement, reason: str) -> None:
        if id(one) in self.noted:
            return
        self.noted.add(id(one))
        node: Node = one.path.node
        place = one.path.place if one.path.is_set or one.path.is_unknown else node.head
        text = f"`{one.verb} {one.path.or_else('')}` was not followed: {reason}. What it runs is not known."
        self.stack.notices.append(Notice(NoticeKind.UNRESOLVED, place, text))
