"""DEP405: what GitOps deploys without a version."""

import re
from collections.abc import Iterator

from afscan.model.ci import DeploymentSource, GitOpsApplication, GitOpsSource
from afscan.model.stack import Stack
from afscan.platforms import revisions
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_PASSING = frozenset(
    ("dev", "develop", "development", "staging", "stage", "test", "testing", "preview", "sandbox", "qa", "ci", "review", "pr")
)
_BOOTSTRAP = ("flux-system", "flux-system")


@rule("DEP405", severity=Severity.MEDIUM, tags=("CWE-1357",))
def floating_revision_deployed(subject: GitOpsApplication | GitOpsSource, stack: Stack) -> Iterator[Problem]:
    """Deployed revision is floating.

    A controller that follows a branch deploys every push within minutes: what runs is whatever was pushed last, a rollback is a
    revert and a race, and nobody can say from the manifest what was deployed on Tuesday. The same goes for a chart with a range of
    versions. Production names a tag or commit, and the change that raises it is reviewed. Applications of development, test and
    preview environments may follow a branch, and so does the source with which Flux manages itself (`flux-system`).

    ## Fix
    - Kubernetes: set `targetRevision` (Argo CD) or `ref.tag` (Flux) to a tag or commit, and `version` of a chart to one version.
    - Any: deploy a tag or commit.
    """
    if isinstance(subject, GitOpsSource):
        bootstrap = (subject.namespace, subject.name.rpartition(" ")[2]) == _BOOTSTRAP
        if subject.kind in ("HelmRepository", "Bucket") or bootstrap or _is_passing(subject.name):
            yield NOT_APPLICABLE
        elif not subject.source.exact:
            yield from _judge(subject.name, subject.source)
        return
    destination = subject.destination.or_else("")
    judged = [one for one in subject.sources if one.default]
    if not judged or subject.suspended or _is_passing(subject.name) or _is_passing(destination):
        yield NOT_APPLICABLE
        return
    for source in judged:
        yield from _judge(subject.name, source)


def _is_passing(name: str) -> bool:
    """Whether a name says that this is an environment that comes and goes."""
    return not _PASSING.isdisjoint(re.split(r"[^a-z0-9]+", name.lower()))


def _judge(name: str, source: DeploymentSource) -> Iterator[Problem]:
    revision, chart = source.revision, source.kind != "git"
    what = f"chart `{source.chart.value}`" if source.chart.is_set else "artifact" if chart else "repository"
    if revision.is_unknown:
        yield unknown(revision.place, f"Which revision {name} deploys is not known: {revision.reason}.")
        return
    text = revision.or_else("").strip()
    if revision.is_unset or not text:
        yield fail(source.node.head, f"{name} names no revision of its {what}: that is `{source.default}`, which moves.")
        return
    kind = revisions.kind_of(text, ranges=True)
    shown = text.removeprefix("refs/heads/")
    if kind == revisions.BRANCH:
        branch = "the default branch (`HEAD`)" if shown == "HEAD" else f"`{shown}`"
        yield fail(revision.place, f"{name} deploys whatever is pushed to {branch}.")
    elif kind == revisions.RANGE or (chart and text == "latest"):
        yield fail(revision.place, f"{name} deploys the newest version of its {what} that fits `{shown}`.")
    elif kind == revisions.NAME and not chart:
        yield unknown(
            revision.place, f"Whether `{shown}`, which {name} deploys, is a tag or a branch cannot be told from its name."
        )
