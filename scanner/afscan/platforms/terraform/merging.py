"""Instances that say the same: ten copies of a resource with the same fault are one finding, not ten at one place."""

import re
from dataclasses import fields, is_dataclass
from typing import Any

from afscan.model.subjects import ManagedResource, SecurityGroupRule, Subject
from afscan.model.value import Value

_INSTANCE = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\]')
_OWN = frozenset(("name", "node", "endpoints"))
"""Fields in which instances may differ without being judged differently."""


def merge_alike(subjects: list[Subject]) -> list[Subject]:
    """The subjects with those of one resource's instances that are alike as one, under the resource's own address.

    Where instances differ, one of each kind stays, under its instance's address.
    """
    groups: dict[tuple[str, int], dict[Any, Subject]] = {}
    kept: list[Subject] = []
    for subject in subjects:
        if not isinstance(subject, ManagedResource | SecurityGroupRule) or _INSTANCE.search(subject.name) is None:
            kept.append(subject)
            continue
        alike = groups.setdefault((_INSTANCE.sub("", subject.name), id(subject.node.source)), {})
        first = alike.setdefault(_signature(subject), subject)
        if first is subject:
            kept.append(subject)
        elif isinstance(first, ManagedResource) and isinstance(subject, ManagedResource):
            first.endpoints += subject.endpoints
    for (name, _), alike in groups.items():
        if len(alike) == 1:
            next(iter(alike.values())).name = name
    return kept


def _signature(value: Any) -> Any:
    if isinstance(value, Value):
        return (value.state, value.reason, str(value.value), value.place)
    if isinstance(value, list):
        return tuple(map(_signature, value))
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_signature(getattr(value, one.name)) for one in fields(value) if one.name not in _OWN)
    return str(value)
