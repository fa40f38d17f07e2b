"""MON402: where a log pipeline drops what it should deliver."""

import re
from collections.abc import Iterator

from afscan.join.logging import fleeting, reads_containers
from afscan.model.monitoring import LogFilter, LogInput, LogOutput, LogPipeline
from afscan.model.stack import Stack
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SHORT = 3600.0
"""Seconds of an outage that a pipeline must survive: a store of logs that is upgraded or full is away for that long."""

_ENDS = frozenset(("stdout", "null", "file", "exec"))
_OWN_NAMES = frozenset(("tag_to_kubernetes_name_regexp", "container_name_to_kubernetes_regexp", "use_journal"))


@rule("MON402", severity=Severity.MEDIUM, tags=("CWE-778",))
def pipeline_loses_logs(pipeline: LogPipeline, stack: Stack) -> Iterator[Problem]:
    """Log pipeline loses logs.

    A collector that forgets where it stopped reading, keeps unsent records in memory or in its container, drops the oldest when
    its buffer is full or gives up within the hour loses the very lines that describe an outage. On nodes with containerd or CRI-O
    the log files have the CRI format: Fluentd's JSON parser understands none of their lines and drops them all. The metadata
    filter finds pod and namespace in the tag, and needs the file's path in it.

    ## Fix
    - Fluentd: set `pos_file`, `<buffer>` with `@type file` and `retry_forever true`, `<parse>` with `@type cri` for containers, and a
      tag such as `kubernetes.*`.
    - Fluent Bit: set `DB`, `storage.type filesystem` with `storage.path`, and `Retry_Limit no_limits`.
    - Any: remember positions, buffer in files, and retry until the records are delivered.
    """
    if not pipeline.inputs and not pipeline.outputs:
        yield NOT_APPLICABLE
        return
    remote = [output for output in pipeline.outputs if output.remote]
    for one in pipeline.inputs:
        if one.kind == "tail":
            yield from _reading(pipeline, one, buffered_here=bool(remote))
            if not one.from_head.value:
                yield from _ending_with_the_container(stack, pipeline, one.position_file, "what it has read")
    for output in remote:
        yield from _keeping(output)
        if output.buffer_path is not None:
            yield from _ending_with_the_container(stack, pipeline, output.buffer_path, "what is not sent yet")
        yield from _retrying(pipeline, output)


def _reading(pipeline: LogPipeline, one: LogInput, *, buffered_here: bool) -> Iterator[Problem]:
    """What gets lost at a tail input."""
    what = _shown(one)
    if one.position_file.is_unset and not one.from_head.value and not one.from_head.is_unknown:
        name = "pos_file" if pipeline.product == "fluentd" else "DB"
        yield fail(
            one.position_file.place,
            f"The input for {what} has no `{name}`: after a restart it does not know where it stopped, and lines are lost.",
        )
    if pipeline.product == "fluentd" and reads_containers(one) and not one.keeps_unmatched.value:
        if one.parser.is_unknown:
            yield unknown(one.parser.place, f"How the lines of {what} are parsed is not known: {one.parser.reason}.")
        elif one.parser.or_else("").strip().lower() == "json":
            yield fail(
                one.parser.place,
                f"The input for {what} reads its lines as JSON: containerd and CRI-O write the CRI format, and Fluentd drops every"
                " line that does not match.",
            )
    if one.storage is not None and buffered_here:
        if one.storage.is_unknown:
            yield unknown(one.storage.place, f"Where the records of {what} are kept is not known: {one.storage.reason}.")
        elif one.storage.or_else("memory").strip().lower() != "filesystem":
            yield fail(
                one.storage.place,
                f"The input for {what} keeps its records in memory: what is not sent yet is lost when Fluent Bit is killed.",
            )
    yield from _without_metadata(pipeline, one)


