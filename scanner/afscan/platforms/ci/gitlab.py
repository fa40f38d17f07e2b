"""GitLab CI: the jobs of a pipeline, the scanning templates that it includes, the commands that it runs.

Source: GitLab documentation, "CI/CD YAML syntax reference" (``include``, ``script``, ``image``, ``allow_failure``; a job whose name
begins with a dot does not run) and "Application security" (the templates). What ``include`` takes from other projects or files is not
followed. A script's lines run in a shell that stops at the first failure.
"""

from posixpath import basename

from afscan.model.ci import SecurityScan, Workflow, WorkflowJob, WorkflowStep
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ImageReference
from afscan.model.value import Value
from afscan.platforms.ci.scanners import gitlab_template
from afscan.platforms.ci.scans import add_scans
from afscan.platforms.ci.steps import MAX_ALL_STEPS
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "gitlab"
MAX_PARENTS = 11
"""GitLab follows ``extends`` eleven levels deep."""

_GLOBAL = frozenset(
    (
        *("stages", "image", "services", "before_script", "after_script", "variables", "cache", "include", "workflow", "default"),
        *("pages:deploy", "spec", "types"),
    )
)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the pipeline's jobs and scans into ``out``."""
    reader = Reader(root, out)
    main = basename(source.name).lower() in (".gitlab-ci.yml", ".gitlab-ci.yaml") and source.outer is None
    pipeline = Workflow(
        name=f"pipeline {basename(source.name)}",
        node=root,
        platform=PLATFORM,
        system="gitlab",
        path=source.path,
        repository=source.path.rpartition("/")[0] if main else None,
        triggers=[Value.of("push", root)],
        permissions=Value.unset(root),
    )
    out.subjects.append(pipeline)
    _read_includes(root.get("include"), pipeline, out)
    count = 0
    for key, node in root.entries.items() if isinstance(root, Mapping) else ():
        if count > MAX_ALL_STEPS:
            out.notice(NoticeKind.LIMIT, node.head, f"There are more than {MAX_ALL_STEPS:,} lines in all; the rest is not read.")
            break
        if key not in _GLOBAL and not key.startswith(".") and isinstance(node, Mapping):
            count += _read_job(key, Reader(node, out), reader, pipeline)


def _read_includes(node: Node | None, pipeline: Workflow, out: Interpretation) -> None:
    """Scanning templates are scans; everything else that is included may hold anything."""
    for item in node.items if isinstance(node, Sequence) else [node] if node is not None else []:
        value = (
            item
            if isinstance(item, Scalar)
            else next(
                (one for key in ("template", "local", "project", "remote", "component") if (one := item.get(key)) is not None),
                None,
            )
        )
        if not isinstance(value, Scalar):
            continue
        template = gitlab_template(value.text) if item.get("template") is value else None
        if template is None:
            pipeline.includes.append(Value.of(value.text, value))
            continue
        tool, covers = template
        out.subjects.append(
            SecurityScan(
                name=tool,
                node=value,
                platform=PLATFORM,
                tool=tool,
                covers=covers,
                gates=Value.unset(value),
                at=value.place,
                uploads=True,
            )
        )


def _read_job(key: str, job: Reader, top: Reader, pipeline: Workflow) -> int:
    title = f"{pipeline.name}, job {key}"
    made = WorkflowJob(
        name=title,
        node=job.node,
        platform=PLATFORM,
        workflow=pipeline,
        key=key,
        permissions=Value.unset(job.node),
        deployment=Value.unset(job.node),
        condition=Value.unset(job.node),
        disabled=job.text("when").or_else("") == "never",
        continue_on_error=_allow_failure(job),
    )
    pipeline.jobs.append(made)
    job.out.subjects.append(made)
    _read_image(job, top, made)
    chain = _chain(job.node, top.node)
    for name in ("before_script", "script", "after_script"):
        script = next((node for one in chain if (node := one.get(name)) is not None), None)
        for line in _lines(script, pipeline.includes):
            made.steps.append(_step(line, made, title, name))
    if (trigger := job.node.get("trigger")) is not None:
        pipeline.includes.append(Value.of("trigger", trigger))
    job.out.subjects += made.steps
    add_scans(made.steps, made, job.out)
    return len(made.steps) + 1


def _chain(job: Node, top: Node) -> list[Node]:
    """A job and the jobs of this file that it extends, the nearest first; of several the last one wins."""
    found: list[Node] = []
    waiting = [job]
    while waiting and len(found) < MAX_PARENTS:
        node = waiting.pop()
        found.append(node)
        extends = node.get("extends")
        names = extends.items if isinstance(extends, Sequence) else [extends]
        parents = [top.get(name.text) for name in names if isinstance(name, Scalar)]
        waiting += [parent for parent in parents if parent is not None and all(parent is not one for one in found)]
    return found


def _allow_failure(job: Reader) -> Value[bool]:
    """``allow_failure``; a list of exit codes lets those alone pass."""
    node = job.node.get("allow_failure")
    return Value.unknown(node, "it depends on the exit code") if isinstance(node, Mapping) else job.boolean("allow_failure")


def _read_image(job: Reader, top: Reader, made: WorkflowJob) -> None:
    """The image of a job that names one itself; the pipeline's own is judged once, with the first job."""
    for reader in (job, top):
        node = reader.node.get("image")
        value = reader.text("image") if isinstance(node, Scalar) else reader.text("image", "name") if node is not None else None
        if value is None or not value.is_set:
            continue
        text = value.or_else("")
        reference = Value.unknown(value.node, f"`{text[:80]}` is filled in when it runs") if "$" in text else value
        image = ImageReference(
            name=made.name, node=value.node, platform=PLATFORM, reference=reference, written=text if "$" in text else ""
        )
        made.container = image
        if reader is job:
            job.out.subjects.append(image)
        return


def _lines(node: Node | None, elsewhere: list[Value[str]]) -> list[Scalar]:
    """The lines of a script: a text, or a list of texts and lists; what ``!reference`` brings in is not followed, and listed."""
    if isinstance(node, Scalar):
        return [] if node.is_null else [node]
    found: list[Scalar] = []
    waiting: list[Node] = [node] if isinstance(node, Sequence) else []
    while waiting and len(found) < 2_000:
        item = waiting.pop()
        if isinstance(item, Scalar):
            found.append(item)
        elif item.tag == "!reference":
            elsewhere.append(Value.of("!reference", item))
        elif isinstance(item, Sequence):
            waiting += reversed(item.items)
    return found


def _step(line: Scalar, job: WorkflowJob, title: str, name: str) -> WorkflowStep:
    return WorkflowStep(
        name=f"{title}, {name}",
        node=line,
        platform=PLATFORM,
        job=job,
        key="",
        run=Value.of(line.text, line),
        shell=Value.unset(line),
        working_directory=Value.unset(line),
        condition=Value.unset(line),
        continue_on_error=Value.unset(line),
    )
