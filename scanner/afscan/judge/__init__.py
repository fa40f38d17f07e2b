"""Judge: suppressions and configuration applied to the findings. Nothing is dropped: a suppressed finding keeps its reason."""

from afscan.judge.config import Config, nearest
from afscan.judge.suppressions import Suppression, suppressions_of, unused
from afscan.model.notice import NoticeKind
from afscan.policy.rule import registered
from afscan.result import Result

_NOT_READ = frozenset((NoticeKind.SYNTAX, NoticeKind.TEMPLATED, NoticeKind.LIMIT, NoticeKind.TOO_LARGE))


def judge(result: Result, config: Config, reported: set[str] | None = None) -> None:
    """Mark the suppressed findings of a result, and note the suppressions that are malformed or match nothing.

    :param config: of the run; a file's nearest ``.afscan.yaml`` counts beside it.
    :param reported: the files that are reported on; None for all.
    :raises ConfigError: if a configuration's ``ignore`` names no rule, or a nearest configuration is malformed.
    """
    _apply_comments(result, reported)
    _apply_configuration(result, config)


def _judged(result: Result) -> set[str]:
    """Codes of the rules that judged all their subjects: only of these an idle suppression can be told."""
    return {rule.code for rule in result.rules if not (tally := result.by_rule.get(rule.code)) or not tally.not_judged}


def _apply_comments(result: Result, reported: set[str] | None) -> None:
    known = {rule.code.lower(): rule.code for rule in registered.values()} | {
        rule.name: rule.code for rule in registered.values()
    }
    known |= {rule.code.lower(): rule.code for rule in result.rules} | {rule.name: rule.code for rule in result.rules}
    by_path: dict[str, list[Suppression]] = {}
    for path, source in result.texts.items():
        if reported is None or path in reported:
            by_path[path], notices = suppressions_of(source, known)
            result.notices += notices
    for finding in result.findings:
        for suppression in by_path.get(finding.place.path, ()):
            if suppression.covers(finding):
                suppression.used.add(finding.rule.code)
                finding.suppressed = finding.suppressed or suppression.reason
    judged = _judged(result)
    unread = {notice.place.path for notice in result.notices if notice.kind in _NOT_READ}
    for path, suppressions in by_path.items():
        if path not in unread:
            result.notices += unused(suppressions, judged)


def _apply_configuration(result: Result, config: Config) -> None:
    found: dict[str, Config] = {config.path: config}
    cache: dict[str, Config] = {}
    used: set[int] = set()
    config.check_rules()
    for finding in result.findings:
        own = nearest(finding.place.path, cache)
        if own.path not in found:
            own.check_rules()
            found[own.path] = own
        for one in (config,) if own.path in ("", config.path) else (config, own):
            for entry in one.ignore:
                if entry.covers(finding, one.folder):
                    used.add(id(entry))
                    finding.suppressed = finding.suppressed or entry.reason
    if result.complete:
        judged = _judged(result)
        for one in found.values():
            result.notices += (entry.idle() for entry in one.ignore if id(entry) not in used and entry.codes() <= judged)
