"""DB301: password hashes that can be replayed or cracked."""

import re
from collections.abc import Iterator
from posixpath import basename

from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageReference, ManagedResource, PgBouncer, Postgres
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_WEAK = frozenset(("md5", "on", "off", "plain"))
_BY_VERSION = frozenset(("postgres", "postgresql", "postgis"))
_PROVEN = frozenset(("scram-sha-256", "cert"))
SCRAM_SINCE = 14


@rule("DB301", severity=Severity.HIGH, tags=("CWE-916", "CWE-327"))
def weak_password_hash(server: PgBouncer | Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Password hash is weak.

    PostgreSQL's md5 hash is the password for all purposes: whoever reads it can log in with it, and it is cracked in hours.
    With `plain` the password itself crosses the network. SCRAM-SHA-256 does neither. Before version 14 PostgreSQL stores md5
    unless told otherwise; PgBouncer's `auth_type = md5` uses SCRAM for those users whose secret in userlist.txt is one.

    ## Fix
    - PgBouncer: set `auth_type = scram-sha-256`, and give userlist.txt SCRAM secrets or use `auth_query`.
    - Terraform: set the parameter `password_encryption` to `scram-sha-256`, and set the passwords anew.
    - Any: set `password_encryption = scram-sha-256` and the method `scram-sha-256`, and set the passwords anew.
    """
    if isinstance(server, PgBouncer):
        yield from _pooler(server)
    elif isinstance(server, Postgres):
        if not (server.password_encryption.is_unknown and server.partial):
            yield from _stored(server.password_encryption, server)
        yield from _method(server)
        yield from _records(server)
    elif server.password_encryption is None:
        yield NOT_APPLICABLE
    else:
        yield from _stored(server.password_encryption, server)


def _stored(value: Value[str], server: Postgres | ManagedResource) -> Iterator[Problem]:
    """How the server stores passwords that are set from now on."""
    text = value.or_else("").strip().lower()
    if value.is_unknown:
        yield unknown(value.place, f"How {server.name} stores passwords is not known: {value.reason}.")
    elif text in _WEAK:
        yield fail(value.place, f"{server.name} stores passwords as weak hashes: `password_encryption` is `{value.value}`.")
    elif value.is_unset and isinstance(server, Postgres) and server.container is not None:
        image = _image(server.container)
        major = _major(image)
        if image is not None and major is not None and major < SCRAM_SINCE:
            why = f"`password_encryption` is not set, and md5 is the default of PostgreSQL {major}"
            yield fail(image.reference.place, f"{server.name} stores passwords as md5 hashes: {why}.")


def _method(server: Postgres) -> Iterator[Problem]:
    """The method that the image writes into pg_hba.conf for all other hosts."""
    method = server.host_auth_method
    text = method.or_else("").strip().lower()
    if method.is_unknown and server.container is not None and method.node is not server.container.node:
        yield unknown(method.place, f"How {server.name} checks passwords is not known: {method.reason}.")
    elif text == "md5":
        why = "SCRAM is used only for users whose stored password is one"
        yield fail(method.place, f"{server.name} lets clients log in with md5 hashes by `POSTGRES_HOST_AUTH_METHOD`: {why}.")
    elif text == "password":
        why = "they cross the network as they are"
        yield fail(method.place, f"{server.name} asks for passwords in plain text by `POSTGRES_HOST_AUTH_METHOD`: {why}.")


def _records(server: Postgres) -> Iterator[Problem]:
    """The methods of the records of pg_hba.conf by which clients get in from elsewhere."""
    in_plain_text = {id(record.method) for record in server.plaintext_rules}
    for method in server.hba_methods:
        text = method.or_else("").strip().lower()
        if text == "md5":
            why = "SCRAM is used only for users whose stored password is one"
            yield fail(method.place, f"{server.name} lets clients log in with md5 hashes: {why}.")
        elif text == "password":
            open_ = id(method) in in_plain_text
            why = "they cross the network as they are" if open_ else "TLS ends at the server, which gets them as they are"
            yield fail(method.place, f"{server.name} asks for passwords in plain text: {why}.")


def _image(container: Container) -> ImageReference | None:
    """The image of the server, also of one that is built upon it here."""
    stage = container.stage
    for _ in range(50):
        if stage is None or stage.parent is None:
            break
        stage = stage.parent
    built = container.image is None or container.image.built_here
    return stage.base if stage is not None and built else container.image


def _major(image: ImageReference | None) -> int | None:
    """PostgreSQL's major version by an image's tag: `13-alpine`, `13-3.4`, `pg13`, `latest-pg13`; None where it does not say."""
    tag = image.tag or "" if image is not None else ""
    named = re.search(r"(?:\A|[-_.])pg(\d{1,2})(?:\Z|[-_.])", tag)
    leading = re.match(r"(\d{1,2})(?:\Z|[-.])", tag) if image is not None and basename(image.repository) in _BY_VERSION else None
    found = named or leading
    return int(found[1]) if found is not None else None


def _pooler(pooler: PgBouncer) -> Iterator[Problem]:
    kind = pooler.auth_type
    text = kind.or_else("md5" if kind.is_unset else "").strip().lower()
    if kind.is_unknown:
        yield unknown(kind.place, f"How {pooler.name} checks passwords is not known: {kind.reason}.")
    elif text == "hba":
        yield unknown(kind.place, f"How {pooler.name} checks passwords is not known: `auth_hba_file` decides, which is not read.")
    elif text == "md5" and not _all_scram(pooler):
        how = "`auth_type` is not set, and md5 is the default" if kind.is_unset else "`auth_type` is md5"
        weak = [user for user in pooler.users if user.form == "md5"]
        related = [Related(weak[0].secret.place, "A user's password is stored as an md5 hash here.")] if weak else []
        message = f"{pooler.name} accepts md5 hashes: {how}. SCRAM is used only for users whose secret is one."
        yield fail(kind.place, message, related=related)
    elif text == "plain":
        yield fail(kind.place, f"{pooler.name} uses `auth_type = plain`: passwords cross the network as they are.")
    elif text != "md5" and text not in _PROVEN:
        yield NOT_APPLICABLE  # no passwords (any, trust), or somebody else checks them (pam, ldap, gss)


def _all_scram(pooler: PgBouncer) -> bool:
    """Whether every user that can log in has a SCRAM secret."""
    return (
        bool(pooler.users)
        and all(user.form == "scram" for user in pooler.users)
        and pooler.setting("pgbouncer.auth_user").is_unset
    )
