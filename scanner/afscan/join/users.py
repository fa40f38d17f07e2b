"""As whom a container really runs: its own user, else the Dockerfile that it is built from, else what is known of the image.

Sources: docs.docker.com/reference/dockerfile, "USER"; Kubernetes, "Configure a Security Context" (runAsNonRoot makes the kubelet
refuse a container that would run as user 0); the images' own entrypoints (:mod:`afscan.platforms.images`).
"""

from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects import BuildStage, Container, ImageBuild, ImageReference
from afscan.model.value import Value
from afscan.platforms.images import ImageFacts, facts_of_reference

_MAX_STAGES = 1000


@record(slots=True)
class EffectiveUser:
    """As whom something runs. ``verdict``: ``root``, ``nonroot`` or ``unknown``; ``place``: what decides; ``why``: a clause.

    ``unproven``: unknown because nobody sets a user and the image says nothing, not because something cannot be evaluated.
    """

    verdict: str
    value: Value[str]
    place: Place
    why: str
    related: list[Place] = field(default_factory=list)
    unproven: bool = False


def is_root(user: str) -> bool:
    """Whether a user, with or without a group, is user 0 by any spelling: ``0``, ``root``, ``0:0``, ``00``, ``0x0``."""
    name = user.strip().partition(":")[0].strip()
    if name == "root" or not name:
        return True
    if len(name) > 40:
        return False
    for base in (10, 0):
        try:
            return int(name, base) == 0
        except ValueError:
            continue
    return False


def effective_user(container: Container) -> EffectiveUser:
    """As whom a container runs."""
    user = container.user
    if user.is_unknown:
        return EffectiveUser("unknown", user, user.place, user.reason)
    if user.is_set and user.or_else("").strip():
        return _written(user, "the user is set to")
    guard = container.run_as_non_root
    if guard is not None and guard.is_set and guard.value:
        return EffectiveUser("nonroot", user, guard.place, "runAsNonRoot makes the kubelet refuse user 0")
    found = _of_build(container) if container.build is not None and not _pulled(container) else _of_image(container)
    if guard is not None and guard.is_unknown and found.verdict == "root":
        return EffectiveUser("unknown", user, guard.place, guard.reason, [found.place])
    return found


def effective_user_of_build(build: ImageBuild, target: str | None = None) -> EffectiveUser:
    """As whom the image of a Dockerfile runs when nothing is said to the container runtime."""
    stage = build.stage(target)
    if stage is None:
        value: Value[str] = Value.unknown(build.node, f"the Dockerfile has no stage `{target}`")
        return EffectiveUser("unknown", value, build.place, value.reason)
    return _of_stage(stage, None)


def _written(user: Value[str], clause: str) -> EffectiveUser:
    text = user.or_else("")
    return EffectiveUser("root" if is_root(text) else "nonroot", user, user.place, f"{clause} `{text[:60]}`")


def _pulled(container: Container) -> bool:
    """Whether a container with a build still runs an image from elsewhere; Compose runs what it builds."""
    return container.image is not None and not container.image.built_here and container.dockerfile is None


def _of_build(container: Container) -> EffectiveUser:
    if container.stage is not None:
        found = _of_stage(container.stage, container)
        if container.place not in (found.place, *found.related):
            found.related.append(container.place)
        return found
    reference = container.build
    reason = "the Dockerfile that it is built from is not among these files"
    if container.dockerfile is not None:
        reason = "the stage that is built cannot be told"
    elif reference is not None and reference.dockerfile.is_unknown:
        reason = reference.dockerfile.reason
    value: Value[str] = Value.unknown(container.node, reason)
    return EffectiveUser("unknown", value, container.place, reason)


def _of_image(container: Container) -> EffectiveUser:
    image = container.image
    if image is None:
        value: Value[str] = Value.unset(container.node)
        return EffectiveUser("unknown", value, container.place, "there is neither a user nor an image")
    return _of_reference(image, [], container)


def _chain(stage: BuildStage) -> list[BuildStage]:
    """The stage and those that it builds on, the outermost last."""
    chain: list[BuildStage] = []
    at: BuildStage | None = stage
    while at is not None and len(chain) < _MAX_STAGES:
        chain.append(at)
        at = at.parent
    return chain


