"""Fluent Bit, in its classic and its YAML form: what it reads, filters and sends where.

Names are case-insensitive. ``${NAME}`` is expanded from ``@SET``, the ``env`` section and the environment. Records wait with the
input that read them, in memory unless ``storage.type`` says otherwise; a delivery is tried again once unless ``Retry_Limit`` says
otherwise. Source: docs.fluentbit.io, "Tail", "Buffering and storage", "Scheduling and retries", "Transport security", "Variables".
"""

import re
from collections.abc import Iterator

from afscan.model.monitoring import LogFilter, LogInput, LogOutput, LogPipeline
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.record import record
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.logsettings import describe_credentials, listed, seconds, switch, window
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import written

PLATFORM = "fluent bit"

_SECTIONS = {"INPUT": "input", "FILTER": "filter", "OUTPUT": "output", "SERVICE": "service"}
_LISTS = {"inputs": "input", "filters": "filter", "outputs": "output"}
_VARIABLE = re.compile(r"\$\{([^{}\s]{1,80})\}")
_HEADERS = re.compile(r"authorization|api[-_]?key|token", re.IGNORECASE)
_SENDS = {
    "es": ("http_user", "cloud_auth", "http_api_key", "aws_auth", "tls.crt_file"),
    "opensearch": ("http_user", "aws_auth", "tls.crt_file"),
    "forward": ("shared_key", "tls.crt_file"),
    "http": ("http_user", "http2_user", "aws_auth", "oauth2.enable", "tls.crt_file"),
    "loki": ("http_user", "bearer_token", "tls.crt_file"),
    "splunk": ("splunk_token", "http_user", "tls.crt_file"),
    "kafka": ("rdkafka.sasl.username", "rdkafka.sasl.kerberos.principal", "rdkafka.ssl.certificate.location", "aws_msk_iam"),
    "influxdb": ("http_user", "http_token"),
    "syslog": (),
    "gelf": (),
}
"""The outputs over the network whose settings are known, and what counts as credentials in each (none: it knows no credentials)."""

_CLOUDS = frozenset(
    (
        "s3",
        "cloudwatch",
        "cloudwatch_logs",
        "kinesis_firehose",
        "firehose",
        "kinesis_streams",
        "kinesis",
        "stackdriver",
        "bigquery",
    )
)


@record(slots=True, kw_only=True)
class _Plugin:
    """One section: ``kind`` is ``input``, ``filter``, ``output`` or ``service``; parameters by lower-case name."""

    role: str
    node: Mapping
    parameters: dict[str, Node]
    variables: dict[str, str]

    def text(self, *names: str) -> Value[str]:
        """The first of some parameters that is written, with its variables expanded; unset at the section."""
        for name in names:
            node = self.parameters.get(name)
            if node is not None:
                return self._value(node)
        return Value.unset(self.node)

    def _value(self, node: Node) -> Value[str]:
        if isinstance(node, Sequence):
            texts = [item.text for item in node.items if isinstance(item, Scalar)]
            return written(", ".join(texts), node)
        if isinstance(node, Opaque):
            return Value.unknown(node, node.reason)
        if not isinstance(node, Scalar):
            return Value.unset(self.node)
        unknown = next((name for name in _VARIABLE.findall(node.text) if name not in self.variables), None)
        if unknown is not None:
            return Value.unknown(node, f"it comes from the environment variable `{unknown}`")
        return written(_VARIABLE.sub(lambda found: self.variables[found[1]], node.text), node)

    @property
    def name(self) -> str:
        return self.text("name").or_else("").strip().lower()


def recognise(source: Source, root: Node) -> bool:
    """Whether this is a main file or an included part, in either form."""
    if isinstance(root, Mapping):
        pipeline = root.get("pipeline")
        return isinstance(pipeline, Mapping) and any(_named_items(pipeline.get(name)) for name in _LISTS)
    sections = root.items if isinstance(root, Sequence) else []
    return any(isinstance(one, Mapping) and one.key is not None and one.key.text in _SECTIONS for one in sections)


