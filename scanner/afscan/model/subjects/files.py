"""Files that mean something only together: Terraform modules, Compose projects, their dotenv files."""

from afscan.model.record import field, record
from afscan.model.subjects.base import Subject


@record(slots=True, kw_only=True, eq=False)
class TerraformFile(Subject):
    """One file of a Terraform module, before the join puts modules together; ``node`` is its root.

    ``role``: ``configuration`` (.tf, .tofu, .tf.json), ``variables`` (.tfvars), ``lock`` (.terraform.lock.hcl) or ``plan`` (what
    ``terraform show -json`` prints). ``file`` is the file's own name, ``directory`` where the module lies. ``container`` tells
    apart modules in documents: empty for files on disk.
    """

    role: str
    file: str
    directory: str
    container: str = ""


@record(slots=True, kw_only=True, eq=False)
class ComposeFile(Subject):
    """One document of a Compose file, before the join puts projects together; ``node`` is its root.

    ``file`` is the file's own name, ``directory`` the folder that its relative paths start from. ``document`` is the path of the
    Markdown file that holds it as a block: empty for files on disk.
    """

    file: str
    directory: str
    document: str = ""


@record(slots=True, kw_only=True, eq=False)
class DotenvFile(Subject):
    """A dotenv file (``.env``); ``node`` is its root. Fields as in :class:`ComposeFile`.

    ``example`` marks a file that only shows what belongs into the real one. ``used`` are the names that the files of the stack
    have read from it: filled by the join.
    """

    file: str
    directory: str
    document: str = ""
    example: bool = False
    used: set[str] = field(default_factory=set)
