"""Prometheus: its main configuration, and files of recording and alerting rules.

Source: prometheus.io, "Configuration", "Recording rules" and "Alerting rules". Prometheus expands no ``${VAR}`` in these files (only
in external labels), so what stands there is the value. Tests for promtool and Promtail's configuration look alike and are neither.
"""

from collections.abc import Iterator

from afscan.model.monitoring import MetricRule, PrometheusConfig, RuleFile, ScrapeJob, ScrapeTarget
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.promql import read_query
from afscan.platforms.reading import Interpretation, Reader
from afscan.platforms.settings import holder_of, origin_in, written
from afscan.platforms.tlsversions import of_tree

PLATFORM = "prometheus"

_KEYS = frozenset(
    [
        "global",
        "runtime",
        "rule_files",
        "scrape_config_files",
        "alerting",
        "scrape_configs",
        "storage",
        "tracing",
        "remote_write",
        "remote_read",
        "otlp",
    ]
)
_OTHERS = frozenset(
    ["tests", "clients", "client", "positions", "server", "receivers", "exporters", "service", "target_config", "limits_config"]
)
_SECRETS = frozenset(
    [
        "password",
        "credentials",
        "bearer_token",
        "client_secret",
        "secret_key",
        "access_key",
        "token",
        "api_key",
        "application_credential_secret",
    ]
)
_MAX_NODES = 50_000


def recognise(source: Source, root: Node) -> bool:
    """A mapping with Prometheus' sections, or with groups of rules that have expressions."""
    return isinstance(root, Mapping) and (_is_main(root) or _is_rules(root))


def _is_main(root: Mapping) -> bool:
    keys = root.entries.keys()
    if keys & _OTHERS or "kind" in keys:
        return False
    if any(
        scalar is not None for scalar in (root.get("scrape_configs", 0, "job_name"), root.get("alerting", "alertmanagers", 0))
    ):
        return True
    sections = keys & {"rule_files", "scrape_configs", "alerting", "remote_write", "scrape_config_files"}
    timed = root.get("global", "scrape_interval") or root.get("global", "evaluation_interval")
    return bool(sections) and (timed is not None or len(sections) > 1) and keys <= _KEYS


def _is_rules(root: Mapping) -> bool:
    groups = root.get("groups")
    if not isinstance(groups, Sequence) or "tests" in root.entries:
        return False
    for group in groups.items[:50]:
        rules = group.get("rules")
        for rule in rules.items[:50] if isinstance(rules, Sequence) else ():
            if isinstance(rule, Mapping) and "expr" in rule.entries and ("alert" in rule.entries or "record" in rule.entries):
                return True
    return False


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """What a prometheus.yml says, with the credentials in it; or the rules of a rule file."""
    reader = Reader(root, out)
    if isinstance(root, Mapping) and _is_rules(root):
        rules = list(read_groups(reader, PLATFORM))
        out.subjects += rules
        out.subjects.append(RuleFile(name=source.name, node=root, platform=PLATFORM, rules=rules))
        return
    jobs = [_job(job, source) for job in reader.readers("scrape_configs")]
    found = list(_alertmanagers(reader))
    alerting = root.get("alerting")
    unclear = next((n for n in (alerting, root.get("alerting", "alertmanagers")) if isinstance(n, Opaque)), None)
    out.subjects += jobs
    out.subjects.append(
        PrometheusConfig(
            name=source.name,
            node=root,
            platform=PLATFORM,
            rule_files=[written(v.or_else(""), v.node) if v.is_set else v for v in reader.strings("rule_files")],
            alertmanagers=found,
            alerting=Value.unknown(unclear, unclear.reason)
            if unclear is not None
            else Value.of(bool(found), alerting)
            if alerting is not None and not (isinstance(alerting, Scalar) and alerting.is_null)
            else Value.unset(root),
            remote_writes=[one.text("url") for one in reader.readers("remote_write")],
            jobs=jobs,
        )
    )
    describe_secrets(root, out, PLATFORM, _SECRETS)
    out.subjects += of_tree(root, source.name, PLATFORM)
    for one in reader.readers("remote_write"):
        _describe(one.text("url"), "url", f"remote_write in {source.name}", out, PLATFORM)


def _job(job: Reader, source: Source) -> ScrapeJob:
    name = job.text("job_name").or_else("") or "without name"
    discovery = [key for key in _keys(job.node) if key.endswith("_sd_configs")]
    targets = [_target(v) for group in job.readers("static_configs") for v in group.strings("targets")]
    return ScrapeJob(
        name=f"job {name} in {source.name}",
        node=job.node,
        platform=PLATFORM,
        job=name,
        scheme=job.text("scheme"),
        path=job.text("metrics_path"),
        targets=targets,
        discovery=discovery,
        verify_off=job.boolean("tls_config", "insecure_skip_verify"),
    )


