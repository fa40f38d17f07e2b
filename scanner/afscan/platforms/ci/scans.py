"""Which steps and hooks are scans, what they look at, and whether a finding of theirs fails the run.

A scan whose results go to code scanning is judged there: it neither gates nor does it fail to. A step whose failure is passed over
but whose outcome a later step reads gates there.
"""

from collections.abc import Iterator

from afscan.model.ci import DependencyUpdates, SecurityScan, WorkflowJob, WorkflowStep
from afscan.model.node import Node, Scalar
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.scripts import Command, Script
from afscan.model.value import Value
from afscan.platforms.ci.commands import RunCommand, candidates, commands_of, inner_command
from afscan.platforms.ci.expressions import EXPRESSION, never
from afscan.platforms.ci.scanners import (
    Tool,
    effect,
    is_updater,
    lists_only,
    only_reports,
    tool_of_action,
    tool_of_command,
    tool_of_image,
)
from afscan.platforms.dockerfile.shell import ShellWord
from afscan.platforms.reading import Interpretation

_EXTRA = {"vuln": "dependencies", "misconfig": "iac", "config": "iac", "secret": "secrets"}
_HARMLESS = frozenset(("true", ":", "echo", "printf"))
_UPLOAD = "github/codeql-action/upload-sarif"


@record(slots=True)
class Verdict:
    """Whether a scan gates: None where it cannot be told, because of ``reason`` or (without one) by nobody's word."""

    gates: bool | None
    node: Node
    place: Place
    how: str = ""
    reason: str = ""

    def value(self) -> Value[bool]:
        """The same as a value."""
        if self.gates is not None:
            return Value.of(self.gates, self.node, self.place)
        return Value.unknown(self.node, self.reason, self.place) if self.reason else Value.unset(self.node)


def add_scans(steps: list[WorkflowStep], job: WorkflowJob | None, out: Interpretation) -> None:
    """Emit the scans among the steps of a job or of an action, and the steps that update dependencies."""
    if job is not None and job.disabled:
        return
    uploads = any(step.uses is not None and step.uses.target.lower().startswith(_UPLOAD) for step in steps)
    for index, step in enumerate(steps):
        if never(step.condition):
            continue
        for scan in _scans_of(step):
            scan.job, scan.uploads = job, scan.uploads or (uploads and _writes_sarif(scan, step))
            _passed_over(scan, step, job, steps[index + 1 :])
            out.subjects.append(scan)
        if _updates(step):
            out.subjects.append(_updater(step))


def scans_in_script(
    script: Script, call: Command, step: WorkflowStep, job: WorkflowJob, later: list[WorkflowStep]
) -> Iterator[SecurityScan]:
    """The scans of a script that a step calls: a finding has to end the script, and the script's failure the step.

    :param call: the step's command that runs the script.
    """
    source = script.node.source
    whole = Scalar(source, source.span(0, len(source.text)), source.text)
    for command in script.commands:
        if command.wrapper is not None or not command.words:
            continue
        one = _as_run_command(command, whole)
        for at in (command, call):
            lost = _is_lost(at)
            if lost and not one.lost:
                one.lost, one.lost_at = f"{at.script.name} goes on when it fails", at.place
            one.unsure = one.unsure or lost is None
        scan = _scan_of_command(inner_command(one), step)
        if scan is not None:
            scan.job = job
            _passed_over(scan, step, job, later)
            yield scan


def _is_lost(command: Command) -> bool | None:
    """Whether a command's failure is passed over; None where what answers it may still end the script."""
    if command.ends_script.value is True:
        return False
    if command.ends_script.is_unknown or command.frame is None:
        return None
    frames = list(command.frame.outwards())
    if frames[0].kind == "list" and frames[0].caught:
        after = next((one for one in command.script.commands[command.order + 1 :] if one.wrapper is None), None)
        return True if after is not None and (after.texts[:1] or [""])[0] in _HARMLESS else None
    return None if {"condition", "not", "substitution", "function", "list"} & {one.kind for one in frames} else True


def _as_run_command(command: Command, whole: Scalar) -> RunCommand:
    """A command of a script as one of a step: its words with their spots in the script's text."""
    words = []
    for word, text in zip(command.words, command.texts, strict=True):
        span, source = word.node.span, whole.source
        start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
        words.append(ShellWord(text, start, end, dynamic=not word.is_set))
    return RunCommand(words, whole, all=words)


def _writes_sarif(scan: SecurityScan, step: WorkflowStep) -> bool:
    """Whether a scan's results are in the form that code scanning takes."""
    place = scan.place.span
    lines = [step.node.source.line(number) for number in range(place.line, place.end_line + 1)]
    return any("sarif" in one.or_else("").lower() for one in step.inputs.values()) or any(
        "sarif" in line.lower() for line in lines
    )


