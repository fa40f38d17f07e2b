"""Functions that read files and texts in other formats: ``file``, ``templatefile``, ``jsondecode``, ``yamldecode``, ``yamlencode``.

Source: developer.hashicorp.com/terraform/language/functions. Only files that are scanned are read; relative paths start in the
folder of the root module, where Terraform is run.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from posixpath import isabs, normpath
from posixpath import join as join_path
from typing import TYPE_CHECKING, Any

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.platforms.terraform.results import (
    MAX_ELEMENTS,
    MAX_TEXT,
    Known,
    NotKnownError,
    Result,
    Unknown,
    plain,
    text_of,
)

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Scope


def read(path: Any, scope: "Scope", node: Node) -> Source:
    """The text of a file; ``node`` is the call.

    :raises NotKnownError: with the reason, where it is not read.
    """
    if not isinstance(path, str) or isabs(path) or "\0" in path or path.startswith("~"):
        raise NotKnownError("the file's path is not one of this stack")
    root = scope
    while root.caller is not None:
        root = root.caller
    lookup = scope.budget.lookup
    container, directory = root.module.key
    found = lookup(normpath(join_path(directory, path)), container, node) if lookup is not None else "files are not read here"
    if isinstance(found, str):
        raise NotKnownError(f"`{path[:80]}` is not read: {found}")
    return found


def _whole(source: Source) -> Scalar:
    return Scalar(source, source.span(0, len(source.text)), source.text, plain=False, inner=_lines(source.text))


def _lines(text: str) -> list[tuple[int, int]]:
    return [(number, 1) for number in range(1, text.count("\n") + 2)]


def _file(arguments: list[Result], node: Node, scope: "Scope") -> Result:
    source = read(plain(arguments[0]), scope, node)
    if len(source.text) > MAX_TEXT:
        raise NotKnownError("the file is too long")
    return Known(source.text, _whole(source))


def _exists(arguments: list[Result], node: Node, scope: "Scope") -> Result:
    read(plain(arguments[0]), scope, node)
    return Known(True, node)


def _templatefile(arguments: list[Result], node: Node, scope: "Scope") -> Result:
    """The text of a template with the given names filled in; nothing else is known to it."""
    from afscan.syntax.hcl.templates import parse_template  # noqa: PLC0415

    source, names = read(plain(arguments[0]), scope, node), arguments[1]
    if isinstance(names, Unknown):
        return names
    if len(source.text) > MAX_TEXT or not isinstance(names.value, dict):
        raise NotKnownError("the template is not read")
    template = parse_template(Source.embedded(source, source.text, _lines(source.text), name="", holder="template", syntax="hcl"))
    if isinstance(template, Scalar):
        return Known(template.text, _whole(source) if template.text == source.text else template)
    return scope.bound(dict(names.value)).evaluate(template, 40)


def home_of(result: Known) -> Scalar | None:
    """The scalar in which a text stands as it is."""
    node = result.node
    return node if isinstance(node, Scalar) and node.text == result.value and not node.plain else None


def decode(result: Result, syntax: str, node: Node) -> Result:
    """A text in JSON or YAML as values; where it stands somewhere as it is, each at its own place."""
    from afscan.syntax import parse  # noqa: PLC0415

    text = plain(result)
    if not isinstance(text, str):
        raise TypeError
    assert isinstance(result, Known)
    home = home_of(result)
    inner = home.embed(name="", holder="text", syntax=syntax) if home is not None else Source("", text, syntax=syntax)
    parsed = parse(inner)
    if len(parsed.roots) != 1 or parsed.notices:
        raise NotKnownError(f"the text is not read as {syntax.upper()}")
    return _values(parsed.roots[0], None if home is not None else node, [MAX_ELEMENTS])


def _values(root: Node, place: Node | None, budget: list[int]) -> Result:
    budget[0] -= 1
    if budget[0] < 0:
        raise NotKnownError("the value is too large")
    node = root if place is None else place
    if isinstance(root, Mapping):
        return Known({key: _values(value, place, budget) for key, value in root.entries.items()}, node)
    if isinstance(root, Sequence):
        return Known([_values(item, place, budget) for item in root.items], node)
    if isinstance(root, Scalar):
        return Known(root.value, node)
    return Unknown(root.reason if isinstance(root, Opaque) else "this is not evaluated", node)


def yaml_text(value: Any) -> str:
    """A value as ``yamlencode`` writes it: keys and strings in quotes, maps in the order of their keys."""
    return "\n".join(_yaml_lines(value)) + "\n"


def _yaml_lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        found: list[str] = []
        for key in sorted(value):
            below = _yaml_lines(value[key])
            nested = isinstance(value[key], dict | list) and value[key]
            name = json.dumps(key, ensure_ascii=False)
            if not nested:
                found.append(f"{name}: {below[0]}")
            else:
                deeper = "  " if isinstance(value[key], dict) else ""
                found += [f"{name}:", *(deeper + line for line in below)]
        return found
    if isinstance(value, list) and value:
        return [("- " if number == 0 else "  ") + line for item in value for number, line in enumerate(_yaml_lines(item))]
    return [json.dumps(value, ensure_ascii=False)]


def json_text(value: Any) -> str:
    """A value as ``jsonencode`` writes it: sorted keys, ``<``, ``>`` and ``&`` escaped."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


READERS: "dict[str, Callable[[list[Result], Node, Scope], Result]]" = {
    "file": _file,
    "fileexists": _exists,
    "templatefile": _templatefile,
    "jsondecode": lambda arguments, node, scope: decode(arguments[0], "json", node),
    "yamldecode": lambda arguments, node, scope: decode(arguments[0], "yaml", node),
}
"""Functions that need the module, by name."""

ENCODERS: dict[str, Callable[..., Any]] = {
    "base64decode": lambda text: b64decode(text, validate=True).decode("utf-8"),
    "base64encode": lambda text: b64encode(text_of(text).encode()).decode("ascii"),
    "jsonencode": json_text,
    "yamlencode": yaml_text,
}
"""Functions of bare values, by name."""
