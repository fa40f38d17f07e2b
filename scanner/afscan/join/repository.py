"""The repository that a stack shows: its workflows and what they call, its scans, hooks and updates.

A workflow counts where the service that runs it looks: in ``.github/workflows`` of the stack's root, or of the folder below which
all of the stack lies. Those of examples and templates deeper in the tree belong to no repository here.
"""

from collections.abc import Iterable, Iterator
from posixpath import dirname, normpath

from afscan.join.folders import common_folder
from afscan.model.ci import (
    ActionReference,
    DependencyUpdates,
    PreCommitHook,
    Repository,
    SecurityScan,
    Workflow,
    WorkflowJob,
    WorkflowStep,
)
from afscan.model.notice import Notice, NoticeKind
from afscan.model.patterns import pattern
from afscan.model.place import Place, Span
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild, ManagedResource, Subject, TerraformFile

KEY = "repository"
Start = tuple[str, tuple[int, ...]]
"""Where something begins: file, line and column."""
_SPEAKING = pattern(
    r"secur|scan|audit|sast|dast|vuln|secret|cve|sbom|trivy|grype|anchore|snyk|checkov|kics|semgrep|gitleaks|wiz|sonar|complian|codeql|"
    r"checkmarx|veracode|fortify|prisma|twistlock|lacework|fossa|mend|whitesource|blackduck|qualys|tenable|pentest|zap|guardian",
    2,
)  # IGNORECASE
"""Names that promise a scan: what they stand for may be one."""

_OTHER_SYSTEMS = pattern(
    r"/(?:Jenkinsfile[\w.-]*|azure-pipelines[\w.-]*\.ya?ml|bitbucket-pipelines\.yml|\.travis\.yml|\.drone\.ya?ml|\.woodpecker\.ya?ml|"
    r"cloudbuild\.ya?ml|buildspec\.ya?ml|appveyor\.yml|\.circleci/config\.yml|\.buildkite/[^/]+\.ya?ml|\.woodpecker/[^/]+\.ya?ml|"
    r"\.tekton/[^/]+\.ya?ml|\.semaphore/[^/]+\.yml|\.azure-?pipelines/[^/]+\.ya?ml)\Z"
)
_UPKEEP = pattern(r"/\.github/|/\.gitlab-ci\.ya?ml\Z|/\.?renovate[\w.]*\Z|/\.pre-commit-config\.ya?ml\Z")

_RUNNERS = frozenset(
    (
        *(
            "make",
            "task",
            "just",
            "tox",
            "nox",
            "rake",
            "gradle",
            "gradlew",
            "mvn",
            "mvnw",
            "npm",
            "yarn",
            "pnpm",
            "bun",
            "pre-commit",
        ),
        *(
            "bazel",
            "earthly",
            "dagger",
            "invoke",
            "inv",
            "mage",
            "ant",
            "bash",
            "sh",
            "prek",
            "composer",
            "poe",
            "act",
            "moon",
            "nx",
            "turbo",
        ),
    )
)
"""Programs that run what another file says."""

_WRAPPERS = frozenset(("uv", "poetry", "pdm", "hatch", "rye", "pipenv", "npx", "uvx", "pipx", "bunx", "run", "exec", "bundle"))
_PREPARES = frozenset(
    ("install", "sync", "add", "build", "test", "lint", "format", "--version", "run build", "run test", "run lint")
)
_SCRIPTS = (".sh", ".py", ".bash", ".js", ".rb")
_PLAIN_ACTIONS = ("actions/", "docker/", "aws-actions/", "azure/", "google-github-actions/", "hashicorp/", "astral-sh/")


