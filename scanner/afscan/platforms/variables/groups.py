"""Environment variables that belong together: ``DB_HOST``, ``DB_PORT``, ``DB_USER``, ``DB_PASSWORD``, ``DB_SSLMODE``."""

from afscan.model.record import replace
from afscan.model.subjects import Connection, Container, Origin, Variable
from afscan.model.value import Value
from afscan.platforms.secrets import blanked
from afscan.platforms.secrets.origins import has_filler
from afscan.platforms.urls import SUPERUSERS, decides_tls, is_any_address, parse_url
from afscan.platforms.urls.parse import port_number
from afscan.platforms.variables.roles import NOT_A_TARGET, Group, Prefix, role_of, server_of, text_of
from afscan.platforms.variables.settings import Owner, add_login, describe, describe_url
from afscan.platforms.variables.written import Written

_SQL = (None, "postgres", "mysql", "mssql")


def describe_environment(container: Container, whose: Owner) -> None:
    """Emit what a container's variables say, one by one and in groups."""
    groups: dict[Prefix, Group] = {}
    roles: dict[str, tuple[Prefix, str | None]] = {}
    for variable in container.environment.values():
        prefix, role = roles[variable.name] = role_of(variable.name)
        if role is not None:
            groups.setdefault(prefix, Group(prefix)).members.setdefault(role, variable)
    server = server_of(container) if any(group.named for group in groups.values()) else None
    connections: list[tuple[Connection, Prefix]] = []
    for variable in container.environment.values():
        prefix, _ = roles[variable.name]
        group = groups.get(prefix)
        user = group.user_name() if group is not None else None
        reads = replace(whose, reader=server) if group is not None and server is not None and group.named == server else whose
        found = describe(variable.name, variable.value, variable.origin, reads, user)
        connections += ((one, prefix) for one in found)
    for group in groups.values():
        connections += ((one, group.prefix) for one in _describe_group(group, whose))
        _describe_login(group, server, whose)
    _settle(connections, groups, server)


def _describe_group(group: Group, whose: Owner) -> list[Connection]:
    """The connection of a group with a host."""
    if group.prefix == ("data", "source") and "url" in group.members:
        return _describe_data_source(group.members["url"], whose)
    host = group.members.get("host")
    if (
        host is None
        or not group.database
        or group.prefix[-1] in NOT_A_TARGET
        or host.value.is_unset
        or host.origin is Origin.EMPTY
    ):
        return []
    text = host.value.or_else("").strip()
    if "://" in text or is_any_address(text) or text.startswith("/") or (host.value.is_set and not text):
        return []
    connection = _connection(group, host, whose)
    whose.out.subjects.append(connection)
    return [connection]


def _describe_data_source(variable: Variable, whose: Owner) -> list[Connection]:
    """``DATA_SOURCE_URI`` of postgres_exporter: a URL without its scheme (prometheus-community/postgres_exporter, README)."""
    written = Written(variable.value, variable.origin, variable.name)
    scheme = "postgresql://"
    url = parse_url(scheme + (written.text or "")) if written.text and "://" not in written.text else None
    if url is None or not url.host:
        return []
    url.moved(-len(scheme))
    url.scheme_span, url.span, url.text = None, (0, len(written.text or "")), written.text or ""
    connection = describe_url(url, variable.name, written, whose)
    return [connection] if connection is not None else []


def _connection(group: Group, host: Variable, whose: Owner) -> Connection:
    node, members = host.value.node, group.members
    value, port = _host_and_port(host)
    product = group.product
    sibling = members.get("port")
    if sibling is not None and not port.is_set:
        port = _number(sibling)
    return Connection(
        name=f"{whose.owner}, {host.name}",
        node=node,
        platform=whose.platform,
        url=value,
        scheme=product or "",
        host=value,
        port=port,
        secure=_switch(members.get("tls"), host.value),
        user=_known(members["user"]) if "user" in members else Value.unset(node),
        password=_known(members["password"]) if "password" in members else Value.unset(node),
        product=product,
        container=whose.container,
        pooled=Value.unset(node),
    )


