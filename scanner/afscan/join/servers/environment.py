"""A container's environment as a layer of settings."""

from afscan.model.subjects import Container, Origin, Setting, Variable
from afscan.model.value import Value


class Environment:
    """The variables of a container, with what is not known of them.

    ``unread`` says why an absent variable may still be set (``envFrom``, ``env_file``), empty where nothing else can set it.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self.variables = container.environment
        sources = container.environment_from
        self.unread = _source(sources[0]) if sources else ""

    def text(self, name: str) -> Value[str]:
        """A variable's value."""
        variable = self.variables.get(name)
        if variable is None:
            return Value.unknown(self.container.node, self.unread) if self.unread else Value.unset(self.container.node)
        return value_of(variable)

    def given(self, name: str) -> bool | None:
        """Whether a variable has a value that is not empty, by reference too; None where that is not known."""
        value = self.text(name)
        if value.is_set:
            return bool(value.value)
        if name in self.variables:
            return None if self.variables[name].origin is Origin.UNKNOWN else True
        return None if self.unread else False

    def setting(self, name: str, variable: str) -> Setting | None:
        """The setting called ``name`` that a variable makes, None where the variable is not there."""
        found = self.variables.get(variable)
        if found is None:
            return None
        value = value_of(found)
        return Setting(name=name, value=value, key_place=value.place, layer="environment", arguments=[value])


def value_of(variable: Variable) -> Value[str]:
    """The value; one that is only partly known counts as unknown."""
    value = variable.value
    text = value.or_else("")
    if variable.origin is Origin.INTERPOLATED and ("${" in text or "$(" in text):
        return Value.unknown(value.node, "a part of it comes from the environment", value.at)
    return value


def _source(value: Value[str]) -> str:
    return f"`{value.value}` may set it" if value.is_set else value.reason or "another source may set it"
