"""MON403: whether a log pipeline shows who it is, and checks to whom it speaks."""

from collections.abc import Iterator

from afscan.join.logging import stays_here
from afscan.model.monitoring import LogOutput, LogPipeline
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("MON403", severity=Severity.MEDIUM, tags=("CWE-306", "CWE-295"))
def pipeline_insecure(pipeline: LogPipeline, stack: Stack) -> Iterator[Problem]:
    """Log pipeline is not authenticated.

    A store that takes records from anybody can be filled with false ones, and usually gives all of them to anybody as well: an
    attacker reads the platform's logs, and writes alibis. A collector that does not check the server's certificate hands its
    records and its password to whoever answers. Outputs that take the identity of a cloud's environment are not judged.

    ## Fix
    - Fluentd: set `user` and `password` (`<security>` with `shared_key` for `forward`), from the environment:
      `"#{ENV['LOG_PASSWORD']}"`; leave `ssl_verify` on.
    - Fluent Bit: set `HTTP_User` and `HTTP_Passwd` (`Shared_Key` for `forward`) from the environment; leave `tls.verify` on.
    - Any: give the output credentials, and let it verify the server's certificate.
    """
    judged = False
    for output in pipeline.outputs:
        if output.authenticated is None or stays_here(output):
            continue
        judged = True
        yield from _one(output)
    if not judged:
        yield NOT_APPLICABLE


def _one(output: LogOutput) -> Iterator[Problem]:
    target = _target(output)
    known, verified = output.authenticated, output.verified
    if known is not None and known.is_unknown:
        yield unknown(known.place, f"Whether the `{output.kind}` output authenticates is not known: {known.reason}.")
    elif known is not None and not known.value:
        yield fail(known.place, f"The `{output.kind}` output sends logs to {target} without any credentials.")
    if verified.is_unknown:
        yield unknown(verified.place, f"Whether the `{output.kind}` output verifies its server is not known: {verified.reason}.")
    elif verified.value is False:
        yield fail(verified.place, f"The `{output.kind}` output does not verify the certificate of {target}.")


def _target(output: LogOutput) -> str:
    return next((f"`{host.value}`" for host in output.hosts if host.is_set and host.value), "its server")
