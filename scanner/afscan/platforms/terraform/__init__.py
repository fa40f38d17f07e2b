"""Terraform: what one file says is only known once its module is put together, so interpreting it yields the file itself.

``afscan.join.modules`` groups the files, resolves variables and locals, and has the resources read by this package's modules.
"""

from posixpath import basename, dirname

from afscan.model.node import Mapping, Node
from afscan.model.source import Source
from afscan.model.subjects import TerraformFile
from afscan.platforms.reading import Interpretation

_BLOCKS = frozenset(("resource", "data", "variable", "module", "provider", "terraform", "locals", "output"))
_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json")
_VARIABLES = (".tfvars", ".tfvars.json")
_SCRIPT = "#!"
_LOCK = ".terraform.lock.hcl"


def recognise(source: Source, root: Node) -> bool:
    """By name (``.tf``, ``.tofu``, ``.tfvars``, the lock file and their JSON forms); a fenced block also by the block types it
    holds, a plan or state in JSON (``terraform show -json``) by its keys alone."""
    if not isinstance(root, Mapping):
        return False
    if _role(source.name) is not None or _planned(source, root):
        return True
    return source.syntax == "hcl" and source.outer is not None and any(name in _BLOCKS for name in root.entries)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Hand the file over to the join."""
    named = "plan" if _planned(source, root) else _role(source.name)
    container = "" if source.outer is None else source.path
    if named is None:
        # A fenced block without a file name: a module of its own, told apart by where it begins.
        place = source.whole
        container = f"{source.path}:{place.line}"
    out.subjects.append(
        TerraformFile(
            name=source.name,
            node=root,
            platform="terraform",
            role=named or "configuration",
            file=basename(source.name),
            directory=dirname(source.name) if named is not None else "",
            container=container,
        )
    )
    if _SCRIPT in source.text:
        from afscan.platforms.terraform.userdata import embed_user_data  # noqa: PLC0415 - few files start machines

        embed_user_data(root, out)


def _planned(source: Source, root: Node) -> bool:
    if source.syntax != "json" or root.get("format_version") is None:
        return False
    from afscan.platforms.terraform.plans import is_plan  # noqa: PLC0415 - most JSON is none

    return is_plan(root)


def _role(name: str) -> str | None:
    file = basename(name)
    if file == _LOCK:
        return "lock"
    if file.endswith(_CONFIGURATION):
        return "configuration"
    return "variables" if file.endswith(_VARIABLES) else None