def _named_items(node: Node | None) -> list[Mapping]:
    """The plugins of a YAML list: mappings with a name."""
    items = node.items if isinstance(node, Sequence) else []
    return [one for one in items if isinstance(one, Mapping) and any(key.lower() == "name" for key in one.entries)]


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The pipeline, and the secrets in it."""
    plugins = list(_plugins(root, _variables(root)))
    service = next((one for one in plugins if one.role == "service"), None)
    name = f"Fluent Bit configuration {source.name}"
    out.subjects.append(
        LogPipeline(
            name=name,
            node=root,
            platform=PLATFORM,
            product=PLATFORM,
            inputs=[_input(one, service) for one in plugins if one.role == "input"],
            filters=[_filter(one) for one in plugins if one.role == "filter"],
            outputs=[_output(one, service) for one in plugins if one.role == "output"],
            includes=list(_includes(root)),
        )
    )
    parameters = ((key, one.text(key)) for one in plugins for key in one.parameters)
    describe_credentials(parameters, owner=name, platform=PLATFORM, out=out)


def _plugins(root: Node, variables: dict[str, str]) -> Iterator[_Plugin]:
    if isinstance(root, Mapping):
        pipeline = root.get("pipeline")
        for name, role in _LISTS.items():
            for item in _named_items(pipeline.get(name) if pipeline is not None else None):
                yield _plugin(role, item, variables)
        service = root.get("service")
        if isinstance(service, Mapping):
            yield _plugin("service", service, variables)
        return
    for section in root.children():
        if isinstance(section, Mapping) and section.key is not None and section.key.text in _SECTIONS:
            yield _plugin(_SECTIONS[section.key.text], section, variables)


def _plugin(role: str, node: Mapping, variables: dict[str, str]) -> _Plugin:
    return _Plugin(
        role=role, node=node, parameters={key.lower(): value for key, value in node.entries.items()}, variables=variables
    )


def _variables(root: Node) -> dict[str, str]:
    """What the file itself sets: ``@SET NAME=value`` lines, or the ``env`` section."""
    if isinstance(root, Mapping):
        env = root.get("env")
        entries = env.entries.items() if isinstance(env, Mapping) else ()
        return {name: value.text for name, value in entries if isinstance(value, Scalar)}
    found: dict[str, str] = {}
    for argument in _commands(root, "@SET"):
        name, sign, text = argument.text.partition("=")
        if sign:
            found[name.strip()] = text.strip()
    return found


def _commands(root: Node, name: str) -> Iterator[Scalar]:
    for item in root.children():
        command, argument = item.get(0), item.get(1)
        if isinstance(command, Scalar) and command.text == name and isinstance(argument, Scalar):
            yield argument


def _includes(root: Node) -> Iterator[Value[str]]:
    if isinstance(root, Mapping):
        listed_files = root.get("includes")
        items = listed_files.items if isinstance(listed_files, Sequence) else []
        yield from (Value.of(one.text, one) for one in items if isinstance(one, Scalar))
    else:
        yield from (Value.of(one.text, one) for one in _commands(root, "@INCLUDE"))


def _input(one: _Plugin, service: _Plugin | None) -> LogInput:
    storage = one.text("storage.type")
    if storage.is_unset and service is not None and switch(service.text("storage.inherit"), bare=True).value:
        storage = service.text("storage.type")
    return LogInput(
        node=one.node,
        kind=one.name,
        paths=listed(one.text("path")),
        excluded=listed(one.text("exclude_path")),
        tag=one.text("tag"),
        parser=one.text("multiline.parser", "parser"),
        position_file=one.text("db"),
        from_head=switch(one.text("read_from_head"), bare=True),
        keeps_unmatched=Value.of(True, one.node),
        storage=storage,
    )


def _filter(one: _Plugin) -> LogFilter:
    return LogFilter(node=one.node, kind=one.name, match=one.text("match"), settings=frozenset(one.parameters))


def _output(one: _Plugin, service: _Plugin | None) -> LogOutput:
    kind = one.name
    retries, patience = _retries(one, service)
    upstream = one.text("upstream")
    hosts = [one.text("host")] if not one.text("host").is_unset else []
    secure = switch(one.text("tls"), bare=True)
    if not upstream.is_unset:
        hosts = [Value.unknown(upstream.node, "the servers are listed in a file of their own")]
        secure = Value.unknown(upstream.node, "the servers are listed in a file of their own") if secure.is_unset else secure
    if kind == "kafka":  # librdkafka's own settings: plaintext by default
        hosts = [broker.map(lambda text: text.rpartition(":")[0] or text) for broker in listed(one.text("brokers"))]
        secure = one.text("rdkafka.security.protocol").map(lambda word: word.strip().lower().endswith("ssl"))
    unset: Value[bool] = Value.unset(one.node)
    return LogOutput(
        node=one.node,
        kind=kind,
        match=one.text("match", "match_regex"),
        remote=kind in _SENDS or kind in _CLOUDS,
        hosts=hosts,
        secure=secure if kind in _SENDS else unset,
        secure_default=kind in _CLOUDS if kind in _SENDS or kind in _CLOUDS else None,
        authenticated=_authenticated(one, _SENDS[kind]) if _SENDS.get(kind) else None,
        verified=switch(one.text("tls.verify"), bare=True) if kind in _SENDS else unset,
        buffer=None,
        overflow=Value.unset(one.node),
        retries=retries,
        patience=patience,
    )


def _authenticated(one: _Plugin, names: tuple[str, ...]) -> Value[bool]:
    for name in names:
        value = one.text(name)
        off = value.or_else("").strip().lower() in ("", "off", "false", "no") and not value.is_unknown
        if not value.is_unset and not off:
            return Value.of(True, value.node, value.at)
    header = one.text("header", "headers")
    if header.is_unknown or _HEADERS.search(header.or_else("")):
        return Value.of(True, header.node, header.at)
    return Value.unset(one.node)


def _retries(one: _Plugin, service: _Plugin | None) -> tuple[Value[str], float | None]:
    """``Retry_Limit`` and the seconds until the last try: None where it never gives up, or that is not known."""
    value = one.text("retry_limit")
    word = value.or_else("1").strip().lower()
    if value.is_unknown:
        return value, None
    if word in ("false", "no_limits", "off", "no"):
        return Value.of("forever", value.node, value.at), None
    if word == "no_retries":
        return value, 0.0
    count = seconds(word)
    if count is None:
        return Value.unknown(value.node, "it is no number of retries", value.at), None
    first = seconds(service.text("scheduler.base").or_else("")) if service is not None else None
    most = seconds(service.text("scheduler.cap").or_else("")) if service is not None else None
    return value, window(count, 2 * (first or 5.0), most or 2000.0, doubling=True)
