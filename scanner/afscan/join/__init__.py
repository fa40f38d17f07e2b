"""Joins: the subjects of a stack connected with each other.

Each module has ``join(stack) -> Iterable[Subject]``: it may fill the fields that the model marks as "filled by the join" and
return further subjects, which are then part of the stack. They run in the order of :data:`JOINS`. A partner that is missing is
absent from this stack, which is not the same as wrong.
"""

from importlib import import_module

from afscan.model.stack import Stack

JOINS = ("projects", "modules", "builds", "services", "servers", "pooling")
"""Compose projects and the files they are made of; Terraform modules and their variables; containers and the Dockerfiles they build; Services and the workloads they select;
containers, configuration files, environment and arguments as effective servers; who goes through which pooler."""


def join_all(stack: Stack) -> None:
    """Run every join on a stack."""
    for name in JOINS:
        stack.add(import_module(f"afscan.join.{name}").join(stack))
