"""Subjects of continuous integration and of GitOps: what a repository runs on every change, and what deploys it."""

from afscan.model.node import Mapping, Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.subjects import ImageReference, Subject, Variable, Workload
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Workflow(Subject):
    """A file of GitHub Actions with jobs (``system`` ``github``), or a pipeline of GitLab CI (``gitlab``).

    ``triggers`` are the events that start it, in order (``push``, ``pull_request``, ``schedule``, ``workflow_call``); empty and
    ``unknown_triggers`` where they cannot be told. ``schedules`` are cron expressions. ``repository`` is the folder in which the
    service looks for the file: the repository's root, "" for the working directory, None where nobody would look here (a file of
    another place than ``.github/workflows``). ``permissions`` are those of the token by scope, with the scope ``*`` for
    ``read-all``, ``write-all`` and ``{}``; unset: the default of the organisation.
    """

    system: str
    path: str
    repository: str | None
    triggers: list[Value[str]] = field(default_factory=list)
    unknown_triggers: bool = False
    schedules: list[Value[str]] = field(default_factory=list)
    permissions: Value[dict[str, str]]
    environment: dict[str, Variable] = field(default_factory=dict)
    jobs: "list[WorkflowJob]" = field(default_factory=list)
    includes: list[Value[str]] = field(default_factory=list)  # GitLab: what is included and not in this repository's files

    def on(self, *events: str) -> bool:
        """Whether one of these events starts it."""
        return any(one.value in events for one in self.triggers)


@record(slots=True, kw_only=True, eq=False)
class WorkflowJob(Subject):
    """A job: ``key`` is its name in the file. ``container`` is the image in which the steps run; ``services`` are those that live
    beside them for as long as the job does, such as a database for tests. ``calls`` is a reusable workflow that it stands for;
    ``called`` is filled by the join where that is in this stack. ``disabled``: it never runs, for ``if: false`` stands at it or at a
    job that it ``needs``."""

    workflow: Workflow
    key: str
    runs_on: list[Value[str]] = field(default_factory=list)
    container: ImageReference | None = None
    services: list[ImageReference] = field(default_factory=list)
    permissions: Value[dict[str, str]]
    environment: dict[str, Variable] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    disabled: bool = False
    deployment: Value[str]  # GitHub: the environment it deploys to, whose rules may ask for an approval
    condition: Value[str]
    continue_on_error: Value[bool]
    calls: "ActionReference | None" = None
    called: Workflow | None = None
    inputs: dict[str, Value[str]] = field(default_factory=dict)
    steps: "list[WorkflowStep]" = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class WorkflowStep(Subject):
    """A step of a job, or of a composite action (then ``job`` is None): it either uses an action or runs a script.

    ``shell`` is the effective one: the step's, else the default of the job or workflow; unset: that of the machine, which is
    ``bash -e`` (on Windows PowerShell). ``source`` is its script as a text of its own, where a shell that is read runs it. ``action`` is
    filled by the join where the action is in this stack.
    """

    job: WorkflowJob | None
    key: str  # `id`, else ""
    uses: "ActionReference | None" = None
    run: Value[str]
    source: Source | None = None
    shell: Value[str]
    working_directory: Value[str]
    environment: dict[str, Variable] = field(default_factory=dict)
    inputs: dict[str, Value[str]] = field(default_factory=dict)
    condition: Value[str]
    continue_on_error: Value[bool]
    action: "CompositeAction | None" = None


@record(slots=True, kw_only=True, eq=False)
class ActionReference(Subject):
    """What ``uses`` names. ``kind``: ``local`` (a path in the repository), ``docker``, or ``remote``.

    ``target`` is the path, the image, or ``owner/repository[/path]`` in the form written; ``revision`` what stands behind ``@``,
    and ``revision_kind`` what that is (see :mod:`afscan.platforms.revisions`). ``workflow`` marks a reusable workflow.
    """

    kind: str
    target: str
    revision: Value[str]
    revision_kind: str = ""
    workflow: bool = False

    @property
    def repository(self) -> str:
        """``owner/repository`` in lower case; empty for what is local or an image."""
        return "/".join(self.target.lower().split("/")[:2]) if self.kind == "remote" else ""


@record(slots=True, kw_only=True, eq=False)
class CompositeAction(Subject):
    """An ``action.yml``: ``folder`` is where it lies; ``using`` is ``composite``, ``docker`` or a version of Node."""

    folder: str
    using: Value[str]
    steps: list[WorkflowStep] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class UpdateRule:
    """What is kept up to date: an ecosystem (``docker``, ``github-actions``, ``pip``) in a directory, and how often."""

    node: Node
    ecosystem: Value[str]
    directories: list[Value[str]] = field(default_factory=list)
    interval: Value[str]
    disabled: bool = False


