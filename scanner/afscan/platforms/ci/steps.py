"""Steps of GitHub's jobs and composite actions: what they use, what they run.

Source: GitHub documentation, "Workflow syntax for GitHub Actions" (``jobs.<job_id>.steps``) and "Metadata syntax".
"""

import re

from afscan.model.ci import ActionReference, WorkflowJob, WorkflowStep
from afscan.model.node import Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.record import record
from afscan.model.subjects import Dependency, ImageReference
from afscan.model.value import Value
from afscan.platforms import revisions
from afscan.platforms.ci import expressions as at
from afscan.platforms.ci.cloudkeys import add_login
from afscan.platforms.ci.environment import add_environment, add_inputs
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "github"
_SHELLS = frozenset(("", "bash", "sh"))
_LINES = {"": "bash -e", "bash": "bash --noprofile --norc -eo pipefail", "sh": "sh -e"}
MAX_STEPS = 2_000
"""Steps of one job that are read; GitHub itself allows fewer."""
MAX_ALL_STEPS = 10_000
"""Jobs and steps of one file that are read."""


@record(slots=True)
class Defaults:
    """``defaults.run``: what steps take that say nothing themselves."""

    shell: Value[str]
    directory: Value[str]

    def over(self, outer: "Defaults") -> "Defaults":
        """A job's defaults over those of its workflow."""
        shell = outer.shell if self.shell.is_unset else self.shell
        return Defaults(shell, outer.directory if self.directory.is_unset else self.directory)


def read_steps(
    owner: Reader, job: WorkflowJob | None, title: str, defaults: Defaults | None, known: frozenset[str]
) -> list[WorkflowStep]:
    """Emit the steps of a job, or of a composite action."""
    found: list[WorkflowStep] = []
    for number, reader in enumerate(owner.readers("steps"), 1):
        if number > MAX_STEPS:
            owner.out.notice(
                NoticeKind.LIMIT, reader.node.head, f"There are more than {MAX_STEPS:,} steps; the rest is not read."
            )
            break
        found.append(_read_step(reader, job, f"{title}, {_called(reader, number)}", defaults, known))
    return found


def _called(reader: Reader, number: int) -> str:
    name = reader.text("name").or_else("") or reader.text("id").or_else("")
    return f"step {name}" if name else f"step {number}"


def _read_step(
    reader: Reader, job: WorkflowJob | None, title: str, defaults: Defaults | None, known: frozenset[str]
) -> WorkflowStep:
    shell, directory = reader.text("shell"), reader.text("working-directory")
    step = WorkflowStep(
        name=title,
        node=reader.node,
        platform=PLATFORM,
        job=job,
        key=reader.text("id").or_else(""),
        run=reader.text("run"),
        shell=defaults.shell if shell.is_unset and defaults is not None else shell,
        working_directory=defaults.directory if directory.is_unset and defaults is not None else directory,
        inputs=at.string_map(reader, "with"),
        condition=reader.text("if"),
        continue_on_error=at.boolean(reader, "continue-on-error"),
    )
    reader.out.subjects.append(step)
    uses = reader.text("uses")
    if uses.is_set:
        step.uses = reference_of(title, uses, reader.out)
        add_login(step, reader.out)
    add_environment(title, reader, step.environment, known)
    add_inputs(title, step.inputs, reader.out, known)
    _embed(step, reader.node.get("run"), reader.out)
    return step


def reference_of(title: str, uses: Value[str], out: Interpretation) -> ActionReference:
    """Emit what ``uses`` names: as a reference, and as a dependency (an action's revision) or an image (``docker://``)."""
    text, node = uses.or_else("").strip(), uses.node
    target, sign, revision = text.partition("@")
    if text.startswith(("./", "../")) or text == ".":
        found = ActionReference(name=title, node=node, platform=PLATFORM, kind="local", target=text, revision=Value.unset(node))
    elif text.startswith("docker://"):
        image = text.removeprefix("docker://")
        found = ActionReference(name=title, node=node, platform=PLATFORM, kind="docker", target=image, revision=Value.unset(node))
        reference = at.evaluated(Value.of(image, node))
        out.subjects.append(ImageReference(name=title, node=node, platform=PLATFORM, reference=reference))
    else:
        written: Value[str] = Value.unset(node)
        if sign and isinstance(node, Scalar):
            written = Value.of(revision, node, node.part(len(target) + 1, len(text)))
        kind = revisions.kind_of(revision, environments=False) if revision else ""
        found = ActionReference(
            name=title, node=node, platform=PLATFORM, kind="remote", target=target, revision=written, revision_kind=kind
        )
        _add_dependency(found, out)
    out.subjects.append(found)
    return found


def _add_dependency(action: ActionReference, out: Interpretation) -> None:
    """An action as something that is fetched: held by a commit or a tag; a name that may be either is not judged."""
    revision = action.revision
    if not revision.is_set:
        return
    kind = action.revision_kind
    pinned: Value[bool] = Value.unset(action.node)
    if kind in (revisions.BRANCH, revisions.TAG, revisions.COMMIT):
        pinned = Value.of(kind != revisions.BRANCH, action.node, revision.place)
    out.subjects.append(
        Dependency(
            name=f"action {action.target}",
            node=action.node,
            platform=PLATFORM,
            kind="github-action",
            version=revision,
            pinned=pinned,
        )
    )


def _embed(step: WorkflowStep, node: Node | None, out: Interpretation) -> None:
    """Hand the script of a step over to whatever reads shell scripts; other languages are nothing that afscan reads."""
    if not isinstance(node, Scalar) or node.is_null or not is_shell(step):
        return
    source = node.embed(name="run", holder="workflow", syntax="shell")
    source.text = without_expressions(source.text)
    source.owner, source.shell = step.name, shell_line(step)
    step.source = source
    out.embedded.append(source)


def shell_line(step: WorkflowStep) -> str:
    """The command line of the shell that runs a step's script: what GitHub makes of ``bash`` and ``sh``, else as written.

    Source: GitHub documentation, "Workflow syntax", ``jobs.<job_id>.steps[*].shell``.
    """
    written = step.shell.or_else("").strip()
    return _LINES.get(written, written.replace("{0}", "").strip())


def is_shell(step: WorkflowStep) -> bool:
    """Whether a step's script is run by bash or sh: on Windows only where it says so."""
    if step.shell.is_set:
        words = step.shell.or_else("").split()
        return bool(words) and words[0].rpartition("/")[2] in _SHELLS
    labels = [one.or_else("").lower() for one in step.job.runs_on] if step.job is not None else []
    return not step.shell.is_unknown and not any("windows" in label for label in labels)


def without_expressions(script: str) -> str:
    """A script with a variable of unknown value in place of each expression, of the same length: a shell can read it."""
    return at.EXPRESSION.sub(_variable, script)


def _variable(match: "re.Match[str]") -> str:
    text = match.group()
    return "${" + "_" * (len(text) - 3) + "}" if "\n" not in text else text
