"""Grafana's provisioning: data sources, dashboard providers, and the contact points and policies of its own alerting.

``$NAME`` and ``${NAME}`` are expanded from Grafana's environment. Source: grafana.com/docs, "Provision Grafana" and "Use
configuration files to provision alerting resources".
"""

from collections.abc import Iterator

from afscan.model.grafana import DashboardProvider, Datasource, GrafanaAlerting
from afscan.model.monitoring import AlertReceiver, AlertRoute
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.subjects import Connection, Credential
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader
from afscan.platforms.settings import holder_of, origin_in, written

PLATFORM = "grafana"

_SQL = {
    "postgres": "postgres",
    "grafana-postgresql-datasource": "postgres",
    "mysql": "mysql",
    "mssql": "mssql",
}
_ENCRYPTED = frozenset(("require", "verify-ca", "verify-full", "true"))
_PLAIN = frozenset(("disable", "false"))
_MAX_ROUTES = 5_000
_CERTIFICATES = frozenset(("tlsCACert", "tlsClientCert"))


def interpret_provisioning(source: Source, root: Node, out: Interpretation) -> None:
    """What one provisioning file says."""
    reader = Reader(root, out)
    for one in reader.readers("datasources"):
        _datasource(one, source)
    for one in reader.readers("providers"):
        path = one.text("options", "path")
        name = one.text("name").or_else("") or "without name"
        out.subjects.append(
            DashboardProvider(name=f"dashboard provider {name} in {source.name}", node=one.node, platform=PLATFORM, path=path)
        )
    if isinstance(root, Mapping) and root.entries.keys() & {"contactPoints", "policies", "groups"}:
        out.subjects.append(_alerting(reader, source))


def _datasource(one: Reader, source: Source) -> None:
    name = one.text("name").or_else("") or "without name"
    owner = f"data source {name} in {source.name}"
    url = _expanded(one.text("url"))
    found = Datasource(
        name=owner,
        node=one.node,
        platform=PLATFORM,
        kind=one.text("type"),
        url=url,
        verify_off=one.boolean("jsonData", "tlsSkipVerify"),
        basic_auth=one.boolean("basicAuth"),
    )
    one.out.subjects.append(found)
    for key, value in {"password": one.text("password"), **one.string_map("secureJsonData")}.items():
        _secret(key, value, owner, source, one.out)
    product = _SQL.get(found.kind.or_else(""))
    if product is not None and "://" not in one.text("url").or_else(""):
        _sql(one, product, url, owner)
    elif not url.is_unset:
        _describe("url", one.text("url"), owner, source, one.out)


def _sql(one: Reader, product: str, url: Value[str], owner: str) -> None:
    """A data source that is a database: ``host:port``, and a mode beside it."""
    if url.is_unset:
        return
    mode = one.text("jsonData", "sslmode" if product == "postgres" else "encrypt")
    if product == "mysql":
        mode = one.boolean("jsonData", "tlsAuth").map(lambda on: "true" if on else "")
    word = mode.or_else("").lower()
    secure: Value[bool] = Value.unset(one.node)
    if mode.is_unknown:
        secure = Value.unknown(mode.node, mode.reason)
    elif word in _ENCRYPTED or word in _PLAIN:
        secure = Value.of(word in _ENCRYPTED, mode.node)
    host, _, port = url.or_else("").rpartition(":") if ":" in url.or_else("") else (url.or_else(""), "", "")
    one.out.subjects.append(
        Connection(
            name=owner,
            node=url.node,
            platform=PLATFORM,
            url=url,
            scheme=product,
            host=url.map(lambda _: host),
            port=Value.of(int(port), url.node) if port.isdecimal() and len(port) <= 5 else Value.unset(url.node),
            secure=secure,
            user=one.text("user"),
            password=Value.unset(one.node),
            product=product,
            pooled=Value.unset(one.node),
        )
    )


def _expanded(value: Value[str]) -> Value[str]:
    from afscan.platforms.variables import origin_of  # noqa: PLC0415  (start-up time)

    if value.is_set and origin_of(value.or_else(""), expands=True) == "interpolated":
        return Value.unknown(value.node, "a part of it comes from the environment", value.at)
    return value


