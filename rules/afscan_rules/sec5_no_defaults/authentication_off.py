"""SEC503: servers that let everybody in."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Authentication
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC503", severity=Severity.CRITICAL, tags=("CWE-306",))
def authentication_off(authentication: Authentication, stack: Stack) -> Iterator[Problem]:
    """Authentication is off.

    A datastore that asks for no password belongs to whoever can open a connection: a neighbouring container, a forgotten
    published port, a server-side request forgery. Several products ask for none unless they are told to. What counts is the
    effective setting: of the file, the environment and the command line together.

    ## Fix
    - Redis: set `requirepass`, or an ACL file with `user default off`; a Sentinel has a `requirepass` of its own.
    - PgBouncer: set `auth_type = scram-sha-256`.
    - Qdrant: set `service.api_key` through `QDRANT__SERVICE__API_KEY`.
    - Postgres: write `scram-sha-256` in place of `trust` in pg_hba.conf, or remove `POSTGRES_HOST_AUTH_METHOD=trust`.
    - Neo4j: set `NEO4J_AUTH=neo4j/<password>` from a secret.
    - Grafana: set `GF_SECURITY_ADMIN_PASSWORD__FILE` to a mounted secret, and leave anonymous access off.
    - Elasticsearch: leave `xpack.security.enabled` on, and set the password of `elastic` from a secret.
    - MongoDB: set `MONGO_INITDB_ROOT_USERNAME` and `MONGO_INITDB_ROOT_PASSWORD_FILE`.
    - Terraform: set `auth_token` or `user_group_ids`.
    - Any: turn the server's authentication on, and give each client credentials of its own.
    """
    required = authentication.required
    if not required.is_set:
        reason = required.reason or "nothing says so"
        yield unknown(required.place, f"Whether {authentication.name} asks for credentials is not known: {reason}.")
    elif not required.value:
        yield fail(required.place, f"{authentication.name} asks nobody for credentials: {authentication.how}.")
