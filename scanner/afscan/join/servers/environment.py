"""A container's environment as a layer of settings."""

from afscan.model.stack import Stack
from afscan.model.subjects import ConfigEntry, Container, Origin, SecretEntry, Setting, Variable
from afscan.model.value import Value


class Entries:
    """The ConfigMaps and Secrets of a stack as environments: what ``envFrom`` brings in."""

    def __init__(self, stack: Stack) -> None:
        self._found: dict[tuple[str, str, str], dict[str, Variable]] = {}
        for entry in stack.of(ConfigEntry):
            self._add(("configMapRef", entry.namespace, entry.config_map), entry.key, entry.text)
        for secret in stack.of(SecretEntry):
            self._add(("secretRef", secret.namespace, secret.secret), secret.key, secret.text)

    def _add(self, owner: tuple[str, str, str], key: str, value: Value[str]) -> None:
        origin = Origin.LITERAL if value.is_set else Origin.REFERENCE
        self._found.setdefault(owner, {})[key] = Variable(name=key, value=value, origin=origin)

    def names(self, kind: str, namespace: str, name: str) -> set[str]:
        """The keys of a ``configmap`` or ``secret``; empty where it is not in the stack."""
        return set(self._found.get(("configMapRef" if kind == "configmap" else "secretRef", namespace, name), ()))

    def of(self, container: Container, source: Value[str]) -> dict[str, Variable] | None:
        """The variables of one source of a container's ``environment_from``; None where it is not in the stack."""
        holder = source.node.parent
        kind = holder.key.text if holder is not None and holder.key is not None else ""
        return self._found.get((kind, container.workload.namespace, source.or_else("")))


class Environment:
    """The variables of a container, with what is not known of them.

    ``unread`` says why an absent variable may still be set (``envFrom``, ``env_file``), empty where nothing else can set it.
    """

    def __init__(self, container: Container, entries: Entries | None = None) -> None:
        self.container = container
        self.variables: dict[str, Variable] = {}
        self.unread = ""
        for source in container.environment_from:
            found = entries.of(container, source) if entries is not None else None
            if found is None:
                self.unread = self.unread or _source(source)
            else:
                self.variables.update(found)
        self.variables.update(container.environment)

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