def join(stack: Stack) -> Iterable[Subject]:
    """Fill what workflows of this stack call; emit the :class:`Repository` where there is one."""
    workflows = stack.of(Workflow)
    own = [one for one in workflows if one.repository is not None and _is_root(stack, one.repository)]
    if not own:
        return []
    root = own[0].repository or ""
    repository = Repository(
        name="repository",
        node=own[0].node,
        platform=own[0].platform,
        root=root,
        workflows=own,
        hooks=[one for one in stack.of(PreCommitHook) if normpath(dirname(one.node.source.path) or ".") == normpath(root or ".")],
        updates=[one for one in stack.of(DependencyUpdates) if _belongs(one, root)],
    )
    mine = {id(one) for one in own} | {id(job.called) for one in own for job in one.jobs if job.called is not None}
    called = _scripts_of(stack, own)
    further = [scan for step, job, call in called for scan in _scans_in(step, job, call)]
    repository.scans = [*(one for one in stack.of(SecurityScan) if _is_mine(one, mine, root)), *further]
    repository.opaque = _other_systems(stack) + _opaque(
        own, {id(one.step) for one in repository.scans if one.step is not None}, _read_calls(called)
    )
    stack.joined[KEY] = repository
    return [repository, *further]


def _scripts_of(stack: Stack, workflows: list[Workflow]) -> list[tuple[WorkflowStep, WorkflowJob, Command]]:
    """The commands by which steps of workflows run scripts of this stack."""
    from afscan.join.workflows import steps_of  # noqa: PLC0415 - rules import this module in every run
    from afscan.platforms.ci.expressions import never  # noqa: PLC0415

    own = {id(one.node.source): one for one in stack.of(Script) if one.holder == "workflow"}
    found: list[tuple[WorkflowStep, WorkflowJob, Command]] = []
    jobs = {id(job): job for one in workflows for job in (*one.jobs, *(j for c in one.jobs if c.called for j in c.called.jobs))}
    for job in jobs.values():
        for step, conditions in steps_of(job) if not job.disabled else ():
            script = own.get(id(step.source))
            if script is not None and not any(never(one) for one in conditions):
                found += [(step, job, command) for command in script.commands if command.calls is not None]
    return found


def _scans_in(step: WorkflowStep, job: WorkflowJob, call: Command) -> Iterator[SecurityScan]:
    """The scans of the script that a step's command runs."""
    from afscan.platforms.ci.scans import scans_in_script  # noqa: PLC0415

    later = job.steps[job.steps.index(step) + 1 :] if step in job.steps else []
    if call.calls is not None:
        yield from scans_in_script(call.calls, call, step, job, later)


def _read_calls(called: list[tuple[WorkflowStep, WorkflowJob, Command]]) -> frozenset[Start]:
    """Where steps call scripts that are read and run nothing that is not: there is nothing unseen behind those calls."""
    starts = (
        (call.place.path, call.place.span[:2]) for _, _, call in called if call.calls is not None and _is_seen_through(call.calls)
    )
    return frozenset(starts)


def _is_seen_through(script: Script) -> bool:
    return not script.broken and not any(
        command.wrapper is None and (command.calls is not None or _runs_another_file(command.texts) or _promises(command.texts))
        for command in script.commands
    )


def _promises(words: list[str]) -> bool:
    return any(_SPEAKING.search(word) for word in words[:4])


def repository_of(stack: Stack) -> Repository | None:
    """The repository that the stack shows, if any."""
    found = stack.joined.get(KEY)
    return found if isinstance(found, Repository) else None


def _is_root(stack: Stack, folder: str) -> bool:
    """Whether a folder is the stack's root, or all of the stack lies below it."""
    common, wanted = normpath(common_folder(stack) or "."), normpath(folder or ".")
    return wanted in (normpath(stack.root or "."), common) or common.startswith(f"{wanted}/")


def _belongs(updates: DependencyUpdates, root: str) -> bool:
    folder = dirname(updates.node.source.path)
    if updates.tool == "workflow":
        return folder.endswith(".github/workflows")
    return normpath(folder or ".") in {normpath(f"{root or '.'}/{sub}") for sub in ("", ".github", ".gitlab")}


def _is_mine(scan: SecurityScan, mine: set[int], root: str) -> bool:
    if scan.job is not None:
        return id(scan.job.workflow) in mine
    path = normpath(scan.node.source.path)
    return not root or path.startswith(f"{normpath(root)}/") or normpath(root) == "."


def _other_systems(stack: Stack) -> list[tuple[str, Place]]:
    """Configurations of other systems for continuous integration, which are not read."""
    wanted = [path for path in stack.paths if _OTHER_SYSTEMS.search(f"/{path}")]
    return [(f"`{path}`", Place(path, Span(1, 1, 1, 1))) for path in wanted]


