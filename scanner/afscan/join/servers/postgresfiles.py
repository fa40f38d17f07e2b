"""The files that a PostgreSQL server reads: the main one, what it includes, postgresql.auto.conf, pg_hba.conf."""

from posixpath import basename, dirname, join, normpath

from afscan.join.servers.files import Files, Found, path_of
from afscan.model.node import Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import ConfigFile, Container, HbaRule, Setting
from afscan.model.value import Value
from afscan.platforms.postgresfiles import HBA, INCLUDES, SERVER

_MAX_FILES = 50
_BITNAMI = "/opt/bitnami/postgresql/conf"
_BITNAMI_MOUNTED = "/bitnami/postgresql/conf"
"""The second is copied over the first when the container starts. Source: bitnami/containers, libpostgresql.sh."""
_FOLDERS = frozenset((_BITNAMI, _BITNAMI_MOUNTED, "/etc/postgresql"))
"""Folders that hold configuration and nothing that a server writes."""


@record(slots=True)
class Reading:
    """What is known so far of one server.

    ``main`` is its postgresql.conf; ``read`` all files; ``paths`` where in the container something was looked for. ``unread`` says
    why settings may be missing, empty where none are. ``records`` and ``known`` are :attr:`Postgres.records` and its state.
    """

    container: Container | None
    files: Files
    stack: Stack
    unread: str = ""
    main: ConfigFile | None = None
    settings: list[Setting] = field(default_factory=list)
    read: list[ConfigFile] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    records: list[HbaRule] = field(default_factory=list)
    uncertain: int = 0  # how many settings stand before an include that was not followed

    def find(self, path: str) -> Found:
        """What the container has at an absolute path; Bitnami's script copies what is mounted to where the server reads it."""
        self.paths.add(normpath(path))
        if self.container is None:
            return Found(None)
        found = self.files.find(self.container, path)
        if found.file is None and found.mount is None and path.startswith(_BITNAMI + "/"):
            return self.files.find(self.container, _BITNAMI_MOUNTED + path.removeprefix(_BITNAMI))
        return found

    def missing(self, found: Found, path: str) -> str:
        """Why a file that was looked for may be there and is not known; empty where it is not there, or as an image makes it."""
        mount = found.mount
        if found.file is not None or mount is None or self.container is None:
            return ""
        target = mount.target.or_else("").rstrip("/")
        if mount.kind in ("configmap", "secret"):
            entries = self.files.entries
            names = (
                entries.names(mount.kind, self.container.workload.namespace, mount.source.or_else(""))
                if entries is not None
                else set()
            )
            shown = set(mount.items.values()) if mount.items else names
            return found.reason if not names or mount.sub_path or path[len(target) + 1 :] in shown else ""
        single = target == normpath(path)
        return found.reason if single or (mount.kind == "host" and target in _FOLDERS and not self.stack.complete) else ""

    def take(self, file: ConfigFile, at: str | None) -> None:
        """Add a file's settings, and in their places those of the files that it includes.

        :param at: where in the container it lies; None where there is none.
        """
        self.read.append(self.files.use(file))
        for one in file.settings:
            if one.name not in INCLUDES:
                self.settings.append(one)
                continue
            below, reason = self._included(one, file, at, SERVER)
            for inner, place in below:
                if inner not in self.read and len(self.read) < _MAX_FILES:
                    self.take(inner, place)
            if reason:
                self._lose(one)

    def _lose(self, one: Setting) -> None:
        """Note an include that was not followed: the last one wins, and it may stand in there."""
        path = one.value.or_else("")
        self.unread = f"`{one.name} {path}` was not followed"
        self._notice(one)
        for index in range(self.uncertain, len(self.settings)):
            before = self.settings[index]
            value: Value[str] = Value.unknown(
                before.value.node, f"`{one.name} {path}` comes later and may set it", before.value.at
            )
            self.settings[index] = Setting(name=before.name, value=value, key_place=before.key_place, layer=before.layer)
        self.uncertain = len(self.settings)

    def _notice(self, one: Setting) -> None:
        what = "file" if one.name != "include_dir" else "folder"
        reason = f"The included {what} `{one.value.or_else('')}` is not here, or not all of it: what it says is not known."
        self.stack.notices.append(Notice(NoticeKind.UNRESOLVED, one.value.place, reason))

    def _included(
        self, one: Setting, file: ConfigFile, at: str | None, product: str
    ) -> tuple[list[tuple[ConfigFile, str | None]], str]:
        """The files that an include brings in, each with its path in the container; and why not all of them are known."""
        path = one.value.or_else("")
        if not path:
            return [], one.value.reason or "it names nothing"
        if at is None and not path.startswith("/"):
            return self._beside(one, file, path, product)
        place = normpath(join(dirname(at or ""), path))
        if one.name == "include_dir" and self.container is not None:
            self.paths.add(place)
            listed, reason = self.files.folder(self.container, place)
            if not listed and self._copied(place):
                listed, reason = self.files.folder(self.container, _BITNAMI_MOUNTED + place.removeprefix(_BITNAMI))
            wanted = [inner for inner in listed if _included_by_folder(inner)]
            return [(inner, join(place, basename(inner.name))) for inner in wanted if inner.product == product], reason
        found = self.find(place)
        below = found.file or (self.files.beside(file, basename(path)) if one.name != "include_dir" else None)
        if below is not None and below.product == product:
            return [(below, place if at is not None else None)], ""
        mounted = found.mount is None or found.mount.kind == "host"
        absent = one.name == "include_if_exists" and mounted and self.stack.complete
        return [], "" if absent else found.reason or "it is not here"

    def _copied(self, place: str) -> bool:
        return place.startswith(_BITNAMI + "/")

    def _beside(self, one: Setting, file: ConfigFile, path: str, product: str) -> tuple[list[tuple[ConfigFile, str | None]], str]:
        """The same for a file that no container here reads: what lies next to it."""
        source = file.node.source
        if one.name == "include_dir":
            listed = self.files.in_folder(normpath(join(dirname(path_of(source)), path)), source.path)
            found: list[tuple[ConfigFile, str | None]] = [(inner, None) for inner in listed if _included_by_folder(inner)]
            return [pair for pair in found if pair[0].product == product], "" if found else "it is not here"
        below = self.files.at(normpath(join(dirname(path_of(source)), path)), source.path)
        below = below or self.files.beside(file, basename(path))
        if below is not None and below.product == product:
            return [(below, None)], ""
        return [], "" if one.name == "include_if_exists" and self.stack.complete else "it is not here"

    def admit(self, file: ConfigFile, at: str | None) -> Value[bool]:
        """Add the records of a pg_hba.conf, with those that it includes, up to where they are no longer known.

        :returns: :attr:`Postgres.records_known`.
        """
        self.read.append(self.files.use(file))
        for one in file.records:
            if isinstance(one, HbaRule):
                unknown = _unknown(one)
                if unknown is not None:
                    return Value.unknown(unknown.node, f"a record of its pg_hba.conf is not known: {unknown.reason}", unknown.at)
                self.records.append(one)
                continue
            below, reason = self._included(one, file, at, HBA)
            for inner, place in below:
                if inner in self.read or len(self.read) >= _MAX_FILES:
                    continue
                known = self.admit(inner, place)
                if not known.is_set:
                    return known
            if reason:
                self._notice(one)
                node: Node = one.value.node
                return Value.unknown(node, f"`{one.name} {one.value.or_else('')}` was not followed", one.value.at)
        return Value.of(True, file.node)


def _included_by_folder(file: ConfigFile) -> bool:
    """``include_dir`` takes files that end in ``.conf`` and do not begin with a dot."""
    name = basename(file.name)
    return name.endswith(".conf") and not name.startswith(".")


def _unknown(rule: HbaRule) -> Value[str] | None:
    """The first word of a record that is not known."""
    words = (rule.type, *rule.databases, *rule.users, rule.address, rule.mask, rule.method)
    return next((word for word in words if word.is_unknown), None)
