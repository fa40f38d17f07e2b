"""SEC304: PostgreSQL servers that do not use TLS, or do not insist on it."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Postgres
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC304", severity=Severity.HIGH, tags=("CWE-319",))
def postgres_tls_off(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """PostgreSQL TLS is off.

    PostgreSQL's `ssl` is off by default, in the official image too, and passwords and rows then cross the network as they are.
    With `ssl` on, a record `host` in pg_hba.conf still lets in clients that do not ask for TLS; `hostssl` does not.
    On RDS, `rds.force_ssl` decides whether clients without TLS are let in; it is on by default from PostgreSQL 15 (Aurora: 17).
    On Cloud SQL it is `ssl_mode`.

    ## Fix
    - Kubernetes, Compose: start the server with `-c ssl=on -c ssl_cert_file=... -c ssl_key_file=...`.
    - Postgres: set `ssl = on` with `ssl_cert_file` and `ssl_key_file`, and write `hostssl` in place of `host` in pg_hba.conf.
    - Terraform: set the parameter `rds.force_ssl` to `1` in the parameter group that the instance uses; for Cloud SQL
      `ssl_mode = "ENCRYPTED_ONLY"`.
    - Any: turn `ssl` on, with a certificate.
    """
    if isinstance(server, Postgres):
        yield from _server(server)
    else:
        yield from _managed(server)


def _server(server: Postgres) -> Iterator[Problem]:
    tls, known = server.tls, server.records_known
    complete = known is not None and bool(known.value)
    silent = server.partial and known is None and "ssl" not in server.settings
    if (server.remote is not None and server.remote.value is False) or (complete and not server.hba_methods) or silent:
        yield NOT_APPLICABLE  # Unix sockets and this pod only; a piece of a configuration that does not speak of it
    elif not tls.is_unknown and not tls.value:
        why = "`ssl` is not set, and off is the default" if tls.is_unset else "`ssl` is off"
        yield fail(tls.place, f"{server.name} does not use TLS: {why}.")
    elif server.plaintext_rules:
        first, *others = server.plaintext_rules
        related = [Related(one.type.place, "This record does so, too.") for one in others]
        message = f"{server.name} lets clients in without TLS: {first.name} is not for TLS connections alone."
        yield fail(first.type.place, message, related=related, remedy="write `hostssl` in place of it.")
    elif known is not None and known.is_unknown:
        yield unknown(known.place, f"Whether {server.name} lets clients in without TLS is not known: {known.reason}.")
    elif tls.is_unknown and not complete:
        yield unknown(tls.place, f"Whether {server.name} uses TLS is not known: {tls.reason}.")


def _managed(server: ManagedResource) -> Iterator[Problem]:
    facet = server.transit_encrypted
    if server.product != "postgres" or not server.datastore or facet is None:
        yield NOT_APPLICABLE
    elif facet.effective is None:
        yield unknown(facet.on.place, f"Whether {server.name} insists on TLS is not known: {facet.on.reason}.")
    elif not facet.effective:
        how = "is off" if facet.on.is_set else "is not set, and off is the default here"
        yield fail(facet.on.place, f"{server.name} lets clients in without TLS: `{facet.setting}` {how}.")
