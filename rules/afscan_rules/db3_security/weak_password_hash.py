"""DB301: password hashes that can be replayed or cracked."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres
from afscan.policy import Problem, Related, Severity, fail, rule, unknown


@rule("DB301", severity=Severity.HIGH, tags=("CWE-916", "CWE-327"))
def weak_password_hash(server: PgBouncer | Postgres, stack: Stack) -> Iterator[Problem]:
    """Password hash is weak.

    PostgreSQL's md5 hash is the password for all purposes: whoever reads it can log in with it, and it is cracked in hours.
    With `plain` the password itself crosses the network. SCRAM-SHA-256 does neither.

    ## Fix
    - PgBouncer: set `auth_type = scram-sha-256`, and give userlist.txt SCRAM secrets or use `auth_query`.
    - Any: set `password_encryption = scram-sha-256` and the method `scram-sha-256`, and set the passwords anew.
    """
    if isinstance(server, PgBouncer):
        yield from _pooler(server)
        return
    for value, name in ((server.password_encryption, "password_encryption"), (server.host_auth_method, "POSTGRES_HOST_AUTH_METHOD")):
        text = value.or_else("").strip().lower()
        if value.is_unknown and name == "password_encryption":
            yield unknown(value.place, f"How {server.name} stores passwords is not known: {value.reason}.")
        elif text in ("md5", "password", "off", "on", "plain"):
            yield fail(value.place, f"{server.name} accepts a weak password hash: `{name}` is `{value.value}`.")


def _pooler(pooler: PgBouncer) -> Iterator[Problem]:
    kind = pooler.auth_type
    text = kind.or_else("").strip().lower()
    if kind.is_unknown:
        yield unknown(kind.place, f"How {pooler.name} checks passwords is not known: {kind.reason}.")
    elif kind.is_unset:
        yield fail(kind.place, f"{pooler.name} accepts md5 hashes: `auth_type` is not set, and md5 is the default.")
    elif text in ("md5", "plain"):
        weak = [user for user in pooler.users if user.form == "md5"]
        related = [Related(weak[0].secret.place, "A user's password is stored as an md5 hash here.")] if weak else []
        why = "SCRAM is used only for users whose secret is one" if text == "md5" else "passwords cross the network as they are"
        yield fail(kind.place, f"{pooler.name} uses `auth_type = {text}`: {why}.", related=related)
