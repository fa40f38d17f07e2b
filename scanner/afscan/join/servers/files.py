"""Which configuration file lies at a path inside a container: by its mounts, or copied into the image that is built here."""

from collections import defaultdict
from posixpath import basename, dirname, join, normpath

from afscan.join.servers.environment import Entries
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import BuildStage, ConfigFile, Container, IgnoredSetting, Mount

_MAX_STAGES = 50


@record(slots=True)
class Found:
    """The outcome of a search: the file, or why it is not known. ``mount`` is what covers the path, None where nothing does."""

    file: ConfigFile | None
    reason: str = ""
    mount: Mount | None = None

    @property
    def hidden(self) -> bool:
        """Whether a tmpfs of this container alone covers the path: no file lies there when it starts."""
        return self.mount is not None and self.mount.kind == "empty" and self.mount.source.is_unset


@record(slots=True)
class Files:
    """The configuration files of a stack, by where they come from.

    ``used`` are those that a container reads, by ``id``; ``ignored`` is what servers will not read in them, by the ``id`` of
    their sources; ``entries`` the ConfigMaps and Secrets that ``envFrom`` may name.
    """

    by_path: dict[str, list[ConfigFile]] = field(default_factory=lambda: defaultdict(list))
    by_owner: dict[tuple[str, str], list[ConfigFile]] = field(default_factory=lambda: defaultdict(list))
    by_folder: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    used: set[int] = field(default_factory=set)
    ignored: dict[int, list[IgnoredSetting]] = field(default_factory=lambda: defaultdict(list))
    entries: Entries | None = None

    @classmethod
    def of(cls, stack: Stack) -> "Files":
        """The index for a stack."""
        files = cls(entries=Entries(stack))
        for file in stack.of(ConfigFile):
            source = file.node.source
            if source.owner:
                files.by_owner[source.holder, source.owner].append(file)
            else:
                path = path_of(source)
                files.by_path[path].append(file)
                files.by_folder[dirname(path) or "."].add(path)
        for ignored in stack.of(IgnoredSetting):
            files.ignored[id(ignored.node.source)].append(ignored)
        return files

    def find(self, container: Container, path: str) -> Found:
        """What a container finds at an absolute path."""
        path = normpath(path)
        best, length = _covering(container, path)
        if not best:
            return self._in_image(container, path)
        outcomes = [self._mounted(container, mount, path[length + 1 :]) for mount in best]
        return next((one for one in outcomes if one.file is not None), outcomes[-1])

    def folder(self, container: Container, path: str) -> tuple[list[ConfigFile], str]:
        """The files of a folder in a container by their names, and why not all of them are known (empty where they are)."""
        path = normpath(path)
        found: dict[str, ConfigFile] = {}
        best, length = _covering(container, path)
        reason = "" if best else "it is part of the image"
        for mount in best:
            listed, why = self._listed(container, mount, path[length + 1 :])
            found.update((basename(one.name), one) for one in listed)
            reason = reason or why
        for name in self._copied(container, path) if not best else ():
            listed = self.in_folder(name, container.node.source.path)
            if listed:
                found = {basename(one.name): one for one in listed}
                reason = ""
                break
        for mount in container.mounts:  # single files that are mounted into it
            target = mount.target.or_else("").rstrip("/")
            if dirname(target) == path and target.endswith(".conf"):
                one = self.find(container, target)
                if one.file is not None:
                    found[basename(target)] = one.file
                    reason = "" if not best else reason
                else:
                    reason = reason or one.reason
        return [found[name] for name in sorted(found)], reason

    def at(self, path: str, near: str) -> ConfigFile | None:
        """The file at a path on disk (or of a block that gives itself this path), as seen from the file ``near``."""
        return _closest(self.by_path.get(path, []), near)

    def in_folder(self, folder: str, near: str) -> list[ConfigFile]:
        """The files of a folder on disk by their names."""
        found = [self.at(path, near) for path in sorted(self.by_folder.get(folder, ()))]
        return [one for one in found if one is not None]

    def use(self, file: ConfigFile) -> ConfigFile:
        """Note that a container reads a file."""
        self.used.add(id(file))
        return file

    def beside(self, file: ConfigFile, name: str) -> ConfigFile | None:
        """The file called ``name`` next to another one: in the same folder, ConfigMap or Secret."""
        source = file.node.source
        if source.owner and source.holder != "compose-config":
            candidates = [
                one for one in self.by_owner.get((source.holder, source.owner), ()) if basename(one.node.source.name) == name
            ]
        else:
            candidates = self.by_path.get(normpath(join(dirname(path_of(source)), name)), [])
        return _closest(candidates, source.path)

    def _mounted(self, container: Container, mount: Mount, rest: str) -> Found:
        source = mount.source.or_else("")
        if not mount.source.is_set:
            return Found(None, mount.source.reason or "what is mounted there is not known", mount)
        if mount.kind == "host":
            path = normpath(join(source, rest)) if rest else normpath(source)
            reason = f"`{path}` is mounted, which is not among the files that were read"
            return _found(self.by_path.get(path, []), container, mount, reason)
        if mount.kind in ("configmap", "secret"):
            return self._entry(container, mount, rest)
        if mount.kind == "compose-config":
            here = (mount.declared or container.node).source.path
            candidates = [one for one in self.by_owner.get(("compose-config", source), ()) if one.node.source.path == here]
            return _found(candidates, container, mount, f"it is the config `{source}`, which was not read")
        return Found(None, f"it lies in {_KINDS.get(mount.kind, 'a mount')} that is filled elsewhere", mount)

    def _listed(self, container: Container, mount: Mount, rest: str) -> tuple[list[ConfigFile], str]:
        """The files of a folder below a mount."""
        source = mount.source.or_else("")
        if mount.source.is_set and mount.kind == "host":
            folder = normpath(join(source, rest)) if rest else normpath(source)
            listed = self.in_folder(folder, container.node.source.path)
            return listed, "" if listed else f"`{folder}` holds no file that was read"
        if mount.source.is_set and mount.kind in ("configmap", "secret") and not mount.sub_path:
            return self._entries(container, mount, rest)
        return [], mount.source.reason or f"it lies in {_KINDS.get(mount.kind, 'a mount')} that is filled elsewhere"

    def _entries(self, container: Container, mount: Mount, rest: str) -> tuple[list[ConfigFile], str]:
        """The entries of a ConfigMap or Secret that a mount shows in a folder below it."""
        namespace, source = container.workload.namespace, mount.source.or_else("")
        names = self.entries.names(mount.kind, namespace, source) if self.entries is not None else set()
        shown = {projected: entry for entry, projected in mount.items.items()} if mount.items else {name: name for name in names}
        holders = ("secret", "secret-template") if mount.kind == "secret" else (mount.kind,)
        read = {
            basename(one.node.source.name): one
            for holder in holders
            for one in self.by_owner.get((holder, f"{namespace or 'default'}/{source}"), ())
        }
        if not names and not mount.items:
            shown = {name: name for name in read}
        wanted = {entry for projected, entry in shown.items() if dirname(projected) == rest and projected.endswith(".conf")}
        missing = sorted(wanted - set(read))
        what = "ConfigMap" if mount.kind == "configmap" else "Secret"
        reason = f"`{missing[0]}` of the {what} `{source}` was not read" if missing else ""
        if not wanted:
            reason = f"the {what} `{source}` has no file for it that was read"
        return [read[entry] for entry in sorted(wanted & set(read))], reason

    def _copied(self, container: Container, path: str) -> list[str]:
        """The folders on disk that the container's own Dockerfile copies to a folder, the last copy first."""
        context = container.build.context.or_else(".") if container.build is not None else None
        stage: BuildStage | None = container.stage
        found: list[str] = []
        for _ in range(_MAX_STAGES):
            if stage is None or context is None:
                break
            for copy in reversed(stage.copies):
                source, target = copy.source.or_else(""), copy.target.rstrip("/")
                if copy.from_stage is None and source and (path == target or path.startswith(target + "/")):
                    found.append(normpath(join(context, source.lstrip("/"), path[len(target) + 1 :])))
            stage = stage.parent
        return found

    def _entry(self, container: Container, mount: Mount, rest: str) -> Found:
        """An entry of a ConfigMap or Secret."""
        source = mount.source.or_else("")
        relative = "/".join(part for part in (mount.sub_path or "", rest) if part)
        entries = {projected: entry for entry, projected in mount.items.items()} if mount.items else None
        entry = entries.get(relative) if entries is not None else relative
        owner = f"{container.workload.namespace or 'default'}/{source}"
        holders = ("secret", "secret-template") if mount.kind == "secret" else (mount.kind,)
        entries_there = [one for holder in holders for one in self.by_owner.get((holder, owner), ())]
        candidates = [one for one in entries_there if basename(one.node.source.name) == entry]
        what = "ConfigMap" if mount.kind == "configmap" else "Secret"
        return _found(candidates, container, mount, f"it comes from the {what} `{source}`, which was not read")

    def _in_image(self, container: Container, path: str) -> Found:
        """A file that the container's own Dockerfile copies to this path."""
        context = container.build.context.or_else(".") if container.build is not None else None
        stage: BuildStage | None = container.stage
        for _ in range(_MAX_STAGES):
            if stage is None or context is None:
                break
            for copy in reversed(stage.copies):
                source = copy.source.or_else("")
                if copy.from_stage is not None or not source or not copy.target.startswith("/"):
                    continue
                target = copy.target.rstrip("/")
                below = path.removeprefix(target + "/") if path.startswith(target + "/") else None
                inside = [source] if path == target or below == basename(source) else [join(source, below)] if below else []
                for name in inside:
                    file = _closest(self.by_path.get(normpath(join(context, name.lstrip("/"))), []), container.node.source.path)
                    if file is not None:
                        return Found(file)
            stage = stage.parent
        return Found(None, "it is part of the image")