def _host_and_port(host: Variable) -> tuple[Value[str], Value[int]]:
    """The host, and the port where it stands behind it."""
    value = _known(host)
    if not value.is_set:
        return value, Value.unset(host.value.node)
    text = value.or_else("").split(",")[0].strip()
    name, colon, port = text.rpartition(":")
    number = port_number(port) if colon and (name.count(":") == 0 or name.endswith("]")) else None
    if number is None:
        return value.map(lambda _: text.strip("[]")), Value.unset(host.value.node)
    return value.map(lambda _: name.strip("[]")), Value.of(number, host.value.node, value.at)


def _known(variable: Variable) -> Value[str]:
    """A variable's value, unknown where a part of it is set elsewhere."""
    value = variable.value
    if value.is_set and variable.origin in (Origin.INTERPOLATED, Origin.PLACEHOLDER) and has_filler(blanked(value.or_else(""))):
        return Value.unknown(value.node, f"`{value.or_else('')[:60]}` is set elsewhere", value.at)
    return value


def _number(variable: Variable) -> Value[int]:
    value = _known(variable)
    number = port_number(value.or_else("").strip())
    if number is not None:
        return Value.of(number, value.node, value.at)
    return Value.unset(value.node) if value.is_unset else Value.unknown(value.node, value.reason or "it is no port", value.at)


def _switch(variable: Variable | None, host: Value[str]) -> Value[bool]:
    """What an SSL mode or switch beside a host says; unset at the host where there is none."""
    if variable is None or variable.value.is_unset:
        return Value.unset(host.node)
    value = _known(variable)
    if not value.is_set:
        return Value.unknown(value.node, value.reason, value.at)
    decided = decides_tls(value.or_else(""))
    if decided is None:
        return Value.unknown(value.node, f"`{variable.name}` is neither on nor off", value.at)
    return Value.of(decided, value.node, value.at)


def _describe_login(group: Group, server: str | None, whose: Owner) -> None:
    """The user name with which a container logs in to a datastore."""
    user = group.members.get("user")
    product = group.product or ("postgres" if group.prefix == ("data", "source") else None)
    if product is None and group.database and text_of(user) == "postgres":
        product = "postgres"
    if user is None or product not in SUPERUSERS or user.value.is_unset or user.origin is Origin.EMPTY:
        return
    own = server == product and not group.members.keys() & {"host", "url"}
    add_login(user.name, product, _known(user), whose, own=own)


def _settle(connections: list[tuple[Connection, Prefix]], groups: dict[Prefix, Group], server: str | None) -> None:
    """What the siblings of a URL say about it: encryption, user, password; and pool settings for every SQL connection."""
    pools = [group for group in groups.values() if group.members.keys() & {"pool", "pool part"}]
    for connection, prefix in connections:
        group = groups.get(prefix)
        siblings = [group] if group is not None else []
        if connection.product == "postgres":
            siblings += [
                found for name in (("pg",), ("db",), ("database",)) if (found := groups.get(name)) and found is not group
            ]
        for sibling in siblings:
            switch = _switch(sibling.members.get("tls"), connection.url)
            if connection.secure.or_else(False) is False and (switch.is_unknown or switch.or_else(False)):
                connection.secure = switch
        if group is not None and connection.user.is_unset and "user" in group.members:
            connection.user = _known(group.members["user"])
        if group is not None and connection.password.is_unset and "password" in group.members:
            connection.password = _known(group.members["password"])
        for pool in pools:
            if connection.pooled.is_unset and _pools(pool, connection, server):
                # A pool of 0 is none; a least size, an overflow or a number of idle ones may well be 0.
                size = pool.members.get("pool")
                value = (size or pool.members["pool part"]).value
                connection.pooled = Value.of(size is None or value.or_else("") != "0", value.node, value.at)


def _pools(pool: Group, connection: Connection, server: str | None) -> bool:
    """Whether a group's pool settings concern a connection; a database server's own limit is no client's pool."""
    if pool.named is not None:
        return pool.named == connection.product and server != pool.named
    return connection.product in _SQL
