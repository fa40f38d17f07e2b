"""The form of ``.afscan.yaml``: pydantic models, their JSON schema, and errors that name the line."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from afscan.judge.config import ConfigError
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.place import Place
from afscan.model.source import Source

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[Text], BeforeValidator(_listed, json_schema_input_type=Text | list[Text])]


class IgnoreModel(BaseModel):
    """Findings that are known and accepted: they stay in every record, as suppressed, with the reason."""

    model_config = ConfigDict(extra="forbid", title="Ignore")

    rules: Annotated[Texts, Field(min_length=1, description="Rule codes, rule names or control ids: SEC201, SEC-2.")]
    paths: Annotated[Texts, Field(description="Patterns as in .gitignore, relative to this file; none means everywhere.")] = []
    reason: Annotated[Text, Field(description="Why this is accepted. Required.")]


class ConfigModel(BaseModel):
    """The configuration of afscan for the stack in this folder."""

    model_config = ConfigDict(extra="forbid", title="afscan configuration")

    profile: Annotated[Literal["default", "strict"] | None, Field(description="Which rules are called.")] = None
    select: Annotated[Texts, Field(description="Only these rules: codes, prefixes of codes, names or control ids.")] = []
    ignore: Annotated[list[IgnoreModel], Field(description="Accepted findings.")] = []
    exclude: Annotated[Texts, Field(description="Files not scanned: patterns as in .gitignore, relative to this file.")] = []
    render: Annotated[
        Literal["auto", "never"] | None,
        Field(
            description="Whether kubectl, kustomize and helm may be run for what afscan cannot render itself; never is the default."
        ),
    ] = None
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical", "never"] | None, Field(description="The least severity that fails a run.")
    ] = None
    fail_on_unknown: Annotated[bool, Field(description="Whether an unknown verdict of that severity fails a run.")] = False
    fail_on_notice: Annotated[bool, Field(description="Whether a source that could not be read fails a run.")] = False


def validated(path: str, text: str) -> "tuple[ConfigModel, Callable[..., Place]]":
    """Check the text of a configuration file.

    :returns: the model, and a function from a path of keys and indices to the place in the file.
    :raises ConfigError: if it is not YAML or does not fit; all faults, with their lines.
    """
    from afscan.syntax import parse  # noqa: PLC0415

    source = Source(path, text, syntax="yaml")
    parsed = parse(source)
    if parsed.notices:
        raise ConfigError("\n".join(f"{path}:{notice.place.line}: {notice.reason}" for notice in parsed.notices))
    if len(parsed.roots) > 1:
        raise ConfigError(f"{path}:{parsed.roots[1].place.line}: a configuration is one YAML document")
    root = parsed.roots[0] if parsed.roots else None
    if root is None or (isinstance(root, Scalar) and root.is_null):
        return ConfigModel(), lambda *steps: source.whole
    if not isinstance(root, Mapping):
        raise ConfigError(f"{path}:{root.place.line}: a configuration is a mapping of keys")

    def place_of(*steps: str | int) -> Place:
        node: Node = root
        for step in steps:
            below = node.get(step)
            if below is None:
                break
            node = below
        return node.head

    try:
        return ConfigModel.model_validate(_plain(root)), place_of
    except ValidationError as error:
        raise ConfigError("\n".join(_fault(path, fault, place_of) for fault in error.errors())) from error


def _fault(path: str, fault: Any, place_of: "Callable[..., Place]") -> str:
    """One fault of pydantic's as a line with file, line and the key in words."""
    steps = fault["loc"]
    name = ".".join(str(step) for step in steps) or "configuration"
    message = fault["msg"][:1].lower() + fault["msg"][1:]
    if fault["type"] == "extra_forbidden":
        model = ConfigModel if len(steps) == 1 else IgnoreModel
        close = get_close_matches(str(steps[-1]), model.model_fields, 1)
        message = f"no such key{f' (did you mean {close[0]}?)' if close else ''}"
    return f"{path}:{place_of(*steps).line}: {name}: {message}"


def _plain(node: Node) -> Any:
    """A node as plain values; the parser has bounded its depth. Keys and values that fit nowhere stay for pydantic to refuse."""
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    if isinstance(node, Scalar):
        return node.value
    return node.text if isinstance(node, Opaque) else None


def config_schema() -> dict[str, Any]:
    """The JSON schema of ``.afscan.yaml``."""
    return ConfigModel.model_json_schema(mode="validation") | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