def _keys(node: Node) -> "list[str]":
    return list(node.entries) if isinstance(node, Mapping) else []


def _target(address: Value[str]) -> ScrapeTarget:
    """``host:port`` taken apart; a target that is a URL (blackbox exporter) or has a variable in it has no host here."""
    text = address.or_else("").strip()
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, ""
    known = address.is_set and not any(mark in text for mark in "/${}<>")
    number: Value[int] = Value.unset(address.node)
    if known and port.isascii() and port.isdecimal() and len(port) <= 5:
        number = Value.of(int(port), address.node, address.at)
    return ScrapeTarget(address=address, host=host.strip("[]") if known else "", port=number)


def _alertmanagers(reader: Reader) -> Iterator[Node]:
    """The entries that name a target or discover one; ``targets:`` with nothing below it is what the packaged example has."""
    for entry in reader.readers("alerting", "alertmanagers"):
        static = any(v.is_unknown or v.or_else("") for group in entry.readers("static_configs") for v in group.strings("targets"))
        discovered = any(
            key.endswith("_sd_configs") and not (isinstance(node, Sequence) and not node.items)
            for key, node in (entry.node.entries.items() if isinstance(entry.node, Mapping) else ())
            if not (isinstance(node, Scalar) and node.is_null)
        )
        if static or discovered:
            yield entry.node


def read_groups(reader: Reader, platform: str, *path: str) -> Iterator[MetricRule]:
    """The rules of ``groups`` below a path (a rule file's root; the ``spec`` of a PrometheusRule)."""
    for group in reader.readers(*path, "groups"):
        name = group.text("name").or_else("")
        foreign = group.text("type").or_else("prometheus")  # vmalert: graphite, vlogs
        shared = group.string_map("labels")
        for rule in group.readers("rules"):
            yield _rule(rule, name, shared, platform, foreign)


def _rule(rule: Reader, group: str, shared: dict[str, Value[str]], platform: str, language: str) -> MetricRule:
    alert, record, expression = rule.text("alert"), rule.text("record"), rule.text("expr")
    query = read_query(expression.or_else("")) if expression.is_set else None
    unparsed = "" if language == "prometheus" else f"it is a rule of the type {language}"
    readable = query is not None and not unparsed
    return MetricRule(
        name=f"{'alert' if alert.is_set else 'rule'} {alert.or_else('') or record.or_else('') or 'without name'}",
        node=rule.node,
        platform=platform,
        alert=alert,
        record=record,
        expression=expression,
        duration=rule.text("for"),
        labels={**shared, **rule.string_map("labels")},
        annotations=rule.string_map("annotations"),
        group=group,
        metrics=query.metrics if query is not None and readable else None,
        guards=query.guards if query is not None else frozenset(),
        quantiles=query.quantiles if query is not None and readable else frozenset(),
        windowed=query.windowed if query is not None else False,
        selectors=query.selectors if query is not None and readable else (),
        comparisons=query.comparisons if query is not None and readable else (),
        functions=query.functions if query is not None and readable else frozenset(),
        parse_error=query.error if query is not None and readable else "",
        unparsed=unparsed or (query.unparsed if query is not None else expression.reason),
    )


def describe_secrets(root: Node, out: Interpretation, reader: str, names: frozenset[str]) -> None:
    """The credentials and connections among all scalars of a file whose keys have one of the names."""
    for count, node in enumerate(root.walk()):
        if count > _MAX_NODES:
            return
        if not isinstance(node, Scalar) or node.key is None or node.is_null:
            continue
        key = node.key.text
        if key in names and (key != "url" or _is_endpoint(node)):
            _describe(written(node.text, node), key, root.source.name, out, reader)


def _is_endpoint(url: Scalar) -> bool:
    """Whether a ``url`` is an integration's own (``webhook_configs``), and not a link in its messages (``actions``, ``links``)."""
    entry = url.parent.parent if url.parent is not None else None
    return entry is not None and entry.key is not None and entry.key.text.endswith("_configs")


def _describe(value: Value[str], key: str, owner: str, out: Interpretation, reader: str) -> None:
    from afscan.platforms.variables import describe_setting  # noqa: PLC0415  (start-up time)

    if not value.is_unset:
        origin, holder = origin_in(value), holder_of(value.node.source)
        describe_setting(key, value, origin, owner=owner, platform=reader, holder=holder, out=out, reader=reader)