_KINDS = {"volume": "a volume", "empty": "a temporary volume", "image": "an image", "compose-secret": "a Compose secret"}


def _covering(container: Container, path: str) -> tuple[list[Mount], int]:
    """The innermost mounts that a path lies in, and the length of their target."""
    best: list[Mount] = []
    length = -1
    for mount in container.mounts:
        target = mount.target.or_else("").rstrip("/") if mount.target.is_set else ""
        if target and (path == target or path.startswith(target + "/")) and len(target) >= length:
            best = [*best, mount] if len(target) == length else [mount]
            length = len(target)
    return best, length


def path_of(source: Source) -> str:
    """The path that a text stands for: a file's own; for a block of a Markdown file what it calls itself, beside that file."""
    if source.outer is None:
        return normpath(source.path)
    return normpath(join(dirname(source.path), source.name))


def _found(candidates: list[ConfigFile], container: Container, mount: Mount, missing: str) -> Found:
    file = _closest(candidates, container.node.source.path)
    if file is None and candidates:
        missing = f"{len(candidates)} files here claim to be it"
    return Found(file, "" if file is not None else missing, mount)


def _closest(candidates: list[ConfigFile], path: str) -> ConfigFile | None:
    """The candidate from the same file, else the same folder, else the only one: two overlays may have the same names."""
    for near in (
        [one for one in candidates if one.node.source.path == path],
        [one for one in candidates if dirname(one.node.source.path) == dirname(path)],
        candidates,
    ):
        if len(near) == 1:
            return near[0]
    return None
