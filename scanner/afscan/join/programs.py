"""Which programs a container finds in its image: what is known of the image, and what a Dockerfile puts on top of it.

That a program is missing is claimed only where it is proven: every RUN of the Dockerfile is of a known kind and does not name
it, and nothing is copied or mounted into a folder in which programs are looked for.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath

from afscan.model.node import Scalar
from afscan.model.subjects import BuildCopy, BuildStage, Container
from afscan.platforms.dockerfile.shell import commands
from afscan.platforms.images import facts_of_reference

SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_HOLDING = frozenset((*_FOLDERS, "/", "/usr", "/usr/local"))
"""Folders in which programs are looked for, and those above them: what is put there may be any program."""

_PLAIN = words(
    """apt-get apt apk dnf yum microdnf pip pip3 uv poetry pipenv npm yarn pnpm bundle gem go cargo mvn gradle python python3 node
    useradd groupadd adduser addgroup usermod groupmod deluser mkdir chown chmod chgrp rm rmdir ln cp mv touch echo printf cat set
    export cd test [ true : sed find grep xargs tar update-ca-certificates ldconfig locale-gen sleep date ls id which exit
    setcap strip chsh passwd sync umask"""
)
"""Programs of RUN lines that bring no other program than the ones that they are told by name."""

_PACKAGES = {"nc": "netcat|ncat|nmap|busybox", "wget": "busybox", "aws": "awscli|aws-cli", "sh": "busybox|dash"}
"""Names of packages that bring a program of another name."""

_MAX_STAGES = 100
_MAX_SCRIPT = 200_000


def carries(container: Container, program: str) -> bool | None:
    """Whether a container can run a program (a name or an absolute path); None where that is not known."""
    name = program.rpartition("/")[2]
    for mount in container.mounts:
        target = normpath(mount.target.or_else("/"))
        if target in _HOLDING or target.rpartition("/")[2] == name or program.startswith(target.rstrip("/") + "/"):
            return None
    if container.build is not None:
        stages = container.dockerfile.stages if container.dockerfile is not None else ()
        return stage_carries(container.stage, program, stages) if container.stage is not None else None
    facts = facts_of_reference(container.image) if container.image is not None else None
    found = facts.carries(program) if facts is not None else None
    return None if found is False and "PATH" in container.environment else found


def stage_carries(stage: BuildStage, program: str, stages: Sequence[BuildStage] = ()) -> bool | None:
    """Whether the image of a build stage holds a program; None where that is not known.

    :param stages: those of the Dockerfile, for what is copied from one into another.
    """
    return _Stages(stages, program.rpartition("/")[2]).carry(stage)


class _Stages:
    """Looks for one program in the stages of one Dockerfile."""

    def __init__(self, stages: Sequence[BuildStage], name: str) -> None:
        self.name = name
        self.stages = stages
        self.known: dict[int, bool | None] = {}

    def carry(self, stage: BuildStage) -> bool | None:
        if id(stage) not in self.known:
            self.known[id(stage)] = None  # a stage that copies from itself proves nothing
            self.known[id(stage)] = self._carries(stage)
        return self.known[id(stage)]

    def _carries(self, stage: BuildStage) -> bool | None:
        chain: list[BuildStage] = []
        at: BuildStage | None = stage
        while at is not None and len(chain) < _MAX_STAGES:
            chain.append(at)
            at = at.parent
        base = chain[-1].base
        facts = facts_of_reference(base) if base is not None else None
        found = False if base is None and at is None else facts.carries(self.name) if facts is not None else None
        if found is not False:
            return found
        return None if any(self._may_bring(one) for one in chain) else False

    def _may_bring(self, stage: BuildStage) -> bool:
        """Whether a stage may put the program into its image."""
        folders = set(_HOLDING)
        for argument in stage.arguments:
            if argument.name == "PATH":
                node = argument.value.node  # as written: what stands in the image's own PATH is known already
                written = argument.value.or_else(node.text if isinstance(node, Scalar) else "")
                folders.update(normpath(part) for part in written.split(":") if part.startswith("/"))
        if any(self._copies(copy, folders) for copy in stage.copies):
            return True
        return any(not command.text.is_set or _unclear(command.text.or_else(""), self.name) for command in stage.commands)

    def _copies(self, copy: BuildCopy, folders: set[str]) -> bool:
        target = normpath(copy.target) if copy.target.startswith("/") else ""
        source = copy.source.or_else(self.name).rstrip("/")
        if self.name not in (source.rpartition("/")[2], target.rpartition("/")[2]) and not any(
            _below(target, f) for f in folders
        ):
            return False
        origin = self._stage(copy.from_stage)
        return origin is None or len(self.known) >= _MAX_STAGES or self.carry(origin) is not False

    def _stage(self, name: str | None) -> BuildStage | None:
        if name is None:
            return None
        if name.isascii() and name.isdecimal() and len(name) < 4:
            return self.stages[int(name)] if int(name) < len(self.stages) else None
        return next((one for one in self.stages if one.name is not None and one.name.lower() == name.lower()), None)


def _below(target: str, folder: str) -> bool:
    """Whether a copy to ``target`` puts a whole tree at or above a folder of programs."""
    return bool(target) and (target == folder or folder.startswith(target.rstrip("/") + "/"))


def _unclear(script: str, name: str) -> bool:
    """Whether a RUN may install a program: it names it, or runs something of which that is not known."""
    named = re.escape(name) + ("|" + _PACKAGES[name] if name in _PACKAGES else "")
    if len(script) > _MAX_SCRIPT or re.search(rf"(?<![A-Za-z0-9])(?:{named})", script):
        return True
    return any(program not in _PLAIN for program in _programs(script))


def _programs(script: str) -> Iterator[str]:
    for command in commands(script):
        program, _ = command.program()
        if program or any(word.dynamic for word in command.words):  # else keywords and assignments alone
            yield program


def script_of(argv: list[str]) -> str | None:
    """The text that ``sh -c`` runs; None where the argv runs something else."""
    if not argv or argv[0].rpartition("/")[2] not in SHELLS:
        return None
    for index, word in enumerate(argv[1:], 1):
        if not word.startswith("-") or word.startswith("--"):
            return None
        if word.endswith("c"):
            return argv[index + 1] if index + 1 < len(argv) else None
    return None
