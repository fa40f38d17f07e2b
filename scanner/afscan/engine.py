"""The pipeline: discover, read, parse, interpret, join, check, judge. One direction, no way back.

Reports are made from the :class:`~afscan.result.Result` and never change it.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from afscan.files.discover import Discovery, StackFiles, discover
from afscan.files.read import decode, read_file
from afscan.interpret import interpret
from afscan.join import deployments_of, join_all
from afscan.judge import judge
from afscan.judge.config import Config, load_config
from afscan.judge.variants import Variants
from afscan.model.node import Scalar
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.record import record, replace
from afscan.model.source import Source
from afscan.model.stack import Deployment, Stack
from afscan.model.subjects import Credential, Origin, Subject, overlay_of
from afscan.policy.controls import load_controls
from afscan.policy.outcome import Problem, Related, Verdict, unknown
from afscan.policy.registry import choose, load_packs
from afscan.policy.rule import Rule, name_of
from afscan.result import Evidence, Finding, InternalError, Result, Tally

Progress = Callable[[int, int], None]
"""Called with the number of files read so far and the number of all."""


@record(slots=True)
class Options:
    """What to judge, and how much of the stack to read for it."""

    profile: str | None = None  # None: the configuration's, else "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    context: str = "none"
    config: Config | None = None
    render: str | None = None  # None: the configuration's, else "never"
    progress: Progress | None = None
    evidence: bool = False  # keep what passed, too


def scan(paths: list[str], options: Options, stdin: tuple[str, bytes] | None = None) -> Result:
    """Scan files and directories, or one text from standard input.

    :param paths: files and directories.
    :param stdin: a name and the bytes read; then ``paths`` may be empty.
    :raises FileNotFoundError: for a path that does not exist.
    :raises PolicyError: for a malformed rule pack or an unknown rule in ``select`` or ``ignore``.
    :raises ConfigError: for a malformed configuration file.
    """
    started = time.perf_counter()
    config = options.config if options.config is not None else load_config(paths)
    found = discover(paths, context=options.context, exclude=config.excluded())
    if stdin is not None:
        found.stack("", complete=False)
    result = scan_found(found, options, config, stdin)
    result.seconds = time.perf_counter() - started
    return result


def scan_found(
    found: Discovery, options: Options, config: Config | None = None, stdin: tuple[str, bytes] | None = None
) -> Result:
    """The pipeline after discovery: what :func:`scan` does once it knows the files of each stack."""
    config = config if config is not None else Config()
    profile = options.profile or config.profile or "default"
    rules = choose(load_packs(), profile=profile, select=options.select or config.select, ignore=options.ignore)
    result = Result(profile=profile, rules=rules, controls=load_controls(), evidence=[] if options.evidence else None)
    result.by_rule = {rule.code: Tally() for rule in rules}
    result.by_control = {control.id: Tally() for control in result.controls}
    result.notices += found.notices
    result.unrecognised += found.foreign
    result.complete = all(stack.complete for stack in found.stacks.values())
    render = options.render or config.render or "never"
    _scan_stacks(found, rules, result, replace(options, render=render), stdin)
    judge(result, config, _reported_paths(found))
    return result


def _reported_paths(found: Discovery) -> set[str] | None:
    """The files that are reported on; None where that is all of them."""
    if all(stack.report is None for stack in found.stacks.values()):
        return None
    return {path for stack in found.stacks.values() for path in (stack.report if stack.report is not None else stack.files)}


def read_stacks(
    found: Discovery,
    result: Result,
    *,
    render: str = "never",
    progress: Progress | None = None,
    stdin: tuple[str, bytes] | None = None,
) -> Iterator[tuple[Stack, StackFiles]]:
    """Read the stacks one after the other, file by file; ``result`` takes what was not read, and the counts.

    :param render: whether programs may render what afscan itself cannot (``auto``, ``never``).
    """
    total = sum(len(stack.files) for stack in found.stacks.values())
    done = 0
    for files in found.stacks.values():
        stack = Stack(files.root, complete=files.complete)
        stack.foreign = found.foreign
        stack.joined["render"] = render
        for path in files.files:
            _take(read_file(path, path), stack, files, result)
            done += 1
            if progress is not None:
                progress(done, total)
        if stdin is not None and files.root == "":
            _take(decode(stdin[1], stdin[0]), stack, files, result)
        yield stack, files


def join_stack(stack: Stack, files: StackFiles, result: Result) -> Iterator[Deployment]:
    """Join a stack, without judging it: what is deployed from it, one after the other."""
    notices: dict[Notice, None] = {}
    for one in _deployments(stack, result):
        notices.update(dict.fromkeys(one.stack.notices))
        result.subjects += sum(1 for subject in one.stack if one.judges(subject))
        yield one
        result.texts |= {source.path: source for source in one.stack.sources if source.outer is None}
    notices.update(dict.fromkeys(stack.notices))
    result.notices += [n for n in notices if _reported(n.place, files)]
    result.unrecognised = [path for path in result.unrecognised if path not in result.texts]


def _scan_stacks(found: Discovery, rules: list[Rule], result: Result, options: Options, stdin: tuple[str, bytes] | None) -> None:
    for stack, files in read_stacks(found, result, render=options.render or "never", progress=options.progress, stdin=stdin):
        variants = Variants(result)
        for one in join_stack(stack, files, result):
            _collect_secrets(one.stack, result)
            check(one, rules, result, files)
            variants.take(one.root, one.files)
        variants.finish()
    result.findings = _merged(result.findings)


def _deployments(stack: Stack, result: Result) -> Iterator[Deployment]:
    """The stack, joined; or each of the alternatives that Kustomize renders. Where a join raises, what there is is judged."""
    before = len(stack.sources)
    try:
        join_all(stack)
    except Exception:  # reported as an internal error, exit code 3: the rest is still judged
        result.errors.append(InternalError("join", None, stack.root, _traceback()))
    result.sources += len(stack.sources) - before
    parts, first = deployments_of(stack), True
    while True:
        try:
            part = next(parts, None)
        except Exception:
            result.errors.append(InternalError("join", None, stack.root, _traceback()))
            part, parts = Deployment(stack) if first else None, iter(())
        if part is None:
            return
        first = False
        result.sources += len(part.stack.sources) - len(stack.sources)
        yield part


def _reported(place: Place, files: StackFiles) -> bool:
    return files.report is None or place.path in files.report


def _take(source: Source | Notice, stack: Stack, files: StackFiles, result: Result) -> None:
    """Interpret one file into its stack."""
    if isinstance(source, Notice):
        stack.notices.append(source)
        return
    result.files += 1
    stack.paths.append(source.path)
    try:
        out, read, recognised = interpret(source)
    except Exception:  # a reader must never fail on a file: if one does, say so and go on with the next file
        place = Place(source.path, Span(1, 1, 1, 1))
        result.errors.append(InternalError("reader", place, source.path, _traceback()))
        stack.notices.append(Notice(NoticeKind.PARTIAL, place, "afscan failed while reading this file; it is not judged."))
        return
    if not recognised and not out.notices:
        if _reported(source.whole, files):
            result.unrecognised.append(source.path)
        return
    result.texts[source.path] = source
    result.sources += len(read)
    stack.sources += read
    stack.add(out.subjects)
    stack.notices += out.notices


def _traceback() -> str:
    """The exception that is being handled, in full."""
    import traceback  # noqa: PLC0415 - only where something went wrong

    return traceback.format_exc()


def _collect_secrets(stack: Stack, result: Result) -> None:
    """Remember where secrets stand, so that no report shows them."""
    from afscan.platforms.secrets import literal_place, literal_text  # noqa: PLC0415  (start-up time)

    for credential in stack.of(Credential):
        if credential.value.is_set and (credential.origin is Origin.HASH or literal_text(credential) is not None):
            place = literal_place(credential)
            node = credential.value.node
            if isinstance(node, Scalar) and place == node.head:
                place = node.place  # of a text of several lines, the head is the first
            result.secrets.setdefault(place.path, []).append(place.span)
    for place in stack.joined.get("masked", ()):
        result.secrets.setdefault(place.path, []).append(place.span)


def check(part: Deployment, rules: Iterable[Rule], result: Result, files: StackFiles) -> None:
    """Call every rule on every subject of its kinds, and count the verdicts."""
    stack = part.stack
    by_control: dict[str, dict[int, set[Verdict]]] = {}
    kinds = {name_of(kind): kind for kind in stack.kinds()}
    for rule in rules:
        tally = result.by_rule[rule.code]
        seen = by_control.setdefault(rule.control, {})
        for name in rule.judges:  # by name: a rule that finds nothing to judge is not even imported
            for subject in stack.of(kinds[name]) if name in kinds else ():
                if not part.judges(subject):
                    continue
                verdict = _check_one(rule, subject, stack, result, files)
                if verdict is not None and _reported(subject.place, files):
                    tally.count(verdict)
                    if result.evidence is not None and verdict in (Verdict.PASS, Verdict.NOT_JUDGED):
                        result.evidence.append(Evidence(rule, verdict, subject.place, subject.name, subject.platform))
                    seen.setdefault(id(subject), set()).add(verdict)
    for control, subjects in by_control.items():
        tally = result.by_control.setdefault(control, Tally())
        for verdicts in subjects.values():
            tally.count(next(v for v in _ORDER if v in verdicts))


_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_JUDGED, Verdict.NOT_APPLICABLE)
"""What a control makes of a subject that several rules judged: the first of these that occurs."""


def _check_one(rule: Rule, subject: Subject, stack: Stack, result: Result, files: StackFiles) -> Verdict | None:
    """One rule on one subject; the verdict, or None where the rule raised or another subject stands for this one."""
    if rule.absence and not stack.complete:
        return Verdict.NOT_JUDGED
    try:
        problems = list(rule.check(subject, stack))
    except Exception:  # a mistake in the rule: named, never a pass, and the others go on
        result.errors.append(InternalError(rule.code, subject.place, subject.name, _traceback()))
        return None
    overlay = overlay_of(subject)
    if overlay:
        # What the files below an overlay say is judged, and counted, without it.
        problems = [one for one in problems if one.place is None or one.place.path == overlay]
        if not problems and subject.place.path != overlay:
            return None
    if any(one.verdict is Verdict.FAIL for one in problems):
        problems = _doubted(problems, subject, stack)
    verdict = Verdict.PASS
    for problem in problems:
        if problem.place is not None and _reported(problem.place, files):
            finding = _finding(rule, subject, problem)
            if finding.place.path in stack.joined.get("templates", ()):
                finding.message += f" {_AS_RENDERED}"
            result.findings.append(finding)
        verdict = _worse(verdict, problem.verdict)
    return verdict


_AS_RENDERED = "(As `helm template` renders it with the chart's own values.)"


def _doubted(problems: list[Problem], subject: Subject, stack: Stack) -> list[Problem]:
    """Fails of a workload over which a patch is laid that is not applied here: the patch may mend them."""
    from afscan.join.namespaces import patch_over  # noqa: PLC0415 - only where something failed

    patch = patch_over(stack, subject)
    if patch is None:
        return problems
    also = Related(patch.place, "This patch is laid over it, and is not applied here.")
    return [
        unknown(one.place, f"{one.message} A patch may change that.", related=(*one.related, also))
        if one.verdict is Verdict.FAIL and one.place is not None
        else one
        for one in problems
    ]


def _worse(one: Verdict, other: Verdict) -> Verdict:
    """A fail beats an unknown beats not judged beats not applicable beats a pass, among the problems of one subject."""
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_JUDGED, Verdict.NOT_APPLICABLE, Verdict.PASS)
    return min(one, other, key=order.index)


def _finding(rule: Rule, subject: Subject, problem: Problem) -> Finding:
    place = problem.place if problem.place is not None else subject.place
    return Finding(
        rule=rule,
        verdict=problem.verdict,
        severity=problem.severity or rule.severity,
        place=place,
        subject=subject.name,
        platform=subject.platform,
        message=_sentence(problem.message),
        remedy=problem.remedy or rule.remedy(subject.platform),
        related=tuple(problem.related),
    )


def _sentence(message: str) -> str:
    """A message with a capital at its start, where that is a word and no name of a file or resource."""
    word = message.split(" ", 1)[0]
    return message[:1].upper() + message[1:] if word.isalpha() and word.islower() else message


def _merged(findings: list[Finding]) -> list[Finding]:
    """Sorted, and each (rule, place, message) once: two services built from one Dockerfile share its finding."""
    kept: dict[tuple[str, Place, str, Verdict], Finding] = {}
    for finding in findings:
        key = (finding.rule.code, finding.place, finding.message, finding.verdict)
        kept.setdefault(key, finding)
    return sorted(kept.values(), key=lambda f: (f.place.path, f.place.span, f.rule.code))
