"""DEP508: updates and rollbacks by hand of what GitOps sets back at once."""

from collections.abc import Iterator

from afscan.join.gitops import deployed_by
from afscan.model.ci import GitOpsApplication
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.platforms.script.options import command_line
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule

_KEY = "DEP508"
_KINDS = {
    "deployment": "Deployment", "deployments": "Deployment", "deploy": "Deployment", "deployment.apps": "Deployment",
    "statefulset": "StatefulSet", "statefulsets": "StatefulSet", "sts": "StatefulSet", "statefulset.apps": "StatefulSet",
    "daemonset": "DaemonSet", "daemonsets": "DaemonSet", "ds": "DaemonSet", "daemonset.apps": "DaemonSet",
}  # fmt: skip


@rule("DEP508", severity=Severity.HIGH, tags=("CWE-754",))
def change_undone_by_gitops(script: Script, stack: Stack) -> Iterator[Problem]:
    """Change is undone by GitOps.

    An application that heals itself sets back whatever differs from the files, within seconds: the image that a script sets is gone
    before its rollout ends, and the rollback that somebody runs at night undoes nothing. Argo CD refuses `argocd app rollback`
    altogether while it synchronises by itself. The way back is a change of the files.

    ## Fix
    - Any: change the image or the revision in the files (`git revert` for the way back) and let the application deploy it, or turn
      `selfHeal` off for what scripts change.
    """
    changes = [one for one in script.commands if _verb(one)]
    if not changes or script.holder == "probe":
        yield NOT_APPLICABLE
        return
    told: set[int] = set()
    for command in changes:
        verb = _verb(command)
        found = _refused(stack, command) if verb == "app rollback" else _target(stack, command, verb)
        if found is None or id(found[0]) in told:
            continue  # one finding for all that a script does with a workload
        subject, application = found
        told.add(id(subject))
        why = application.automated if subject is application else application.self_heal
        if subject is application:
            message = f"`argocd app rollback` is refused: {application.name} synchronises by itself."
        else:
            message = (
                f"`kubectl {verb}` changes {subject.name}, and {application.name} sets it back at once to what the files say: it heals "
                "itself."
            )
        yield fail(command.place, message, related=[Related(why.place, "This is what undoes it.")])


def _verb(command: Command) -> str:
    """What a command does to a workload that files describe; "" for anything else, and for a trial run."""
    line = command_line(command.name_of_program, command.texts)
    words = [command.texts[index] for index in line.operands[:2]]
    if command.name_of_program == "argocd":
        return "app rollback" if words == ["app", "rollback"] else ""
    if command.name_of_program not in ("kubectl", "oc") or line.option("dry-run") is not None:
        return ""
    if words in (["set", "image"], ["rollout", "undo"]):
        return " ".join(words)
    return "scale" if words[:1] == ["scale"] else ""


def _target(stack: Stack, command: Command, verb: str) -> tuple[Workload, GitOpsApplication] | None:
    """The workload that a command changes, with the application that heals it."""
    line = command_line(command.name_of_program, command.texts)
    words = [command.texts[index] for index in line.operands[len(verb.split()) :]]
    if not words:
        return None
    kind, slash, name = words[0].partition("/")
    if not slash:
        name = words[1] if len(words) > 1 else ""
    workload = _workloads(stack).get((_KINDS.get(kind.lower(), ""), name))
    option = line.option("namespace")
    given = command.texts[option.at][option.offset :] if option is not None and option.at is not None else ""
    if workload is None or (workload.namespace_written and given and "$" not in given and given != workload.namespace):
        return None
    application = deployed_by(stack, workload)
    if application is None or application.suspended or not (application.automated.value and application.self_heal.value):
        return None
    if verb == "scale" and (application.ignores_replicas or workload.replicas.is_unset):
        return None  # the files leave the number to the cluster
    return workload, application


def _refused(stack: Stack, command: Command) -> tuple[GitOpsApplication, GitOpsApplication] | None:
    line = command_line(command.name_of_program, command.texts)
    names = [command.texts[index].rpartition("/")[2] for index in line.operands[2:3]]
    for one in stack.of(GitOpsApplication):
        if one.tool == "argocd" and one.automated.value and [one.name.rpartition(" ")[2]] == names:
            return one, one
    return None


def _workloads(stack: Stack) -> dict[tuple[str, str], Workload]:
    """The workloads of manifests by kind and name; those of which there are several are left out."""
    found: dict[tuple[str, str], Workload] | None = stack.joined.get(_KEY)
    if found is None:
        found, several = {}, set()
        for one in stack.of(Workload):
            key = (one.kind, one.name.rpartition(" ")[2])
            several |= {key} if key in found else set()
            if one.platform == "kubernetes":
                found[key] = one
        found = stack.joined[_KEY] = {key: one for key, one in found.items() if key not in several}
    return found
