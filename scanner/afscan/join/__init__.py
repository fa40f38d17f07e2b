"""Joins: the subjects of a stack connected with each other.

Each module has ``join(stack) -> Iterable[Subject]``: it may fill the fields that the model marks as "filled by the join" and
return further subjects, which are then part of the stack. They run in the order of :data:`JOINS`. A partner that is missing is
absent from this stack, which is not the same as wrong.
"""

from collections.abc import Iterator
from importlib import import_module

from afscan.model.stack import Deployment, Stack

JOINS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kustomizations", ("KustomizationFile",)),
    ("charts", ("ChartFile",)),
    ("projects", ("ComposeFile", "DotenvFile")),
    ("modules", ("TerraformFile",)),
    ("builds", ("Container",)),
    ("gitops", ("GitOpsApplication",)),
    ("workflows", ("Workflow",)),
    ("scriptruns", ("Script",)),
    ("repository", ("Workflow",)),
    ("services", ("Subject",)),
    ("servers", ("Container", "ConfigFile", "SqlScript")),
    ("migrations", ("SqlScript",)),
    ("pooling", ("Connection", "PgBouncer", "Postgres", "ManagedResource")),
    ("logging", ("Container", "LogPipeline")),
    ("monitoring", ("PrometheusConfig", "RuleFile", "Dashboard")),
    ("backups", ("Script",)),
    ("references", ("ManifestObject", "ComposeFile")),
    ("admission", ("PodTemplate",)),
    ("watching", ("Service", "NetworkPolicy")),
)
"""The joins in their order, each told by its own module, with the names of the kinds of subjects that it starts from: without any of
them it is not even imported, and nor are the kinds."""

_OF_FILES = frozenset(("kustomizations", "charts", "projects", "modules", "builds"))
"""Joins that put files together, Dockerfiles too: they come first, and once for all that is deployed from a stack."""


def join_all(stack: Stack) -> None:
    """Run every join on a stack that has something for it.

    Where kustomizations are alternatives of each other, only the files are put together: what is deployed is then several stacks,
    which :func:`afscan.join.kustomizations.deployments` joins one by one.
    """
    _run(stack, files=True)
    if not _has_alternatives(stack):
        connect(stack)


def _has_alternatives(stack: Stack) -> bool:
    kustomizations = stack.joined.get("kustomizations")
    return kustomizations is not None and bool(kustomizations.groups)


def deployments_of(stack: Stack) -> Iterator[Deployment]:
    """What is deployed from a stack after :func:`join_all`: the stack itself, or the alternatives that Kustomize renders."""
    if not _has_alternatives(stack):
        return iter((Deployment(stack),))
    from afscan.join.kustomizations import deployments  # noqa: PLC0415 - few stacks have any

    return deployments(stack)


def connect(stack: Stack) -> None:
    """Run the joins that connect what is deployed together."""
    _run(stack, files=False)


def _run(stack: Stack, *, files: bool) -> None:
    for name, kinds in JOINS:
        if (name in _OF_FILES) == files and any(kind.__name__ in kinds for kind in stack.kinds()):
            stack.add(import_module(f"afscan.join.{name}").join(stack))
