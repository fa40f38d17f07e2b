"""Root modules: where their state lies, which of their variables and outputs are secrets.

Sources: developer.hashicorp.com/terraform/language: "Backend configuration" (s3 locks with ``use_lockfile`` or
``dynamodb_table``, http with ``lock_address``, both opt-in; arguments may be given to ``terraform init`` instead), "Input
variables" and "Output values" (``sensitive``). What is marked in a root module stays marked in the modules it calls.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.subjects import TerraformOutput, TerraformRoot, TerraformVariable
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.declarations import labelled
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.references import reference, templated
from afscan.platforms.terraform.resolved import at
from afscan.syntax.hcl.nodes import Expression

_CARRIERS = frozenset(
    ("jsonencode", "yamlencode", "format", "join", "concat", "merge", "try", "coalesce", "tostring", "base64encode")
)
"""Functions whose result still tells their arguments; a hash or a length does not, ``nonsensitive`` is said on purpose."""

_ATTRIBUTES = {"random_password": frozenset(("result",)), "aws_secretsmanager_secret_version": frozenset(("secret_string",))}
_DESCRIPTIONS = frozenset(("master_user_secret",))
"""Attributes that tell where a secret lies, in spite of their names."""

_SHOWN_ONLY = frozenset(("example", "examples", "test", "tests"))
"""Folders whose roots show or test a module: nobody keeps their state."""

_MAX_NODES = 2_000


def read_root(scope: Scope, out: Interpretation) -> None:
    """Emit what a root module says of itself; a module that is called says nothing here."""
    if scope.caller is not None:
        return
    for name, node in scope.module.variables.items():
        kind = _secret(name, node, scope)
        if kind is not None:
            out.subjects.append(
                TerraformVariable(
                    name=f"var.{name}",
                    node=node,
                    platform="terraform",
                    credential=kind,
                    sensitive=_unprinted(Body(node, scope, out)),
                )
            )
    for name, node in scope.module.outputs.items():
        value = node.get("value")
        if value is not None:
            exposed = next(_exposed(value, scope), None)
            out.subjects.append(
                TerraformOutput(
                    name=f"output.{name}",
                    node=node,
                    platform="terraform",
                    exposes=Value.unset(node) if exposed is None else Value.of(_text(exposed), exposed, at(exposed)),
                    sensitive=Body(node, scope, out).boolean("sensitive"),
                )
            )
    _state(scope, out)


def _unprinted(body: Body) -> Value[bool]:
    """``sensitive``, or ``ephemeral``: what is left out of plan and state is not printed either."""
    ephemeral = body.boolean("ephemeral")
    return ephemeral if ephemeral.value is True or ephemeral.is_unknown else body.boolean("sensitive")


def _secret(name: str, node: Mapping, scope: Scope) -> str | None:
    """What kind of secret a variable holds: none where its type is a number or a switch, or its default is."""
    kind, default = credential_kind(name), node.get("default")
    written = node.get("type")
    if kind is None or (written is not None and _text(written) in ("bool", "number")):
        return None
    if isinstance(default, Scalar) and default.plain and not default.is_null:
        return None
    return kind


def _text(node: Node) -> str:
    if isinstance(node, Scalar | Opaque):
        return node.text
    return ""


def _exposed(value: Node, scope: Scope) -> Iterator[Node]:
    """The references to secrets in an output's value, without those whose value a function hides."""
    waiting, left = [value], _MAX_NODES
    while waiting and left > 0:
        node, left = templated(waiting.pop()), left - 1
        found = reference(node)
        local = scope.module.locals.get(str(found[1][0])) if found is not None and found[0] == "local" and found[1] else None
        if local is not None and found is not None and len(found[1]) == 1:
            waiting.append(local)
        elif found is not None:
            if _is_secret(found[0], [step for step in found[1] if isinstance(step, str)], scope):
                yield node
        elif isinstance(node, Mapping):
            waiting += reversed(node.entries.values())
        elif isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Expression):
            if node.form == "object":
                waiting += reversed(node.operands[1::2])
            elif node.form == "conditional":
                waiting += reversed(node.operands[1:])
            elif node.form == "template" or (node.form == "call" and node.name in _CARRIERS):
                waiting += reversed(node.operands)


def _is_secret(root: str, steps: list[str], scope: Scope) -> bool:
    if not steps:
        return False
    if root == "var":
        declared = scope.module.variables.get(steps[0])
        return len(steps) == 1 and declared is not None and _secret(steps[0], declared, scope) is not None
    if root in ("local", "each", "count", "path", "terraform") or len(steps) < (3 if root == "data" else 2):
        return False
    kind, attribute = steps[0] if root == "data" else root, steps[-1]
    if attribute in _DESCRIPTIONS:
        return False
    return attribute in _ATTRIBUTES.get(kind, ()) or credential_kind(attribute) is not None


# ---------------------------------------------------------------- where the state lies


def _state(scope: Scope, out: Interpretation) -> None:
    node = _declaring(scope)
    if node is None:
        return
    backend: Value[str] = Value.unset(node)
    locking: Value[bool] = Value.unset(node)
    version: Value[str] = Value.unset(node)
    for settings in scope.module.settings:
        body = Body(settings, scope, out)
        if body.written("required_version"):
            version = body.text("required_version")
        cloud = settings.get("cloud")
        if cloud is not None:
            backend, locking = Value.of("cloud", cloud), Value.of(True, cloud)
        for (kind,), block in labelled(settings.get("backend"), 1, Interpretation()):
            backend, locking = Value.of(kind, block), _locking(kind, Body(block, scope, out))
    out.subjects.append(
        TerraformRoot(
            name=scope.module.directory or "the root module",
            node=node,
            platform="terraform",
            backend=backend,
            locking=locking,
            required_version=version,
        )
    )


def _declaring(scope: Scope) -> Mapping | None:
    """Where findings about a root module point: its settings, else its first provider, resource or call.

    None for what is no root module: without anything to keep in a state, or made to be called. The latter has variables, and
    nothing that belongs to a root alone: a provider's configuration, a backend, a lock file, values for its variables. A fragment
    in a document is none either, unless it has settings, nor is an example.
    """
    module = scope.module
    things = [*module.resources.values(), *module.calls.values()]
    if not things and not module.providers:
        return None
    if (module.key[0] and not module.settings) or _SHOWN_ONLY & set(module.directory.split("/")):
        return None
    own = any(settings.get("backend") or settings.get("cloud") for settings in module.settings)
    if module.variables and not (own or module.providers or module.locked or module.assigned):
        return None
    return next(iter([*module.settings, *(node for _, node in module.providers), *things]))


def _locking(kind: str, body: Body) -> Value[bool]:
    if kind == "s3":
        lockfile, table = body.boolean("use_lockfile"), body.text("dynamodb_table")
        if lockfile.value is True or (lockfile.is_unknown and table.is_unset):
            return lockfile
        if not table.is_unset:
            return table.map(bool)
        partial = not (body.written("bucket") and body.written("key"))
        return (
            Value.unknown(body.node, "the rest of the backend is given to `terraform init`")
            if partial
            else Value.of(False, body.node)
        )
    if kind == "http":
        address = body.text("lock_address")
        return address.map(bool) if not address.is_unset else Value.of(False, body.node)
    return Value.of(True, body.node)
