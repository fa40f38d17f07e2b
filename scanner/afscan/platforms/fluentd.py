"""Fluentd: what its configuration reads, filters and sends where.

Source: docs.fluentd.org, "tail", "Buffer Section", "elasticsearch", "forward", "http"; fluentd/lib/fluent/plugin/output.rb;
the READMEs of fluent-plugin-elasticsearch, -opensearch, -grafana-loki, -splunk-hec, -kubernetes_metadata_filter.
"""

from collections.abc import Iterator

from afscan.model.monitoring import LogFilter, LogInput, LogOutput, LogPipeline
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.fluentdoutputs import read_target
from afscan.platforms.logsettings import describe_credentials, first_of, listed, seconds, switch, text_of, value_of, window
from afscan.platforms.reading import Interpretation
from afscan.syntax.fluentd import ARGUMENT, INCLUDES, sections

PLATFORM = "fluentd"

DEFAULT_PATIENCE = 72 * 3600.0
"""Seconds for which a chunk is retried unless something else is set (``retry_timeout``)."""

_OWNERS = ("source", "match", "filter", "label", "worker", "system")
_MAX_OUTPUTS = 1000
_COPIES = frozenset(("copy", "copy_ex", "roundrobin", "weighted_round_robin"))


def recognise(source: Source, root: Node) -> bool:
    """Whether a text has any of Fluentd's sections, or includes files that have."""
    return isinstance(root, Mapping) and (INCLUDES in root.entries or any(sections(root, name) for name in _OWNERS))


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The pipeline, and the secrets in it."""
    pipeline = LogPipeline(
        name=f"Fluentd configuration {source.name}", node=root, platform=PLATFORM, product=PLATFORM, inputs=[], outputs=[]
    )
    for scope in _scopes(root):
        pipeline.inputs += [_input(one) for one in sections(scope, "source")]
        pipeline.filters += [_filter(one) for one in sections(scope, "filter")]
        for match in sections(scope, "match"):
            pipeline.outputs += _outputs(match, len(pipeline.outputs))
        pipeline.includes += _includes(scope)
    out.subjects.append(pipeline)
    describe_credentials(_parameters(root), owner=f"Fluentd configuration {source.name}", platform=PLATFORM, out=out)


def _scopes(root: Node) -> Iterator[Node]:
    """The root, and the sections that hold sources, filters and matches of their own."""
    yield root
    for worker in sections(root, "worker"):
        yield worker
        yield from sections(worker, "label")
    yield from sections(root, "label")


def _includes(scope: Node) -> Iterator[Value[str]]:
    found = scope.get(INCLUDES)
    for item in found.items if isinstance(found, Sequence) else ():
        yield value_of(item, scope)


def _kind(section: Node) -> str:
    return first_of(section, "@type", "type").or_else("").strip().lower()


def _argument(section: Node) -> Value[str]:
    """The pattern of a filter or match; without one every tag fits."""
    return text_of(section, ARGUMENT)


def _input(section: Mapping) -> LogInput:
    parse = next(iter(sections(section, "parse")), None)
    separator = text_of(section, "path_delimiter").or_else("") or ","
    return LogInput(
        node=section,
        kind=_kind(section),
        paths=listed(text_of(section, "path"), separator),
        excluded=listed(text_of(section, "exclude_path")),
        tag=text_of(section, "tag"),
        parser=first_of(parse, "@type", "type") if parse is not None else text_of(section, "format"),
        position_file=text_of(section, "pos_file"),
        from_head=switch(text_of(section, "read_from_head"), bare=True),
        keeps_unmatched=switch(text_of(section, "emit_unmatched_lines"), bare=True),
    )


def _filter(section: Mapping) -> LogFilter:
    return LogFilter(node=section, kind=_kind(section), match=_argument(section), settings=frozenset(section.entries))


def _outputs(match: Mapping, before: int) -> Iterator[LogOutput]:
    """The output of a match section; those that it copies to, one by one."""
    waiting = [match]
    for _ in range(max(0, _MAX_OUTPUTS - before)):
        if not waiting:
            break
        section = waiting.pop()
        if _kind(section) in _COPIES:
            waiting += reversed(sections(section, "store"))
        else:
            yield _output(section, _argument(match))


def _output(section: Mapping, match: Value[str]) -> LogOutput:
    kind = _kind(section)
    target = read_target(kind, section)
    buffer = next(iter(sections(section, "buffer")), None)
    kept = first_of(buffer, "@type", "type") if buffer is not None else text_of(section, "buffer_type")
    retries, patience = _retries(section, buffer)
    return LogOutput(
        node=section,
        kind=kind,
        match=match,
        remote=target is not None,
        hosts=target.hosts if target is not None else [],
        secure=target.secure if target is not None else Value.unset(section),
        secure_default=target.secure_default if target is not None else None,
        authenticated=target.authenticated if target is not None else None,
        verified=target.verified if target is not None else Value.unset(section),
        buffer=None if target is not None and target.buffers and kept.is_unset else kept,
        buffer_path=text_of(buffer, "path") if buffer is not None else text_of(section, "buffer_path"),
        overflow=text_of(buffer, "overflow_action") if buffer is not None else text_of(section, "buffer_queue_full_action"),
        retries=retries,
        patience=None if sections(section, "secondary") else patience,
    )


def _retries(section: Mapping, buffer: Mapping | None) -> tuple[Value[str], float | None]:
    """What limits the retries, and how many seconds that is: None where nothing does, or it is not known."""
    at = buffer if buffer is not None else section
    forever = first_of(at, "retry_forever", "disable_retry_limit")
    endless = switch(forever, bare=True)
    if endless.value:
        return Value.of("forever", forever.node, forever.at), None
    if endless.is_unknown:
        return Value.unknown(forever.node, forever.reason or "it is neither true nor false", forever.at), None
    times, longest = first_of(at, "retry_max_times", "retry_limit"), text_of(at, "retry_timeout")
    decisive, patience = longest, DEFAULT_PATIENCE
    for value in (times, longest):
        if value.is_unknown:
            return value, None
    if longest.is_set:
        patience = seconds(longest.or_else("")) or 0.0
    if times.is_set:
        wait = seconds(text_of(at, "retry_wait").or_else("1")) or 1.0
        most = text_of(at, "retry_max_interval")
        doubling = text_of(at, "retry_type").or_else("") != "periodic"
        counted = window(seconds(times.or_else("")) or 0, wait, seconds(most.or_else("")), doubling=doubling)
        if counted < patience:
            decisive, patience = times, counted
    return decisive, patience


def _parameters(root: Node) -> Iterator[tuple[str, Value[str]]]:
    """Every parameter of a file by its name, in order."""
    for node in root.walk():
        if isinstance(node, Mapping):
            for name, value in node.entries.items():
                if isinstance(value, Scalar | Opaque) and name != ARGUMENT:
                    yield name, value_of(value, node)