def _updates(step: WorkflowStep) -> bool:
    if step.uses is not None:
        return is_updater(step.uses.repository)
    return any(is_updater(words[0].text.rpartition("/")[2]) for one in commands_of(step) for words in candidates(one))


def _updater(step: WorkflowStep) -> DependencyUpdates:
    return DependencyUpdates(
        name=step.name, node=step.node, platform=step.platform, tool="workflow", enabled=Value.of(True, step.node)
    )


def _scans_of(step: WorkflowStep) -> Iterator[SecurityScan]:
    if step.uses is not None:
        tool = tool_of_action(step.uses.target) if step.uses.kind == "remote" else None
        if step.uses.kind == "docker":
            tool = tool_of_image(step.uses.target.partition("@")[0].rpartition(":")[0] or step.uses.target)
        written = step.inputs.get("format")
        if tool is not None and not (written is not None and lists_only(tool, [written.or_else("")])):
            yield _scan_of_action(tool, step)
        return
    for one in commands_of(step):
        command = inner_command(one)
        found = _scan_of_command(command, step)
        if found is not None:
            yield found


# ---------------------------------------------------------------- actions


def _scan_of_action(tool: Tool, step: WorkflowStep) -> SecurityScan:
    uses = step.uses
    assert uses is not None
    verdict = Verdict(tool.get("action_gates", tool["gates"]), uses.node, uses.place, f"{tool['tool']} lets pass by default")
    for name, kind in tool.get("inputs", {}).items():
        if name in step.inputs:
            _apply(verdict, name, kind, step.inputs[name])
    _apply_variables(verdict, tool, step)
    for name in tool.get("config_inputs", ()):
        if name in step.inputs and verdict.gates is False:
            verdict.gates, verdict.reason = None, f"`{name}` names a file that may say so"
    target = step.inputs.get(tool.get("target_input", ""))
    return _scan(tool, step, verdict, uses.place, covers=_covers_of_action(tool, step), target=target, action=True)


def _covers_of_action(tool: Tool, step: WorkflowStep) -> frozenset[str]:
    assert step.uses is not None
    mode = step.inputs.get(tool.get("mode_input", ""))
    text = mode.or_else("") if mode is not None else tool.get("mode_default", "")
    part = step.uses.target.rpartition("/")[2]
    covers = set(tool.get("mode_path", {}).get(part, tool.get("modes", {}).get(text, tool["covers"])))
    extra = step.inputs.get(tool.get("extra_input", ""))
    return frozenset(_with_extra(covers, extra.or_else("") if extra is not None else ""))


def _with_extra(covers: set[str], scanners: str) -> set[str]:
    """Coverage with Trivy's own list of scanners; one that names no vulnerabilities leaves those out."""
    words = {word.strip() for word in scanners.split(",") if word.strip()}
    if not words:
        return covers
    named = {_EXTRA[word] for word in words if word in _EXTRA}
    if "images" in covers:
        return named | {"images"} if "vuln" in words else named - {"dependencies"}
    return named


def _apply(verdict: Verdict, name: str, kind: str, value: Value[str]) -> None:
    """What an input or variable changes."""
    text = value.or_else("")
    if value.is_unknown or EXPRESSION.search(text):
        verdict.gates, verdict.node, verdict.place = None, value.node, value.place
        verdict.reason = f"`{name}` is filled in when it runs"
        return
    if only_reports(kind, text):
        verdict.gates = None
    found = effect(kind, text)
    if found is not None:
        verdict.gates, verdict.node, verdict.place, verdict.reason = found, value.node, value.place, ""
        verdict.how = f"`{name}: {text[:40]}` lets pass whatever it finds"


def _apply_variables(verdict: Verdict, tool: Tool, step: WorkflowStep) -> None:
    for name, kind in tool.get("variables", {}).items():
        levels = [step.environment]
        if step.job is not None:
            levels += [step.job.environment, step.job.workflow.environment]
        variable = next((level[name] for level in levels if name in level), None)
        if variable is not None:
            _apply(verdict, name, kind, variable.value)


# ---------------------------------------------------------------- commands


def _scan_of_command(one: RunCommand, step: WorkflowStep) -> SecurityScan | None:
    tool, words = _tool_of(one)
    if tool is None or lists_only(tool, [word.text.rpartition("=")[2] for word in words]):
        return None
    node = step.run.node
    verdict = Verdict(tool["gates"], node, one.place, f"{tool['tool']} lets pass by default")
    _apply_variables(verdict, tool, step)
    for index, word in enumerate(words):
        name = word.text.partition("=")[0]
        kind = tool.get("options", {}).get(name)
        if kind is not None:
            _apply_option(verdict, one, words, index, kind)
        if name in tool.get("config_options", ()) and verdict.gates is False and tool.get("gates") is not True:
            verdict.gates, verdict.reason = None, f"`{name}` names a file that may say so"
    if one.lost and verdict.gates is not False:
        verdict = Verdict(False, node, one.lost_at or one.place, one.lost)
    elif one.unsure and verdict.gates is not False:
        verdict = Verdict(None, node, one.place, reason="what becomes of its exit status is not followed")
    covers = _covers_of_command(tool, words)
    target = _target(tool, covers, words, one)
    return _scan(tool, step, verdict, one.place, covers=covers, target=target, action=False)


