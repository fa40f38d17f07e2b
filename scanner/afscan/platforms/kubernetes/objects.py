"""One Kubernetes object: its kind and API group, name and namespace, and typed access to what it says."""

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.record import record
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "kubernetes"
DEFAULT_NAMESPACE = "default"


@record(slots=True)
class KubernetesObject:
    """An object of a manifest. ``group`` is the API group, empty for the core group.

    ``rendered``: it is what Kustomize makes of several files, so it is whole.
    """

    node: Mapping
    kind: str
    group: str
    name: str
    namespace: str
    reader: Reader
    rendered: bool = False

    @property
    def out(self) -> Interpretation:
        """Where what it says goes."""
        return self.reader.out

    @property
    def namespace_written(self) -> bool:
        """Whether it names its namespace: else it goes to whichever is current when it is applied."""
        return self.reader.text("metadata", "namespace").or_else("") != ""

    @property
    def title(self) -> str:
        """What identifies it to a person: ``Deployment api``."""
        return f"{self.kind} {self.name}"


def read_object(node: Mapping, kind: str, api_version: str, out: Interpretation) -> KubernetesObject:
    """The object that a mapping with ``kind`` and ``apiVersion`` is. A missing name is taken from ``generateName``."""
    reader = Reader(node, out)
    reader.mapping("metadata")
    name = reader.text("metadata", "name")
    if not name.is_set:
        name = reader.text("metadata", "generateName")
    if name.is_set and node.key is None and node.source.syntax in ("yaml", "json"):
        node.title = name.node  # a person looks for the object's name, not for `apiVersion`
    group = api_version.rpartition("/")[0]
    namespace = reader.text("metadata", "namespace").or_else("") or DEFAULT_NAMESPACE
    return KubernetesObject(node, kind, group, name.or_else("") or "without name", namespace, reader)


def scalar_text(node: Node | None) -> str:
    """The text of a scalar, empty for anything else."""
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def section(reader: Reader, *path: str | int) -> Reader:
    """A reader for a mapping below; a wrong type is noted once, and all its fields are then unknown."""
    reader.mapping(*path)
    return reader.at(*path)


def port_value(reader: Reader, *path: str | int) -> Value[int | str]:
    """An IntOrString: a number, or the name of a port. A quoted number is a number: no port's name consists of digits."""
    found: Value[int | str] = reader.text(*path).map(lambda text: text)
    text = str(found.or_else("")).strip()
    if found.is_set and text.isascii() and text.isdecimal() and len(text) <= 5:
        return Value.of(int(text), found.node)
    return found


def string_list(reader: Reader, *path: str | int) -> Value[list[str]]:
    """A list of strings as one value; unknown where an item is not known. An empty list counts as unset, as in Kubernetes."""
    node = reader.node.get(*path)
    items = reader.strings(*path)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return Value.unset(reader.text(*path).node)
    if isinstance(node, Opaque):
        return Value.unknown(node, node.reason)
    if isinstance(node, Scalar | Mapping):
        return Value.unknown(node, f"`{path[-1]}` is not a list")
    unknown = next((item for item in items if item.is_unknown), None)
    if unknown is not None or len(items) != len(list(node.children())):
        return Value.unknown(node, unknown.reason if unknown is not None else "an item is not a string")
    return Value.of([item.or_else("") for item in items], node) if items else Value.unset(node)


def note(reader: Reader, node: Node, kind: NoticeKind, reason: str) -> None:
    """A notice at the head of a node."""
    reader.out.notice(kind, node.head, reason)


def labels_of(reader: Reader, *path: str | int) -> dict[str, str]:
    """Labels (or a plain selector) whose values are known."""
    return {key: value.or_else("") for key, value in reader.string_map(*path).items() if value.is_set}
