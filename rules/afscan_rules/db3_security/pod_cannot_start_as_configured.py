"""DB309: datastores that do not start, or that nobody reaches, as they are configured."""

from collections.abc import Iterator

from afscan.join.starting import folders_for_files, loopback_only, missing_log_folder, reached_by, runs_as_root
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, RedisServer, Server
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule


@rule("DB309", severity=Severity.HIGH, tags=("CWE-1188",))
def pod_cannot_start_as_configured(server: Server, stack: Stack) -> Iterator[Problem]:
    """Server cannot start, or cannot be reached, as configured.

    What is configured is not what runs: a server that listens on the loopback interface of its own container answers nobody else, one
    whose file is a folder, or whose log folder its image lacks, stops at once. Whoever repairs it in a hurry turns a protection off
    with it: the password file, the certificate, the bind address. Whether clients reach a pooler is DB103's.

    ## Fix
    - Redis: write `bind * -::*` (or the container's own address) and keep others out by password and network policy; log to standard
      output with `logfile ""`.
    - PgBouncer: run it as a user other than 0.
    - Kubernetes: mount a single file with `subPath`, or mount the folder around it.
    - Any: let the server listen where its clients come from, and mount each file as a file.
    """
    if server.container is None:
        yield NOT_APPLICABLE
        return
    yield from _unreachable(server, stack)
    for mount, what in folders_for_files(server):
        target = mount.target
        yield fail(
            target.place,
            f"{server.name} finds a folder where {what} expects a file: `{target.value}` is mounted without `subPath`.",
        )
    if isinstance(server, PgBouncer) and (user := runs_as_root(server)) is not None:
        yield fail(user.place, f"{server.name} does not start: PgBouncer refuses to run as user 0.")
    if isinstance(server, RedisServer) and (file := missing_log_folder(server)) is not None:
        yield fail(file.place, f"{server.name} does not start: its image has no folder for the log file `{file.value}`.")


def _unreachable(server: Server, stack: Stack) -> Iterator[Problem]:
    listens = loopback_only(server)
    if listens is None or server.container is None:
        return
    reached = reached_by(stack, server.container)
    if reached is not None:
        at: Value[str] = listens
        yield fail(
            at.place,
            f"{server.name} answers nobody outside of its container: it listens on `{at.value}` only, and {reached.by}.",
            related=_related(reached.value.place, reached.by),
        )


def _related(place: Place, by: str) -> list[Related]:
    return [Related(place, f"Here {by}.")]
