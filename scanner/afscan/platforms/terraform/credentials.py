"""Secrets in Terraform: attributes, variables with a default, locals, variable files.

Only strings under a name that announces a secret, with the shape of one, or in an environment are looked at: a URL somewhere in a
resource says nothing about who connects where.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.place import Place
from afscan.model.subjects import Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.resolved import at
from afscan.platforms.terraform.results import Known
from afscan.syntax.hcl.nodes import Expression

_ENVIRONMENTS = frozenset(("environment", "environment_variables", "env", "env_vars", "app_settings"))
_SKIPPED = frozenset(("lifecycle", "tags", "labels", "depends_on", "triggers", "validation"))
_MAX_VALUES = 200_000

Found = tuple[str, Node, bool]
"""A setting's name, its value, and whether it is part of an environment."""


class Secrets:
    """Emits what settings say, each place once: a default that three resources use is one secret."""

    def __init__(self, out: Interpretation) -> None:
        self.out = out
        self.seen: set[Place] = set()
        self.left = _MAX_VALUES

    def read(self, owner: str, body: Node, scope: Scope) -> None:
        """All settings below a block."""
        for name, node, in_environment in _settings(body):
            self.left -= 1
            if self.left < 0:
                if self.left == -1:
                    reason = f"There are more than {_MAX_VALUES:,} settings; secrets in those that follow are not looked for."
                    self.out.notice(NoticeKind.LIMIT, node.head, reason)
                return
            self.describe(owner, name, node, scope, in_environment=in_environment)

    def describe(self, owner: str, name: str, node: Node, scope: Scope, *, in_environment: bool = False) -> None:
        """One setting: a literal, or what a variable's default makes of it."""
        from afscan.platforms.secrets import credential_kind, origin_of, secret_shape  # noqa: PLC0415
        from afscan.platforms.variables import describe_setting  # noqa: PLC0415

        name = name.removesuffix("_wo")  # write-only arguments, Terraform 1.11
        named = credential_kind(name) is not None
        if isinstance(node, Scalar) and not named and not in_environment and not _may_hold_secret(node.text):
            return
        result = scope.evaluate(node)
        if not isinstance(result, Known):
            if named and not self._again(node.place):
                value: Value[str] = Value.unknown(node, result.reason, at(node))
                describe_setting(
                    name, value, Origin.REFERENCE, owner=owner, platform="terraform", holder="terraform", out=self.out
                )
            return
        text = result.value
        if not isinstance(text, str) or not (named or in_environment or secret_shape(text) or _has_userinfo(text)):
            return
        home = result.node if isinstance(result.node, Scalar) else node
        if self._again(home.place):
            return
        value = Value.of(text, home, at(home))
        origin = origin_of(text, expands=False)
        describe_setting(name, value, origin, owner=owner, platform="terraform", holder="terraform", out=self.out)

    def _again(self, place: Place) -> bool:
        if place in self.seen:
            return True
        self.seen.add(place)
        return False


def _may_hold_secret(text: str) -> bool:
    """A cheap first look: short words without digits are no secrets."""
    return len(text) >= 8


def _has_userinfo(text: str) -> bool:
    scheme, mark, rest = text[:2000].partition("://")
    return bool(mark) and scheme.replace("+", "").isalnum() and "@" in rest.split("/", 1)[0]


def _settings(body: Node) -> Iterator[Found]:
    """Every named value below a block, also in what ``jsonencode`` is given; what only describes the resource is left out.

    Where a block has a ``name`` and a ``value`` (``set`` of a Helm release, a container's environment), the former names it.
    """
    waiting: list[Found] = [("", body, False)]
    while waiting:
        name, node, in_environment = waiting.pop()
        if isinstance(node, Mapping):
            named = node.entries.get("name")
            for key, below in reversed(node.entries.items()):
                if key not in _SKIPPED:
                    own = named.text if key == "value" and isinstance(named, Scalar) else key
                    waiting.append((own, below, in_environment or name in _ENVIRONMENTS or key in _ENVIRONMENTS))
        elif isinstance(node, Sequence):
            waiting += [(name, item, in_environment) for item in reversed(node.items) if not isinstance(item, Scalar)]
        elif isinstance(node, Expression) and node.form == "call" and node.name in ("jsonencode", "yamlencode", "merge", "tomap"):
            waiting += [(name, operand, in_environment) for operand in reversed(node.operands)]
        elif isinstance(node, Scalar | Opaque):
            yield name, node, in_environment
