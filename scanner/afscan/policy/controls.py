"""The twenty controls and their mapping to other catalogues: read from a pack's ``controls.yaml``."""

from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(slots=True, frozen=True)
class Control:
    """One NEVER rule. ``text`` is its wording here, ``mappings`` lists requirement ids by catalogue name."""

    id: str
    title: str
    text: str
    mappings: dict[str, list[str]] = field(default_factory=dict)


def load_controls(package: str = "afscan_rules") -> list[Control]:
    """The controls of a pack, in the document's order.

    The file is a list of mappings with ``id``, ``title``, ``text`` and ``mappings``; it is ours, so it is read as it is.

    :raises KeyError: if an entry lacks a field.
    """
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files(package).joinpath("controls.yaml").read_text(encoding="utf-8")
    return [Control(c["id"], c["title"], " ".join(c["text"].split()), c["mappings"]) for c in yaml.load(text, Loader=loader)]
