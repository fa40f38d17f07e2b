"""SEC304: PostgreSQL servers that do not use TLS, or do not insist on it."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Postgres
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC304", severity=Severity.HIGH, tags=("CWE-319",))
def postgres_tls_off(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """PostgreSQL TLS is off.

    PostgreSQL's `ssl` is off by default, in the official image too, and passwords and rows then cross the network as they are.
    On RDS, `rds.force_ssl` decides whether clients without TLS are let in; it is on by default from PostgreSQL 15 (Aurora: 17).
    On Cloud SQL it is `ssl_mode`.

    ## Fix
    - Kubernetes, Compose, Postgres: start the server with `-c ssl=on -c ssl_cert_file=... -c ssl_key_file=...`.
    - Terraform: set the parameter `rds.force_ssl` to `1` in the parameter group that the instance uses; for Cloud SQL
      `ssl_mode = "ENCRYPTED_ONLY"`.
    - Any: turn `ssl` on, with a certificate.
    """
    if isinstance(server, Postgres):
        yield from _in_container(server)
    else:
        yield from _managed(server)


def _in_container(server: Postgres) -> Iterator[Problem]:
    addresses = server.settings.get("listen_addresses")
    if addresses is not None and addresses.value.is_set:
        listed = [one.strip() for one in addresses.value.or_else("").strip("'\"").split(",")]
        if all(is_loopback(one) for one in listed if one):
            yield NOT_APPLICABLE  # Unix sockets and this pod only
            return
    tls = server.tls
    if tls.is_unknown:
        yield unknown(tls.place, f"Whether {server.name} uses TLS is not known: {tls.reason}.")
    elif not tls.value:
        why = "`ssl` is not set, and off is the default" if tls.is_unset else "`ssl` is off"
        yield fail(tls.place, f"{server.name} does not use TLS: {why}.")


def _managed(server: ManagedResource) -> Iterator[Problem]:
    facet = server.transit_encrypted
    if server.product != "postgres" or not server.datastore or facet is None:
        yield NOT_APPLICABLE
    elif facet.effective is None:
        yield unknown(facet.on.place, f"Whether {server.name} insists on TLS is not known: {facet.on.reason}.")
    elif not facet.effective:
        how = "is off" if facet.on.is_set else "is not set, and off is the default here"
        yield fail(facet.on.place, f"{server.name} lets clients in without TLS: `{facet.setting}` {how}.")
