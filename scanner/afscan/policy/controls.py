"""The twenty controls and their mapping to other catalogues.

They are written in a pack's ``controls.yaml``. What is read is ``controls.json`` beside it, which ``make docs`` generates: every
run needs the controls, and most files need no YAML parser, which takes as long to import as a Dockerfile to judge.
"""

import json
from pkgutil import get_data

from afscan.model.record import field, record
from afscan.policy.rule import PolicyError

WRITTEN, GENERATED = "controls.yaml", "controls.json"


@record(slots=True, frozen=True)
class Control:
    """One NEVER rule. ``text`` is its wording here, ``mappings`` lists requirement ids by catalogue name."""

    id: str
    title: str
    text: str
    mappings: dict[str, list[str]] = field(default_factory=dict)


def load_controls(package: str = "afscan_rules") -> list[Control]:
    """The controls of a pack, in the document's order.

    :raises PolicyError: if the pack has no generated controls.
    """
    data = _read(package, GENERATED)
    return [Control(**control) for control in json.loads(data)]


def generated_controls(package: str = "afscan_rules") -> str:
    """What ``controls.json`` has to be: a control a line, as ``controls.yaml`` has them.

    The file is a list of mappings with ``id``, ``title``, ``text`` and ``mappings``; it is ours, so it is read as it is.

    :raises KeyError: if an entry lacks a field.
    """
    import yaml  # noqa: PLC0415 - see the module

    written = yaml.safe_load(_read(package, WRITTEN))
    rows = [
        {"id": one["id"], "title": one["title"], "text": " ".join(one["text"].split()), "mappings": one["mappings"]}
        for one in written
    ]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def _read(package: str, name: str) -> bytes:
    try:
        data = get_data(package, name)
    except OSError:
        data = None
    if data is None:
        raise PolicyError(f"the rule pack {package} has no {name}")
    return data
