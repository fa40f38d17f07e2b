"""Images: references to them, Dockerfiles with their stages, what is fetched while building."""

from typing import TYPE_CHECKING

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects.base import Subject
from afscan.model.value import Value

if TYPE_CHECKING:  # these build on images in their turn
    from afscan.model.subjects.workloads import Container, Probe


@record(slots=True, kw_only=True, eq=False)
class ImageReference(Subject):
    """A name of an image somewhere: a container's image, ``FROM``, ``COPY --from``.

    ``reference`` is the whole text after substitution of known variables. ``built_here`` marks the name that a build of this
    very file gives to its result (Compose ``build`` + ``image``); ``stage`` marks a reference to an earlier build stage. Where
    ``reference`` is unknown, ``written`` may give the text as far as it is known (``postgres:${TAG}``): the repository often is.
    """

    reference: Value[str]
    built_here: bool = False
    stage: bool = False
    written: str = ""

    @property
    def repository(self) -> str:
        """Repository without registry's default and ``library/``: ``redis``, ``bitnami/redis``, ``ghcr.io/org/app``; "" if unknown."""
        text = self.reference.or_else(self.written).split("@", 1)[0]
        head, _, last = text.rpartition("/")
        name = (head + "/" if head else "") + last.split(":", 1)[0]
        if "$" in name:
            return ""
        for prefix in ("docker.io/", "index.docker.io/", "registry-1.docker.io/"):
            name = name.removeprefix(prefix)
        return name.removeprefix("library/")

    @property
    def tag(self) -> str | None:
        """The tag, None where none is written or the reference is unknown."""
        last = self.reference.or_else("").split("@", 1)[0].rpartition("/")[2]
        return last.split(":", 1)[1] if ":" in last else None

    @property
    def digest(self) -> str | None:
        """The digest (``sha256:...``), None where none is written."""
        text = self.reference.or_else("")
        return text.split("@", 1)[1] if "@" in text else None

    @property
    def version(self) -> tuple[str | None, str | None] | None:
        """Tag and digest, None for what is not written; None as a whole where they cannot be told.

        Also where the registry or repository alone is not known: ``${REGISTRY}/app:1.2`` names the tag 1.2.
        """
        text = self.reference.or_else(self.written)
        last, _, digest = text.rpartition("/")[2].partition("@")
        _, colon, tag = last.rpartition(":")
        decisive = tag if colon else last
        if self.reference.is_unknown and (not text or any(mark in decisive + digest for mark in "$<>{}%")):
            return None
        return tag if colon else None, digest or None


@record(slots=True, kw_only=True, eq=False)
class BuildArgument:
    """``ENV``, ``ARG`` or a Compose build arg: a name and its value."""

    name: str
    value: Value[str]
    kind: str  # "env" or "arg"


@record(slots=True, kw_only=True, eq=False)
class BuildCopy:
    """``COPY``/``ADD`` from the build context: one source path. ``from_stage`` is None for the context."""

    source: Value[str]
    target: str
    from_stage: str | None = None


@record(slots=True, kw_only=True, eq=False)
class BuildCommand:
    """``RUN``: the shell text (heredoc bodies included) and what is mounted for it (``secret``, ``cache``, ...).

    ``security`` is the mode of ``--security`` (``insecure``, ``sandbox``), None without that flag.
    """

    text: Value[str]
    mounts: list[str] = field(default_factory=list)
    security: Value[str] | None = None


@record(slots=True, kw_only=True, eq=False)
class BuildStage:
    """One ``FROM`` and what follows. ``base`` is None for ``scratch``; ``parent`` is the earlier stage it builds on, if any."""

    node: Node
    name: str | None
    base: ImageReference | None
    parent: "BuildStage | None"
    user: Value[str]  # the last USER of this stage alone; unset where it has none
    healthcheck: "Value[Probe]"  # HEALTHCHECK of this stage alone
    arguments: list[BuildArgument] = field(default_factory=list)
    copies: list[BuildCopy] = field(default_factory=list)
    commands: list[BuildCommand] = field(default_factory=list)
    entrypoint: Value[list[str]] | None = None
    command: Value[list[str]] | None = None
    ports: list[Value[int]] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class ImageBuild(Subject):
    """A Dockerfile: its stages in order; the last one (or the built target) is what runs.

    ``built_by`` is filled by the join: the containers of the stack that build it.
    """

    stages: list[BuildStage]
    built_by: "list[Container]" = field(default_factory=list)

    def stage(self, target: str | None = None) -> BuildStage | None:
        """The stage that a build with this target yields (by name, case-insensitive, or index); the last one by default."""
        if not self.stages:
            return None
        if target is None:
            return self.stages[-1]
        for stage in self.stages:
            if stage.name is not None and stage.name.lower() == target.lower():
                return stage
        return self.stages[int(target)] if target.isdecimal() and int(target) < len(self.stages) else None


@record(slots=True, kw_only=True, eq=False)
class Dependency(Subject):
    """Something fetched by name while building or provisioning (DEP404).

    ``kind``: ``terraform-module``, ``terraform-provider``, ``pip``, ``apt``, ``apk``, ``npm``, ``gem``, ``go``, ``helm-chart``.
    ``version`` is the constraint as written; ``pinned`` whether it always yields the same major line at least (exact version, ``~>``,
    lock file, hash).
    """

    kind: str
    version: Value[str]
    pinned: Value[bool]
