"""GitHub Actions: workflows with their jobs, steps, images, variables and permissions.

Source: GitHub documentation, "Workflow syntax for GitHub Actions". ``on`` is a key, not the boolean that YAML 1.1 makes of it.
"""

from posixpath import basename

from afscan.model.ci import ActionReference, Workflow, WorkflowJob
from afscan.model.node import Mapping, Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ImageReference
from afscan.model.value import Value
from afscan.platforms.ci import expressions as at
from afscan.platforms.ci.environment import add_environment, throwaway_secrets
from afscan.platforms.ci.steps import MAX_ALL_STEPS, Defaults, read_steps, reference_of
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "github"
_FOLDER = ".github/workflows"


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put a workflow and all that it says into ``out``."""
    reader = Reader(root, out)
    title = reader.text("name").or_else("") or basename(source.name)
    workflow = Workflow(
        name=f"workflow {title}",
        node=root,
        platform=PLATFORM,
        system="github",
        path=source.name if source.outer is not None else source.path,
        repository=_repository(source),
        permissions=permissions_of(reader),
    )
    _read_triggers(reader, workflow)
    out.subjects.append(workflow)
    environment = reader.mapping("env") if not _is_expression(root.get("env")) else None
    jobs = reader.mapping("jobs")
    services = [job.get("services") for job in jobs.entries.values()] if jobs is not None else []
    known = throwaway_secrets([node for node in services if node is not None])
    if environment is not None:
        add_environment(workflow.name, reader, workflow.environment, known)
    defaults = Defaults(reader.text("defaults", "run", "shell"), reader.text("defaults", "run", "working-directory"))
    count = 0
    for key, node in jobs.entries.items() if jobs is not None else ():
        if count > MAX_ALL_STEPS:  # a few anchors make a small file large
            out.notice(NoticeKind.LIMIT, node.head, f"There are more than {MAX_ALL_STEPS:,} steps in all; the rest is not read.")
            break
        if isinstance(node, Mapping):
            count += _read_job(key, Reader(node, out), workflow, defaults, known)
        else:
            out.notice(NoticeKind.WRONG_TYPE, node.head, f"`{key}` should be a mapping; the job is not judged.")
    _disable(workflow.jobs)
    from afscan.platforms.ci.scans import add_scans  # noqa: PLC0415  (its table is read only where there are steps)

    for job in workflow.jobs:
        add_scans(job.steps, job, out)


def _disable(jobs: list[WorkflowJob]) -> None:
    """Mark the jobs that never run: a job is skipped with one that it needs, unless its own condition says ``always()``."""
    waiting: dict[str, list[WorkflowJob]] = {}
    for job in jobs:
        for need in job.needs:
            waiting.setdefault(need, []).append(job)
    off = [job for job in jobs if at.never(job.condition)]
    while off:
        job = off.pop()
        if not job.disabled:
            job.disabled = True
            off += [one for one in waiting.get(job.key, ()) if "always()" not in one.condition.or_else("")]


def _is_expression(node: Node | None) -> bool:
    return isinstance(node, Scalar) and "${{" in node.text


def _repository(source: Source) -> str | None:
    """The folder whose ``.github/workflows`` holds a file itself (GitHub looks into no subfolders); None for other places."""
    if source.outer is not None:
        return None
    folder = source.path.rpartition("/")[0]
    if folder == _FOLDER:
        return ""
    return folder.removesuffix("/" + _FOLDER) if folder.endswith("/" + _FOLDER) else None


def _read_triggers(reader: Reader, workflow: Workflow) -> None:
    node = reader.node.get("on")
    if isinstance(node, Mapping):
        workflow.triggers = [Value.of(key, value, node.key_place(key)) for key, value in node.entries.items()]
        crons = reader.readers("on", "schedule")
        workflow.schedules = [one.text("cron") for one in crons]
    elif node is not None:
        workflow.triggers = at.scalars(reader, "on")
    workflow.unknown_triggers = not workflow.triggers


def permissions_of(reader: Reader) -> Value[dict[str, str]]:
    """The token's permissions by scope (``contents``: ``read``); the scope ``*`` stands for all of them."""
    node = reader.node.get("permissions")
    if isinstance(node, Mapping):
        written = reader.string_map("permissions")
        return (
            Value.of({key: value.or_else("") for key, value in written.items()}, node)
            if written
            else Value.of({"*": "none"}, node)
        )
    value = reader.text("permissions")
    return value.map(lambda text: {"*": text.removesuffix("-all")})


def _read_job(key: str, job: Reader, workflow: Workflow, defaults: Defaults, known: frozenset[str]) -> int:
    """Emit a job; the number of its steps, and one more for itself."""
    out = job.out
    title = f"{workflow.name}, job {key}"
    uses = job.text("uses")
    made = WorkflowJob(
        name=title,
        node=job.node,
        platform=PLATFORM,
        workflow=workflow,
        key=key,
        runs_on=_runs_on(job),
        permissions=permissions_of(job),
        needs=[one.or_else("") for one in at.scalars(job, "needs")],
        deployment=job.text("environment", "name")
        if isinstance(job.node.get("environment"), Mapping)
        else job.text("environment"),
        condition=job.text("if"),
        continue_on_error=at.boolean(job, "continue-on-error"),
        inputs=at.string_map(job, "with"),
    )
    workflow.jobs.append(made)
    out.subjects.append(made)
    if uses.is_set:
        made.calls = _called(title, uses, out)
    _read_images(job, made)
    add_environment(title, job, made.environment, known)
    own = Defaults(job.text("defaults", "run", "shell"), job.text("defaults", "run", "working-directory"))
    made.steps = read_steps(job, made, title, own.over(defaults), known)
    return len(made.steps) + 1


def _called(title: str, uses: Value[str], out: Interpretation) -> ActionReference:
    found = reference_of(f"{title}, calls", uses, out)
    found.workflow = True
    return found


def _runs_on(job: Reader) -> list[Value[str]]:
    """The labels of the machine, or its group (``runs-on: {group: ..., labels: ...}``)."""
    if isinstance(job.node.get("runs-on"), Mapping):
        below = job.at("runs-on")
        group = below.text("group")
        return ([group] if not group.is_unset else []) + at.scalars(below, "labels")
    return at.scalars(job, "runs-on")


def _read_images(job: Reader, made: WorkflowJob) -> None:
    """The image that a job's steps run in is judged as any other; those of its services are not: they are gone with the job."""
    container = _image(job, made, "container")
    if container:
        made.container = container[0]
        job.out.subjects += container
    services = job.mapping("services") if not _is_expression(job.node.get("services")) else None
    for name in services.entries if services is not None else ():
        made.services += _image(Reader(services, job.out), made, name) if services is not None else []


def _image(reader: Reader, made: WorkflowJob, key: str) -> list[ImageReference]:
    """The image of ``container:`` or of a service; one for each value of a matrix."""
    node = reader.node.get(key)
    value = (
        reader.text(key)
        if isinstance(node, Scalar)
        else reader.text(key, "image")
        if node is not None
        else Value.unset(made.node)
    )
    if not value.is_set or not value.or_else("").strip():
        return []
    return [
        ImageReference(
            name=f"{made.name}, {key}",
            node=one.node,
            platform=PLATFORM,
            reference=one,
            written=value.or_else("") if one.is_unknown else "",
        )
        for one in at.matrix_values(value, made.node)
    ]
