"""DB209: scripts that call programs which their image does not carry."""

from collections.abc import Iterator
from posixpath import basename

from afscan.join.programs import carries
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule

_INSTALLERS = frozenset(
    ("apk", "apt-get", "apt", "dnf", "yum", "microdnf", "pip", "pip3", "npm", "gem", "go", "install", "wget", "tar")
)
"""Programs with which a script may fetch what it needs."""

_LOOKS = frozenset(("command", "which", "type", "hash"))


@rule("DB209", severity=Severity.HIGH, tags=("CWE-1059",))
def job_image_lacks_tool(script: Script, stack: Stack) -> Iterator[Problem]:
    """Script calls a program that its image lacks.

    The job that calls `aws` in an image of PostgreSQL ends with "command not found". For a backup that is noticed when the backup is
    needed; for a restore, in the hour in which everything else is broken as well. What images carry is what is known of public ones, and
    what a Dockerfile of the stack puts on top.

    ## Fix
    - Kubernetes: use an image that carries every program of the script, built from a Dockerfile of your own.
    - Any: build an image with the programs that the script calls, or use one that carries them.
    """
    container = script.container
    if container is None or script.holder in ("probe", "image") or any(c.name_of_program in _INSTALLERS for c in script.commands):
        yield NOT_APPLICABLE
        return
    told: set[str] = {word for one in script.commands if one.name_of_program in _LOOKS for word in one.texts[1:]}
    place = container.image.place if container.image is not None else container.place
    for command in script.commands:
        program = command.name_of_program
        if not program or program in told or not _is_looked_up(command, script):
            continue
        told.add(program)
        if carries(container, program) is False:
            image = container.image.reference.or_else(container.image.written) if container.image is not None else ""
            named = f"`{image}`" if image else f"the image of {container.name}"
            yield fail(
                command.place,
                f"`{program}` is not on board of {named}, in which this script runs.",
                related=[Related(place, "This is the image.")],
            )


def _is_looked_up(command: Command, script: Script) -> bool:
    """Whether a command is a program of the image: no function, no file of its own, nothing that runs elsewhere."""
    word = command.texts[0] if command.texts else ""
    return not command.remote and word == basename(word) and word not in script.functions
