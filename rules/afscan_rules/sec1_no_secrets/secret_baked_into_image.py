"""SEC102: secrets in images and in their builds."""

import re
from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import BuildArgument, BuildCommand, BuildStage, Credential, ImageBuild, Origin
from afscan.platforms.secrets import credential_kind, kind_name, literal_place, literal_text, origin_of, secret_file
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_BROWSER = ("VITE_", "REACT_APP_", "VUE_APP_", "GATSBY_")
"""Prefixes of what a front end is built with: every visitor reads it anyway, so nobody takes it for a secret."""

_LEAVE_OUT = "leave it out, name it in `.dockerignore`, and mount it when the container starts."

_Declared = tuple[BuildStage, BuildArgument]


@rule("SEC102", severity=Severity.CRITICAL, tags=("CWE-798", "CWE-538"))
def secret_baked_into_image(subject: ImageBuild | Credential, stack: Stack) -> Iterator[Problem]:
    """Secret is baked into an image.

    Everybody who can pull an image reads its files, its environment and the history of its build, also what a later step
    deletes. A literal counts in every stage, for it is in the repository as well; files that are copied count in the stages that
    ship; a build argument that takes a secret stays in the history, and of a stage that does not ship in the cache and the
    provenance (low). A BuildKit secret mount leaves nothing behind.

    ## Fix
    - Dockerfile: use `RUN --mount=type=secret,id=token ...` for the build, and give the running container its secrets at start.
    - Compose: use `build.secrets` for the build, and `secrets:` or `environment` for the running container.
    - Any: hand secrets to the container when it starts, and change those that an image has carried.
    """
    if isinstance(subject, Credential):
        yield from _credential(subject)
        return
    shipped = _shipped(subject)
    yield from _files(subject, shipped)
    yield from _build_arguments(subject, shipped)


def _credential(credential: Credential) -> Iterator[Problem]:
    """A setting, a build argument's default, something in RUN; in a Compose file an argument that is passed."""
    what, value = kind_name(credential.kind), credential.value
    if credential.holder != "image":
        yield NOT_APPLICABLE
    elif literal_text(credential) is not None:
        user = f" of user `{credential.user}`" if credential.user else ""
        yield fail(
            literal_place(credential),
            f"The {what}{user} stands in the build in full (`{credential.key}`): "
            "it stays in the repository and in the build's history.",
        )
    elif credential.origin is Origin.UNKNOWN:
        yield unknown(value.place, f"Where `{credential.key}` comes from is not known: {value.reason or 'it is not evaluated'}.")
    elif (
        credential.container is not None and credential.container.dockerfile is None and credential.origin is Origin.INTERPOLATED
    ):
        yield fail(
            value.place,
            f"The build argument `{credential.key}` passes a secret ({what}): its value stays in the history of the image.",
            severity=Severity.MEDIUM,
        )
    elif credential.origin in (Origin.PLACEHOLDER, Origin.EMPTY):
        yield NOT_APPLICABLE


def _shipped(build: ImageBuild) -> set[int]:
    """The nodes of the stages whose layers are in an image that runs: the last one, those that a container targets, and those
    they build on."""
    waiting = [*build.stages[-1:], *(container.stage for container in build.built_by if container.stage is not None)]
    found: set[int] = set()
    while waiting:
        stage = waiting.pop()
        if id(stage.node) not in found:
            found.add(id(stage.node))
            waiting += [stage.parent] if stage.parent is not None else []
    return found


def _files(build: ImageBuild, shipped: set[int]) -> Iterator[Problem]:
    for stage in build.stages:
        for copy in stage.copies if id(stage.node) in shipped else ():
            path = copy.source.or_else("") or str(getattr(copy.source.node, "text", ""))
            held = secret_file(path, copy.target)
            if held is not None and held.certain:
                yield fail(copy.source.place, f"`{path}` goes into the image: it holds {held.what}.", remedy=_LEAVE_OUT)
            elif held is not None:
                yield unknown(copy.source.place, f"`{path}` goes into the image, and whether it holds {held.what} is not known.")


def _build_arguments(build: ImageBuild, shipped: set[int]) -> Iterator[Problem]:
    """Arguments that take a secret and have no default, each name once."""
    declared: dict[str, list[_Declared]] = {}
    for stage in build.stages:
        for argument in stage.arguments:
            if argument.kind == "arg" and _takes_secret(argument):
                declared.setdefault(argument.name, []).append((stage, argument))
    for name, places in declared.items():
        ships = [place for place in places if id(place[0].node) in shipped]
        yield _argument(name, places, ships)


def _takes_secret(argument: BuildArgument) -> bool:
    if argument.name.startswith(_BROWSER) or credential_kind(argument.name) is None:
        return False
    text = argument.value.or_else("")
    return not text or origin_of(text, expands=True) is not Origin.LITERAL


def _argument(name: str, places: list[_Declared], ships: list[_Declared]) -> Problem:
    what = kind_name(credential_kind(name) or "secret")
    _, argument = (ships or places)[0]
    related = [
        Related(command.text.place, f"`{name}` is used here; a secret mount would leave nothing behind.")
        for stage, _ in places
        for command in stage.commands
        if "secret" not in command.mounts and _uses(name, command)
    ][:3]
    kept = next((one for stage, _ in ships for one in stage.arguments if one.kind == "env" and _refers(name, one)), None)
    if kept is not None:
        related.insert(0, Related(kept.value.place, f"`ENV {kept.name}` keeps it in the image's configuration."))
        where, severity = f"and `ENV {kept.name}` keeps its value in the image", Severity.HIGH
    elif ships:
        where, severity = "and its value stays in the history of the image", Severity.MEDIUM
    else:
        where, severity = "and its value stays in the build cache and the provenance, though not in the image", Severity.LOW
    place = argument.value.place
    return fail(place, f"The build argument `{name}` takes a secret ({what}), {where}.", related=related, severity=severity)


def _uses(name: str, command: BuildCommand) -> bool:
    return _reference(name).search(command.text.or_else("")) is not None


def _refers(name: str, argument: BuildArgument) -> bool:
    node = argument.value.node
    return _reference(name).search(str(getattr(node, "raw", ""))) is not None


def _reference(name: str) -> "re.Pattern[str]":
    return re.compile(rf"\$(?:\{{{re.escape(name)}\b|{re.escape(name)}\b)")