@record(slots=True, kw_only=True, eq=False)
class DependencyUpdates(Subject):
    """A configuration of ``dependabot`` or ``renovate`` (``tool``), or a workflow's step that makes updates.

    Dependabot updates what ``updates`` lists; Renovate everything that it finds, save what is disabled, or only what
    ``managers`` names. ``enabled`` is False where it is switched off as a whole.
    """

    tool: str
    enabled: Value[bool]
    extends: list[Value[str]] = field(default_factory=list)
    managers: list[Value[str]] = field(default_factory=list)
    updates: list[UpdateRule] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class PreCommitHook(Subject):
    """A hook of ``.pre-commit-config.yaml``: ``repository`` is a URL, ``local`` or ``meta``; ``hook`` its id."""

    repository: Value[str]
    revision: Value[str]
    hook: str
    entry: Value[str]
    arguments: list[Value[str]] = field(default_factory=list)
    stages: list[Value[str]] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class SecurityScan(Subject):
    """A known scanner that runs in a step, a pipeline's job or a hook.

    ``tool`` is its name; ``covers`` what it looks at: ``images``, ``dependencies``, ``iac``, ``secrets``, ``code``; empty where
    that is not known. ``gates`` is whether a finding fails the run, at the place that decides; unset where only the product's
    default or its server does. ``how`` says in a clause why it does not. ``uploads`` marks results that go to code scanning,
    where they are judged.
    """

    tool: str
    covers: frozenset[str]
    gates: Value[bool]
    how: str = ""
    at: Place
    target: Value[str] | None = None  # the image that is scanned, where one is named
    step: WorkflowStep | None = None
    hook: PreCommitHook | None = None
    job: WorkflowJob | None = None
    uploads: bool = False

    @property
    def place(self) -> Place:
        """Where the scanner is called."""
        return self.at


@record(slots=True, kw_only=True, eq=False)
class Repository(Subject):
    """A repository that a stack shows: it has workflows where the service that runs them looks (filled by the join).

    ``opaque`` are what may run a scanner and is not read, each with its place and name: ``make``, scripts, other repositories'
    workflows.
    """

    root: str
    workflows: list[Workflow]
    hooks: list[PreCommitHook] = field(default_factory=list)
    scans: list[SecurityScan] = field(default_factory=list)
    updates: list[DependencyUpdates] = field(default_factory=list)
    opaque: "list[tuple[str, Place]]" = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Where the first workflow's jobs begin: what speaks of an absence points there."""
        if isinstance(self.node, Mapping) and "jobs" in self.node.entries:
            return self.node.key_place("jobs")
        jobs = self.workflows[0].jobs if self.workflows else []
        return jobs[0].place if jobs else self.node.head


@record(slots=True, kw_only=True, eq=False)
class DeploymentSource:
    """From where an application's manifests come. ``kind``: ``git``, ``helm`` (a chart of a repository) or ``oci``.

    ``revision`` is a branch, tag, commit or version, as written; unset: the product's default, which ``default`` names (``HEAD``).
    ``folders`` is filled by the join: the folders of this stack that ``path`` means; ``here`` is whether it is this stack's
    repository: False where nothing of it is here, unknown where it cannot be told which of several is meant.
    """

    node: Node
    kind: str
    url: Value[str]
    path: Value[str]
    revision: Value[str]
    default: str = "HEAD"
    exact: bool = False  # the field takes a tag or commit only
    chart: Value[str]
    here: Value[bool]
    folders: list[str] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class GitOpsApplication(Subject):
    """What a GitOps controller deploys: an Argo CD Application or ApplicationSet, a Flux Kustomization or HelmRelease.

    ``automated`` is whether changes are deployed by themselves, ``self_heal`` whether changes in the cluster are undone, ``prune``
    whether what is gone from the files is deleted. ``ignores_replicas``: the number of replicas is left to the cluster.
    ``source_ref`` names the Flux source (kind, namespace, name); the join puts it into ``sources``. ``workloads`` are filled by
    the join: those whose manifests lie in this stack.
    """

    tool: str  # "argocd" or "flux"
    kind: str
    namespace: str
    destination: Value[str]
    automated: Value[bool]
    prune: Value[bool]
    self_heal: Value[bool]
    suspended: bool = False
    ignores_replicas: bool = False
    sources: list[DeploymentSource] = field(default_factory=list)
    source_ref: tuple[str, str, str] | None = None
    workloads: list[Workload] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class GitOpsSource(Subject):
    """A Flux GitRepository, OCIRepository, HelmRepository or Bucket: what Kustomizations and HelmReleases refer to."""

    kind: str
    namespace: str
    source: DeploymentSource


@record(slots=True, kw_only=True, eq=False)
class GitOpsProject(Subject):
    """An Argo CD AppProject: which repositories and destinations its applications may use."""

    project: str
    repositories: list[Value[str]] = field(default_factory=list)
    destinations: list[Value[str]] = field(default_factory=list)  # namespaces


@record(slots=True, kw_only=True, eq=False)
class StaticCloudKeys(Subject):
    """A login to a cloud's API: ``what`` does it (a step, a store of secrets, a container), ``cloud`` is ``AWS``, ``Azure`` or
    ``Google Cloud``. ``static``: with keys that are valid until somebody withdraws them; ``how`` names the setting."""

    cloud: str
    what: str
    static: Value[bool]
    how: str