def _of_stage(stage: BuildStage, container: Container | None) -> EffectiveUser:
    chain = _chain(stage)
    for one in chain:
        if one.user.is_unknown:
            return EffectiveUser("unknown", one.user, one.user.place, one.user.reason)
        if one.user.is_set:
            return _written(one.user, "the Dockerfile's last USER is")
    base = chain[-1].base
    if base is None:
        value: Value[str] = Value.unset(stage.node)
        return EffectiveUser("root", value, stage.node.head, "an image from scratch without USER runs as root")
    found = _of_reference(base, chain, container)
    if found.place == base.place and found.verdict == "root":
        # What is wrong is the stage without a USER; the image that it starts from is why.
        found.place, found.related = stage.node.head, [base.place, *found.related]
        found.value = Value.unset(stage.node)
    return found


def _of_reference(image: ImageReference, chain: list[BuildStage], container: Container | None) -> EffectiveUser:
    """What is known of an image's user, with what stages and container put in place of its entrypoint."""
    facts = facts_of_reference(image)
    name = image.reference.or_else(image.written) or "the image"
    unset: Value[str] = Value.unset(image.node)
    if facts is None or facts.user is None:
        reason = f"nobody sets a user, and nothing is known of the user of `{name[:100]}`"
        if image.reference.is_unknown and not image.repository:
            return EffectiveUser("unknown", unset, image.place, image.reference.reason)
        return EffectiveUser("unknown", unset, image.place, reason, unproven=True)
    if facts.user == "nonroot":
        return EffectiveUser("nonroot", unset, image.place, f"`{name[:100]}` does not run as root")
    if facts.drops_privileges_for is None:
        return EffectiveUser("root", unset, image.place, f"nobody sets a user, and `{name[:100]}` runs as root")
    verdict, why, place = _dropping(facts, name[:100], chain, container)
    return EffectiveUser(verdict, unset, image.place, why, [place] if place is not None else [])


def _dropping(
    facts: ImageFacts, name: str, chain: list[BuildStage], container: Container | None
) -> tuple[str, str, Place | None]:
    """Whether the entrypoint of an image that starts as root goes on as another user: (verdict, why, what stands against it)."""
    entrypoint, command = _started(chain, container)
    for value in (entrypoint, command):
        if value is not None and value.is_unknown:
            return "unknown", f"`{name}` leaves root only for its own server, and the command is not known", value.place
    argv = (command.value or []) if command is not None else []
    if entrypoint is not None:
        words = entrypoint.value or []
        if words and words[0].rpartition("/")[2] == "docker-entrypoint.sh":
            argv = words[1:] + argv
        elif words:
            return "root", f"`{name}` starts as root, and its entrypoint, which would leave root, is replaced", entrypoint.place
    if not facts.drops_for(argv[0] if argv else None):
        place = command.place if command is not None else None
        return "root", f"`{name}` starts as root, and its entrypoint leaves root only for its own server", place
    if container is not None:
        kept = _kept_root(facts, container)
        if kept is not None:
            return kept[0], f"`{name}` starts as root, and {kept[1]}", kept[2]
    return "nonroot", f"the entrypoint of `{name}` leaves root for the server", None


def _started(chain: list[BuildStage], container: Container | None) -> "tuple[Value[list[str]] | None, Value[list[str]] | None]":
    """What stands in place of the image's entrypoint and of its command; None where the image's own is kept."""
    if container is not None and not container.command.is_unset:
        return container.command, None if container.arguments.is_unset else container.arguments
    entrypoint = command = None
    for stage in chain:
        if entrypoint is None and command is None and stage.command is not None and not stage.command.is_unset:
            command = stage.command
        if entrypoint is None and stage.entrypoint is not None and not stage.entrypoint.is_unset:
            entrypoint = stage.entrypoint
    if container is not None and not container.arguments.is_unset:
        command = container.arguments
    return entrypoint, command


def _kept_root(facts: ImageFacts, container: Container) -> tuple[str, str, Place] | None:
    """What keeps an entrypoint from leaving root: (verdict, why, where)."""
    variable = container.environment.get(facts.kept_root_by) if facts.kept_root_by is not None else None
    if variable is not None and variable.value.is_unknown:
        return "unknown", f"`{variable.name}` may keep it so", variable.value.place
    if variable is not None and variable.value.or_else(""):
        return "root", f"`{variable.name}` keeps it so", variable.value.place
    added = {value.or_else("") for value in container.capabilities_added}
    dropped = {value.or_else(""): value for value in container.capabilities_dropped}
    for needed in ("SETUID", "SETGID"):
        gone = dropped.get(needed) or dropped.get("ALL")
        if gone is not None and needed not in added and "ALL" not in added:
            return "root", f"without the capability {needed} its entrypoint cannot leave root", gone.place
    return None
