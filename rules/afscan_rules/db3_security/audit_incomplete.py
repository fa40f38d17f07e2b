"""DB304: auditing that somebody meant to have, and that records nothing or only a part."""

from collections.abc import Iterator

from afscan.join.databases import catalogue_of, statements_of
from afscan.model.place import Place
from afscan.model.sql import SettingStatement
from afscan.model.stack import Stack
from afscan.model.subjects import Postgres
from afscan.platforms.postgresimages import postgres_image
from afscan.platforms.settings import on_off
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_NEEDED = ("ddl", "role", "write")
_GROUPS = {"all": frozenset(("ddl", "role", "write", "read", "function", "misc", "misc_set"))}


@rule("DB304", severity=Severity.MEDIUM, tags=("CWE-778",))
def audit_incomplete(server: Postgres, stack: Stack) -> Iterator[Problem]:
    """Database audit is incomplete.

    pgaudit records who changed what, once it is on board, loaded by `shared_preload_libraries` and told which classes to log: the
    extension alone, or its settings alone, record nothing. Roles, definitions and writes are what an investigation asks for first,
    and who was connected. Where nothing names pgaudit, auditing is not meant, and this rule says nothing.

    ## Fix
    - Postgres: use an image that carries pgaudit, start it with `-c shared_preload_libraries=pgaudit`, and set `pgaudit.log`.
    - Any: set `shared_preload_libraries = 'pgaudit'`, `pgaudit.log = 'ddl, role, write'` and `log_connections = on`.
    """
    meant = _meant(server, stack)
    if meant is None:
        yield NOT_APPLICABLE
        return
    loaded = _loaded(server)
    if loaded is None:
        preload = server.setting("shared_preload_libraries")
        yield unknown(
            meant, f"Whether {server.name} audits is not known: {preload.reason or server.unread or 'the image decides'}."
        )
        return
    if not loaded:
        yield fail(meant, f"{server.name} audits nothing: `pgaudit` is not in `shared_preload_libraries`{_absent(server)}.")
        return
    yield from _classes(server, meant)
    connections = server.setting("log_connections")
    if connections.is_unset or on_off(connections.or_else("")) is False:
        related = [Related(meant, "Auditing is meant here.")]
        yield fail(
            connections.place, f"{server.name} audits, but does not log who connects: `log_connections` is off.", related=related
        )


def _meant(server: Postgres, stack: Stack) -> Place | None:
    """Where somebody shows that he wants pgaudit."""
    for name, one in server.settings.items():
        if name.startswith("pgaudit.") or (name == "shared_preload_libraries" and "pgaudit" in one.value.or_else("")):
            return one.key_place
    catalogue = catalogue_of(stack, server.container)
    for statement in statements_of(catalogue) if catalogue is not None else ():
        if isinstance(statement, SettingStatement) and statement.setting.name.startswith("pgaudit."):
            return statement.setting.place
        made = [one for one in statement.makes if one.kind == "extension" and one.name == "pgaudit"]
        if made:
            return made[0].place
    return None


def _loaded(server: Postgres) -> bool | None:
    preload = server.setting("shared_preload_libraries")
    if preload.is_set:
        return "pgaudit" in {one.strip().strip("\"'") for one in preload.or_else("").split(",")}
    if preload.is_unknown or server.partial:
        return None
    image = server.container.image if server.container is not None else None
    facts = postgres_image(image.repository) if image is not None else None
    if server.container is None:
        return False
    return "pgaudit" in facts.preload if facts is not None and not facts.unread else None


def _absent(server: Postgres) -> str:
    image = server.container.image if server.container is not None else None
    facts = postgres_image(image.repository) if image is not None else None
    carried = facts is None or image is None or not facts.closed or "pgaudit" in facts.extensions or image.built_here
    return (
        ""
        if carried or image is None
        else f", and the image `{image.reference.or_else(image.repository)[:80]}` does not carry it"
    )


def _classes(server: Postgres, meant: Place) -> Iterator[Problem]:
    log = server.setting("pgaudit.log")
    if log.is_unknown:
        yield unknown(log.place, f"What {server.name} audits is not known: {log.reason}.")
        return
    if log.is_unset:
        yield fail(meant, f"{server.name} loads `pgaudit` and audits nothing: `pgaudit.log` is `none` by default.")
        return
    have: set[str] = set()
    for word in log.or_else("").lower().split(","):
        name = word.strip().strip("\"'")
        named = _GROUPS.get(name.lstrip("-"), frozenset((name.lstrip("-"),)))
        have = have - named if name.startswith("-") else have | named
    missing = [name for name in _NEEDED if name not in have]
    if missing:
        yield fail(
            log.place, f"{server.name} does not audit {', '.join(f'`{one}`' for one in missing)}: `pgaudit.log` is `{log.value}`."
        )
