"""Joins: the subjects of a stack connected with each other.

Each module has ``join(stack) -> Iterable[Subject]``: it may fill the fields that the model marks as "filled by the join" and
return further subjects, which are then part of the stack. They run in the order of :data:`JOINS`. A partner that is missing is
absent from this stack, which is not the same as wrong.
"""

from importlib import import_module

from afscan.model.monitoring import Dashboard, LogPipeline, PrometheusConfig, RuleFile
from afscan.model.stack import Stack
from afscan.model.subjects import ComposeFile, ConfigFile, Container, DotenvFile, NetworkPolicy, Service, Subject, TerraformFile

JOINS: tuple[tuple[str, tuple[type[Subject], ...]], ...] = (
    ("projects", (ComposeFile, DotenvFile)),
    ("modules", (TerraformFile,)),
    ("builds", (Container,)),
    ("services", (Subject,)),
    ("servers", (Container, ConfigFile)),
    ("pooling", (Subject,)),
    ("logging", (Container, LogPipeline)),
    ("monitoring", (PrometheusConfig, RuleFile, Dashboard)),
    ("watching", (Service, NetworkPolicy)),
)
"""Compose projects and the files they are made of; Terraform modules and their variables; containers and the Dockerfiles they
build; Services and the workloads they select; containers, configuration files, environment and arguments as effective
servers; who goes through which pooler; what collects logs; which rules Prometheus loads; whether the stack is watched at all.
With each join the kinds of subjects that it starts from: without any it is not even imported."""


def join_all(stack: Stack) -> None:
    """Run every join on a stack that has something for it."""
    for name, kinds in JOINS:
        if any(stack.of(kind) for kind in kinds):
            stack.add(import_module(f"afscan.join.{name}").join(stack))
