"""MON103: rule files that no Prometheus loads."""

from collections.abc import Iterator

from afscan.join.monitoring import loading_of
from afscan.model.monitoring import RuleFile
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON103", severity=Severity.HIGH, absence=True, tags=("CWE-778",))
def rule_files_not_loaded(file: RuleFile, stack: Stack) -> Iterator[Problem]:
    """Rule files are not loaded.

    An alert that no Prometheus evaluates never fires, and nothing says so: a `rule_files` pattern that matches no file is accepted
    in silence. What counts is the path at which the Prometheus container finds the file. A ConfigMap that no pod mounts configures
    nobody.

    ## Fix
    - Kubernetes: mount the ConfigMap with the rules into the Prometheus pod, at a path that `rule_files` matches.
    - Compose: mount the folder with the rules into the Prometheus service, at a path that `rule_files` matches.
    - Any: name the file in `rule_files`, by the path at which Prometheus finds it.
    """
    loading = loading_of(stack, file)
    if loading.state == "elsewhere":
        yield NOT_APPLICABLE
    elif loading.state == "unknown":
        yield unknown(file.place, f"Whether any Prometheus loads the rules in {file.name} is not known: {loading.why}.")
    elif loading.state == "no":
        config = loading.config
        places = [glob.place for glob in config.rule_files] if config is not None else []
        yield fail(
            file.place,
            f"No Prometheus loads the {_counted(len(file.rules))} in {file.name}: {loading.why}.",
            related=[Related(place, "This is where Prometheus looks for rules.") for place in places[:3]],
        )


def _counted(number: int) -> str:
    return "rule" if number == 1 else f"{number} rules"
