"""Workflows with what they call, and with the scripts that they run: ``Script.runners`` and ``schedules`` from jobs and triggers.

Source: GitHub documentation, "Workflow syntax" and "Events that trigger workflows" (``schedule`` runs the file of the default
branch); GitLab documentation, "Scheduled pipelines": their times are kept in GitLab, not in the repository.
"""

from collections.abc import Iterable, Iterator
from posixpath import normpath

from afscan.model.ci import CompositeAction, Workflow, WorkflowJob, WorkflowStep
from afscan.model.patterns import pattern
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Subject
from afscan.model.value import Value
from afscan.platforms.ci.expressions import bare, never

KEY = "workflows"
_ALWAYS = frozenset(("always()", "success()", "!cancelled()", "true"))
_ON_SCHEDULE = pattern(r"github\.event_name\s*==\s*['\"]schedule['\"]")
_NO_EVENTS = frozenset(("schedule", "workflow_dispatch", "workflow_call"))
"""Triggers that are no events of their own: a time, a person, another workflow."""


@record(slots=True)
class Running:
    """When a job runs by itself. ``schedules`` are its cron expressions; ``open`` says why there may be others, "" where none can be."""

    schedules: list[Value[str]] = field(default_factory=list)
    open: str = ""


def join(stack: Stack) -> Iterable[Subject]:
    """Fill ``called`` of jobs and ``action`` of steps: reusable workflows and actions of this repository, by their paths from its root."""
    workflows = stack.of(Workflow)
    by_path = {normpath(one.path): one for one in workflows}
    actions = {normpath(one.folder or "."): one for one in stack.of(CompositeAction)}
    callers: dict[int, list[WorkflowJob]] = {}
    for workflow in workflows:
        root = workflow.repository or ""
        for job in workflow.jobs:
            if job.calls is not None and job.calls.kind == "local":
                job.called = by_path.get(normpath(f"{root or '.'}/{job.calls.target}"))
            if job.called is not None:
                callers.setdefault(id(job.called), []).append(job)
            for step in job.steps:
                if step.uses is not None and step.uses.kind == "local":
                    step.action = actions.get(normpath(f"{root or '.'}/{step.uses.target}"))
    stack.joined[KEY] = callers
    return ()


def steps_of(job: WorkflowJob) -> Iterator[tuple[WorkflowStep, list[Value[str]]]]:
    """The steps that a job runs, those of this stack's actions too, each with the conditions that stand at it."""
    for step in job.steps:
        yield step, [step.condition]
        for inner in step.action.steps if step.action is not None else ():
            yield inner, [step.condition, inner.condition]


def running(stack: Stack, job: WorkflowJob, conditions: list[Value[str]]) -> Running:
    """When a job's step runs by itself: by the triggers of its workflow, or of those that call it."""
    found = Running()
    if job.disabled or any(never(one) for one in conditions):
        return found
    callers = stack.joined.get(KEY, {})
    seen: set[int] = set()
    waiting = [(job, [*conditions, job.condition])]
    while waiting:
        at, guards = waiting.pop()
        if id(at) in seen or at.disabled:
            continue
        seen.add(id(at))
        _add(found, at.workflow, guards)
        calling = callers.get(id(at.workflow), ())
        if not calling and at.workflow.on("workflow_call"):
            found.open = found.open or f"another repository may call {at.workflow.name}"
        waiting += [(one, [*guards, one.condition]) for one in calling]
    return found


def _add(found: Running, workflow: Workflow, guards: list[Value[str]]) -> None:
    """What one workflow's triggers say of when something in it runs."""
    if workflow.system != "github":
        found.open = found.open or f"{workflow.name} may run on a schedule, which is kept in GitLab"
    elif workflow.unknown_triggers:
        found.open = found.open or f"what starts {workflow.name} is not known"
    event = next((one.or_else("") for one in workflow.triggers if one.value not in _NO_EVENTS), "")
    if event and workflow.system == "github":
        found.open = found.open or f"{workflow.name} runs it on `{event}`, however often that is"
    if not workflow.schedules:
        return
    if not _is_looked_at(workflow):
        found.open = found.open or f"{workflow.name} lies where nothing is known to run it"
        return
    doubted = next((one for one in guards if not _lets_schedules_pass(one)), None)
    if doubted is not None:
        found.open = found.open or f"whether {workflow.name} gets to it on its schedule depends on `{doubted.or_else('if')[:60]}`"
        return
    found.schedules += [one for one in workflow.schedules if one not in found.schedules]


def _is_looked_at(workflow: Workflow) -> bool:
    """Whether a workflow lies where GitHub looks, or is shown in a document under such a name."""
    return workflow.repository is not None or "/.github/workflows/" in f"/{workflow.path}"


def _lets_schedules_pass(condition: Value[str]) -> bool:
    if condition.is_unset:
        return True
    text = bare(condition.or_else(""))
    return text in _ALWAYS or (_ON_SCHEDULE.search(text) is not None and "&&" not in text)