def _keeping(output: LogOutput) -> Iterator[Problem]:
    """What gets lost while records wait for an output."""
    if output.buffer is not None:
        kept = output.buffer.or_else("memory").strip().lower()
        if output.buffer.is_unknown:
            yield unknown(output.buffer.place, f"Where the `{output.kind}` output buffers is not known: {output.buffer.reason}.")
        elif kept == "memory":
            yield fail(
                output.buffer.place,
                f"The `{output.kind}` output buffers in memory: what is not sent yet is lost when Fluentd is killed.",
            )
    if output.overflow.is_unknown:
        why = output.overflow.reason
        yield unknown(output.overflow.place, f"What the `{output.kind}` output does when its buffer is full is not known: {why}.")
    elif output.overflow.or_else("").strip().lower() == "drop_oldest_chunk":
        yield fail(
            output.overflow.place,
            f"The `{output.kind}` output drops its oldest records when its buffer is full (`overflow_action drop_oldest_chunk`).",
        )


def _ending_with_the_container(stack: Stack, pipeline: LogPipeline, path: Value[str], what: str) -> Iterator[Problem]:
    """Positions or records in a pod's own file system, which is new after each restart."""
    container = fleeting(stack, pipeline, path) if path.is_set else None
    if container is not None:
        yield fail(
            path.place,
            f"{container.name} mounts nothing at `{path.value}`: {what} is forgotten when the container restarts.",
            related=[Related(container.place, "This container runs the pipeline.")],
        )


def _retrying(pipeline: LogPipeline, output: LogOutput) -> Iterator[Problem]:
    """What gets lost because an output gives up."""
    retries = output.retries
    if retries.is_unknown:
        yield unknown(retries.place, f"How long the `{output.kind}` output retries is not known: {retries.reason}.")
    elif output.patience is not None and output.patience < _SHORT:
        default = " (the default is one retry)" if retries.is_unset and pipeline.product != "fluentd" else ""
        yield fail(
            retries.place,
            f"The `{output.kind}` output gives up after about {_duration(output.patience)}{default} and drops what it could not send.",
        )


def _without_metadata(pipeline: LogPipeline, one: LogInput) -> Iterator[Problem]:
    """A tag without the file's path in front of Fluentd's kubernetes_metadata filter, where nothing else can help it."""
    tag = one.tag.or_else("")
    if pipeline.product != "fluentd" or not tag or "*" in tag or not reads_containers(one):
        return
    if any(not output.remote and output.kind not in _ENDS for output in pipeline.outputs):
        return  # it may be given another tag
    first = next((each for each in pipeline.filters if _may_fit(each.match.or_else("**"), tag)), None)
    if first is None or not _asks_the_tag(first) or not _fits(first.match.or_else("**"), tag):
        return
    yield fail(
        one.tag.place,
        f"The tag `{tag}` does not hold the file's path: `kubernetes_metadata` finds no pod, namespace and container in it, and the"
        " records leave without them.",
        related=[Related(first.node.head, "This is the filter.")],
    )


def _asks_the_tag(one: LogFilter) -> bool:
    return one.kind == "kubernetes_metadata" and not one.match.is_unknown and not _OWN_NAMES & one.settings


def _may_fit(pattern: str, tag: str) -> bool:
    """Whether a pattern fits a tag, or cannot be told."""
    return any(letter in pattern for letter in "{}[]()/#") or pattern.count("*") > 6 or _fits(pattern, tag)


def _fits(pattern: str, tag: str) -> bool:
    """Whether one of a filter's patterns fits a tag: ``*`` is one part, ``**`` any number of them. Source: docs.fluentd.org."""
    for one in pattern.split():
        if any(letter in one for letter in "{}[]()/#") or one.count("*") > 6:
            continue
        text = re.escape(one).replace(r"\.\*\*", r"(?:\..*)?").replace(r"\*\*", ".*").replace(r"\*", "[^.]*")
        if re.fullmatch(text, tag[:200]):
            return True
    return False


def _shown(one: LogInput) -> str:
    known = [path.or_else("") for path in one.paths if path.is_set]
    return f"`{known[0]}`" + (f" and {len(known) - 1} more" if len(known) > 1 else "") if known else "its files"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
