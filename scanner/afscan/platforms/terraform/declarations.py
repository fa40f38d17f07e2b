"""What a module's files declare: resources, variables, locals, calls of other modules, whether in HCL or in JSON.

Source: developer.hashicorp.com/terraform/language (files and override files, JSON configuration syntax).
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.record import field, record
from afscan.model.subjects import TerraformFile
from afscan.platforms.reading import Interpretation
from afscan.syntax.hcl.nodes import Block

Key = tuple[str, str]
"""A module: the document that holds it (empty for files on disk), and its directory."""


@record(slots=True)
class Module:
    """One directory of configuration. ``assigned`` are variables set by ``terraform.tfvars`` and ``*.auto.tfvars``.

    ``referring`` is an index that :func:`afscan.platforms.terraform.references.referring` builds: by resource type and argument,
    the resources whose argument refers to another, by that one's ``id``.
    """

    key: Key
    files: list[TerraformFile] = field(default_factory=list)
    resources: dict[tuple[str, str], Mapping] = field(default_factory=dict)
    data: dict[tuple[str, str], Mapping] = field(default_factory=dict)
    variables: dict[str, Mapping] = field(default_factory=dict)
    outputs: dict[str, Mapping] = field(default_factory=dict)
    calls: dict[str, Mapping] = field(default_factory=dict)
    providers: list[tuple[str, Mapping]] = field(default_factory=list)
    settings: list[Mapping] = field(default_factory=list)
    locals: dict[str, Node] = field(default_factory=dict)
    assigned: dict[str, Node] = field(default_factory=dict)
    locked: dict[str, Mapping] = field(default_factory=dict)  # provider source ("hashicorp/aws") -> its entry in the lock file
    referring: dict[tuple[str, str], dict[int, list[Mapping]]] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        """Where the module's files lie."""
        return self.key[1]


def declare(files: list[TerraformFile], out: Interpretation) -> dict[Key, Module]:
    """Put files together as modules: override files last, variable files in the order in which Terraform loads them."""
    modules: dict[Key, Module] = {}
    files = [file for file in files if file.role != "plan"]
    tofu = {(file.container, file.directory, file.file.replace(".tofu", ".tf")) for file in files if ".tofu" in file.file}
    for file in sorted(files, key=_order):
        if (file.container, file.directory, file.file) in tofu:
            continue  # OpenTofu reads `main.tofu` instead of `main.tf`
        key = (file.container, file.directory)
        module = modules.setdefault(key, Module(key))
        module.files.append(file)
        root = file.node
        if not isinstance(root, Mapping):
            continue
        if file.role == "configuration":
            _configuration(module, root, _is_override(file.file), out)
        elif file.role == "lock":
            for (source,), body in labelled(root.get("provider"), 1, out):
                module.locked["/".join(source.split("/")[-2:])] = body
        elif loaded_by_itself(file.file):
            module.assigned.update(root.entries)
    return modules


def loaded_by_itself(file: str) -> bool:
    """Whether Terraform reads a variable file without being told to."""
    name = file.removesuffix(".json")
    return name == "terraform.tfvars" or name.endswith(".auto.tfvars")


def _order(file: TerraformFile) -> tuple[int, int, str]:
    if file.role == "variables":
        return (1, 0 if file.file.startswith("terraform.tfvars") else 1, file.name)
    return (0, int(_is_override(file.file)), file.name)


def _is_override(file: str) -> bool:
    stem = file.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return stem == "override" or stem.endswith("_override")


def _configuration(module: Module, root: Mapping, override: bool, out: Interpretation) -> None:
    for table, name in ((module.resources, "resource"), (module.data, "data")):
        for labels, body in labelled(root.get(name), 2, out):
            _declare(table, (labels[0], labels[1]), body, override)
    for single, name in ((module.variables, "variable"), (module.outputs, "output"), (module.calls, "module")):
        for labels, body in labelled(root.get(name), 1, out):
            _declare(single, labels[0], body, override)
    for labels, body in labelled(root.get("provider"), 1, out):
        module.providers.append((labels[0], body))
    for _, body in labelled(root.get("terraform"), 0, out):
        module.settings.append(body)
    for _, body in labelled(root.get("locals"), 0, out):
        module.locals.update(body.entries)


def _declare(table: dict, key: object, body: Mapping, override: bool) -> None:  # type: ignore[type-arg]
    before = table.get(key)
    if override and before is not None:
        merged = Mapping(before.source, before.span)
        merged.key, merged.parent = before.key, before.parent
        merged.entries = {**before.entries, **body.entries}
        body = merged
    table[key] = body


def labelled(node: Node | None, count: int, out: Interpretation) -> Iterator[tuple[tuple[str, ...], Mapping]]:
    """The blocks of one type with their labels; a JSON object nests what HCL labels."""
    if isinstance(node, Sequence):
        for item in node.items:
            if not isinstance(item, Block):
                yield from labelled(item, count, out)
            elif len(item.labels) == count:
                yield tuple(label.text for label in item.labels), item
            else:
                reason = (
                    f"A `{item.kind.text}` block has {count or 'no'} label{'' if count == 1 else 's'}; this one is not judged."
                )
                out.notice(NoticeKind.WRONG_TYPE, item.head, reason)
    elif isinstance(node, Mapping) and count == 0:
        yield (), node
    elif isinstance(node, Mapping):
        for label, below in node.entries.items():
            if label != "//":
                for labels, body in labelled(below, count - 1, out):
                    yield (label, *labels), body
    elif node is not None and not (isinstance(node, Scalar) and node.is_null):
        out.notice(NoticeKind.WRONG_TYPE, node.head, "This should be a block; it is not judged.")
