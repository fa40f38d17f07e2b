"""What Terraform alone has: references that nothing declares, inputs that a module no longer has, statements of IAM policies."""

from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects.base import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class TerraformReference(Subject):
    """What the files of a module refer to and one of them must declare; once per module, at the first reference.

    ``kind``: ``variable``, ``local value``, ``module``, ``resource`` or ``data source``; ``target`` is its address as written
    (``var.db_password``, ``aws_security_group.rds``). ``declared`` is unknown where not all of the module could be read.
    ``others`` are further places that refer to it. ``excerpt``: the module is a block of a document, which need not show all.
    """

    kind: str
    target: str
    module: str
    declared: Value[bool]
    others: list[Place] = field(default_factory=list)
    excerpt: bool = False


@record(slots=True, kw_only=True, eq=False)
class ModuleInput(Subject):
    """An argument of a call of a well-known module. ``removed`` is the version that removed the input, "" where it is there.

    ``installed`` is the constraint on the module's version (unset: the newest is installed); ``absent`` is whether the version
    that would be installed lacks the input, unknown where the constraint admits both; ``instead`` is what to write instead.
    """

    source: str
    input: str
    removed: str
    installed: Value[str]
    absent: Value[bool]
    instead: str = ""


@record(slots=True, kw_only=True, eq=False)
class IamStatement(Subject):
    """A statement of an identity's IAM policy. ``conditional``: a condition narrows when it holds.

    ``actions`` and ``resources`` are as written; those that begin with ``not_`` say what is left out instead.
    """

    effect: Value[str]
    actions: list[Value[str]] = field(default_factory=list)
    not_actions: list[Value[str]] = field(default_factory=list)
    resources: list[Value[str]] = field(default_factory=list)
    conditional: bool = False