def ships(stack: Stack) -> bool:
    """Whether a stack builds, deploys or provisions something: what only tests a library has no platform to scan."""
    return any(stack.of(kind) for kind in (Container, ImageBuild, TerraformFile))


def scanning_registry(stack: Stack) -> ManagedResource | None:
    """A registry of the stack that scans every image that arrives, where the images of the stack come from it as far as is known: at
    least one does, or none names another registry."""
    switches = ((one, one.scan_on_push) for one in stack.of(ManagedResource))
    registry = next((one for one, switch in switches if switch is not None and switch.effective), None)
    if registry is None:
        return None
    hosts = {one.image.repository.partition("/")[0] for one in stack.of(Container) if one.image is not None}
    named = {host for host in hosts if "." in host}
    return registry if not named or any(".dkr.ecr." in host for host in named) else None


def unread_upkeep(stack: Stack) -> Notice | None:
    """A file of a repository's own configuration that could not be read, if there is one."""
    unread = (NoticeKind.SYNTAX, NoticeKind.TEMPLATED, NoticeKind.LIMIT, NoticeKind.ENCODING, NoticeKind.UNREADABLE)
    return next((one for one in stack.notices if one.kind in unread and _UPKEEP.search(f"/{one.place.path}")), None)


def has_file(stack: Stack, names: frozenset[str]) -> bool:
    """Whether the stack has a file of one of these names."""
    return any(path.rpartition("/")[2] in names for path in stack.paths)


def _opaque(workflows: list[Workflow], scanning: set[int], seen: frozenset[Start]) -> list[tuple[str, Place]]:
    """What may run a scanner unseen, by name and place."""
    found: list[tuple[str, Place]] = []
    for workflow in workflows:
        found += [(f"`{one.or_else('')}`", one.place) for one in workflow.includes]
        for job in workflow.jobs:
            if job.calls is not None and job.called is None:
                found.append((f"`{job.calls.target}`", job.calls.place))
            found += [
                one for step in job.steps if id(step) not in scanning and (one := _opaque_step(step, job, seen)) is not None
            ]
    return found


def _opaque_step(step: WorkflowStep, job: WorkflowJob, seen: frozenset[Start]) -> tuple[str, Place] | None:
    from afscan.platforms.ci.commands import candidates, commands_of  # noqa: PLC0415  (rules import this module in every run)
    from afscan.platforms.ci.expressions import never  # noqa: PLC0415

    uses = step.uses
    if never(step.condition) or job.disabled:
        return None
    if uses is not None:
        return _opaque_action(uses, step)
    if _SPEAKING.search(step.name.rpartition(", ")[2]) or _SPEAKING.search(job.key):
        return f"`{step.name.rpartition(', ')[2]}`", step.place
    for one in commands_of(step):
        words = [word.text for word in one.words[:8]]
        spoken = any(_SPEAKING.search(word.text) for listed in candidates(one) for word in listed[:4])
        if (spoken or _runs_another_file(words)) and (one.place.path, one.place.span[:2]) not in seen:
            return f"`{' '.join(words[:3])[:60]}`", one.place
    return None


def _runs_another_file(words: list[str]) -> bool:
    """Whether a command runs what stands in another file: a script, a target of ``make``, a hook."""
    while words and (words[0].rpartition("/")[2] in _WRAPPERS or (len(words) > 1 and words[0].startswith("-"))):
        words = words[1:]
    if not words:
        return False
    base = words[0].rpartition("/")[2]
    if base.startswith("python") or base == "node":
        return any(word.endswith(_SCRIPTS) for word in words[1:3])
    if words[0].startswith(("./", "../", "scripts/", "bin/", "ci/")) or words[0].endswith(_SCRIPTS):
        return True
    prepares = _PREPARES & {*words[1:3], " ".join(words[1:3])} or (base in ("npm", "pnpm") and "ci" in words[1:3])
    return base in _RUNNERS and not prepares


def _opaque_action(uses: ActionReference, step: WorkflowStep) -> tuple[str, Place] | None:
    if uses.kind == "local":
        return None if step.action is not None else (f"`{uses.target}`", uses.place)
    if uses.target.lower().startswith(_PLAIN_ACTIONS):
        return None
    return (f"`{uses.target}`", uses.place) if _SPEAKING.search(uses.target) else None