def _tool_of(one: RunCommand) -> tuple[Tool | None, list[ShellWord]]:
    if one.image:
        return tool_of_image(one.image), one.words
    for words in candidates(one):
        tool = tool_of_command([word.text for word in words])
        if tool is not None:
            return tool, words
    return None, []


def _apply_option(verdict: Verdict, one: RunCommand, words: list[ShellWord], index: int, kind: str) -> None:
    """What one option of a command line changes."""
    word, after = words[index], words[index + 1] if index + 1 < len(words) else None
    _, equals, given = word.text.partition("=")
    value = given if equals else None
    takes_value = kind in ("status", "never", "ignore", "format")
    spot = (word.start, word.end)
    if value is None and takes_value and after is not None:
        value, spot = after.text, (word.start, after.end)
    text = value if value is not None else "true"
    dynamic = word.dynamic or (takes_value and after is not None and after.dynamic)
    place = one.script.part(*spot)
    if dynamic:
        verdict.gates, verdict.place, verdict.reason = None, place, f"`{word.text[:40]}` is filled in when it runs"
        return
    if only_reports(kind, text):
        verdict.gates = None
    found = effect(kind, text)
    if found is not None:
        verdict.gates, verdict.place, verdict.reason = found, place, ""
        verdict.how = f"`{one.script.text[spot[0] : spot[1]][:60]}` lets pass whatever it finds"


def _covers_of_command(tool: Tool, words: list[ShellWord]) -> frozenset[str]:
    modes = tool.get("modes", {})
    mode = next((word.text for word in words[1:4] if word.text in modes), "")
    covers = set(modes.get(mode, tool["covers"]))
    option = tool.get("extra_option")
    for index, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if option and name == option:
            covers = _with_extra(covers, value if equals else words[index + 1].text if index + 1 < len(words) else "")
    return frozenset(covers)


def _target(tool: Tool, covers: frozenset[str], words: list[ShellWord], one: RunCommand) -> Value[str] | None:
    """The image that a command scans: its last word that is no option."""
    if "images" not in covers:
        return None
    last = next((word for word in reversed(words[1:]) if not word.text.startswith("-")), None)
    if last is None or last.text in tool.get("modes", {}):
        return None
    place = one.at(last)
    return (
        Value.unknown(one.script, "it is filled in when it runs", place)
        if last.dynamic
        else Value.of(last.text, one.script, place)
    )


# ---------------------------------------------------------------- both


def _scan(
    tool: Tool,
    step: WorkflowStep,
    verdict: Verdict,
    place: Place,
    *,
    covers: frozenset[str],
    target: Value[str] | None,
    action: bool,
) -> SecurityScan:
    judged = tool.get("code_scanning", False) or (action and tool.get("code_scanning_action", False))
    return SecurityScan(
        name=f"{tool['tool']} in {step.name}",
        node=step.node,
        platform=step.platform,
        tool=tool["tool"],
        covers=covers,
        gates=verdict.value(),
        how=verdict.how if verdict.gates is False else "",
        at=place,
        target=target,
        step=step,
        uploads=bool(judged),
    )


def _passed_over(scan: SecurityScan, step: WorkflowStep, job: WorkflowJob | None, later: list[WorkflowStep]) -> None:
    """``continue-on-error`` of the step or of its job."""
    for owner, what in ((step, "step"), (job, "job")):
        switch = owner.continue_on_error if owner is not None else None
        if switch is None or scan.gates.value is False:
            continue
        if switch.is_unknown:
            scan.gates = switch
        elif switch.value:
            if what == "step" and step.key and _reads_outcome(step.key, later):
                scan.gates = Value.unset(switch.node)  # whoever reads it decides
            else:
                scan.gates, scan.how = Value.of(False, switch.node), f"`continue-on-error` passes over the failure of the {what}"


def _reads_outcome(key: str, later: list[WorkflowStep]) -> bool:
    wanted = (f"steps.{key}.outcome", f"steps['{key}'].outcome")
    for step in later:
        texts = [step.condition.or_else(""), step.run.or_else("")]
        texts += [one.value.or_else("") for one in step.environment.values()] + [one.or_else("") for one in step.inputs.values()]
        if any(want in text for text in texts for want in wanted):
            return True
    return False
