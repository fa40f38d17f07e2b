"""What a container's environment and command line say."""

from afscan.model.subjects import Container
from afscan.platforms.reading import Interpretation
from afscan.platforms.variables.commands import describe_command, describe_probe
from afscan.platforms.variables.groups import describe_environment
from afscan.platforms.variables.settings import Owner


def describe_container(container: Container, out: Interpretation) -> None:
    """Emit the credentials, connections and logins of a container's environment, command and arguments, and the
    credentials in its probes.

    Variables of one prefix are taken together: one connection per group with a host, its user with its password, its SSL mode.
    """
    whose = Owner(owner=container.name, platform=container.platform, holder="environment", out=out, container=container)
    describe_environment(container, whose)
    line = Owner(owner=container.name, platform=container.platform, holder="command-line", out=out, container=container)
    describe_command(container, line)
    for probe in (container.liveness, container.readiness, container.startup):
        test = probe.value if probe is not None and probe.is_set else None
        if test is not None and test.command is not None and test.command.is_set:
            describe_probe(test.command, container, line)
    from afscan.platforms.script.containers import embed_scripts  # noqa: PLC0415  (start-up time)

    embed_scripts(container, out)