def _secret(key: str, value: Value[str], owner: str, source: Source, out: Interpretation) -> None:
    """What stands under ``secureJsonData`` is secret whatever it is called (``httpHeaderValue1``), certificates excepted."""
    from afscan.platforms.variables import credential_kind, origin_of  # noqa: PLC0415  (start-up time)

    if key in _CERTIFICATES:
        return
    if credential_kind(key, reader=PLATFORM) is not None:
        _describe(key, value, owner, source, out)
        return
    found = written(value.or_else(""), value.node) if value.is_set else value
    if found.is_unset or found.value == "":
        return
    out.subjects.append(
        Credential(
            name=f"{key} of {owner}",
            node=found.node,
            platform=PLATFORM,
            key=key,
            kind="secret",
            value=found,
            origin=origin_in(found) if found.is_unknown else origin_of(found.or_else(""), expands=True),
            reader=PLATFORM,
            holder=holder_of(source),
        )
    )


def _describe(key: str, value: Value[str], owner: str, source: Source, out: Interpretation) -> None:
    """The credential or the connections that one value is."""
    from afscan.platforms.variables import describe_setting, origin_of  # noqa: PLC0415  (start-up time)

    found = written(value.or_else(""), value.node) if value.is_set else value
    if found.is_unset or found.value == "":
        return
    origin = origin_in(found) if found.is_unknown else origin_of(found.or_else(""), expands=True)
    describe_setting(key, found, origin, owner=owner, platform=PLATFORM, holder=holder_of(source), out=out, reader=PLATFORM)


def _alerting(reader: Reader, source: Source) -> GrafanaAlerting:
    """The alerting resources of a file; secrets and addresses of the contact points are described on the way."""
    points: dict[str, AlertReceiver] = {}
    for one in reader.readers("contactPoints"):
        name = one.text("name").or_else("")
        kinds = []
        for receiver in one.readers("receivers"):
            kinds.append(receiver.text("type").or_else(""))
            for part in ("settings", "secureSettings"):
                for key, value in _scalars(receiver.node.get(part)):
                    _describe(key, value, f"contact point {name} in {source.name}", source, reader.out)
        points[name] = AlertReceiver(node=one.node, name=name, integrations=kinds)
    rules = [rule.text("title") for group in reader.readers("groups") for rule in group.readers("rules")]
    return GrafanaAlerting(
        name=f"alerting in {source.name}",
        node=reader.node,
        platform=PLATFORM,
        contact_points=points,
        policies=[_policy(one) for one in reader.readers("policies")],
        rules=rules,
    )


def _scalars(node: Node | None) -> Iterator[tuple[str, Value[str]]]:
    """The entries of a mapping that are texts; what has a structure of its own (lists of people, templates) is none."""
    for key, value in node.entries.items() if isinstance(node, Mapping) else ():
        if isinstance(value, Scalar) and not value.is_null:
            yield key, Value.of(value.text, value)
        elif isinstance(value, Opaque):
            yield key, Value.unknown(value, value.reason)


def _policy(root: Reader) -> AlertRoute:
    """A policy and all below it, without recursion."""
    made = _route(root)
    waiting = [(made, root)]
    count = 0
    while waiting and count < _MAX_ROUTES:
        parent, reader = waiting.pop()
        for below in reader.readers("routes"):
            count += 1
            route = _route(below)
            parent.routes.append(route)
            waiting.append((route, below))
    return made


def _route(reader: Reader) -> AlertRoute:
    """Matchers in one form, whichever of the ways they are written in: ``object_matchers`` are triples."""
    matchers = [item.text for item in reader.items("matchers") if isinstance(item, Scalar)]
    for item in reader.items("object_matchers"):
        if isinstance(item, Sequence) and len(item.items) == 3 and all(isinstance(part, Scalar) for part in item.items):
            name, operator, value = (part.text for part in item.items if isinstance(part, Scalar))
            matchers.append(f'{name}{operator}"{value}"')
    return AlertRoute(node=reader.node, receiver=reader.text("receiver"), matchers=matchers, goes_on=reader.boolean("continue"))
