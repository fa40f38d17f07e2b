"""``dynamic`` blocks: the blocks that they stand for, where what they go through is known.

Source: developer.hashicorp.com/terraform/language/expressions/dynamic-blocks.
"""

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.declarations import labelled
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.instances import MAX_INSTANCES
from afscan.platforms.terraform.iteration import elements
from afscan.platforms.terraform.results import Known, NotKnownError, Unknown


def dynamics(body: Mapping, name: str) -> list[Mapping]:
    """The ``dynamic`` blocks of a type in a body."""
    written = body.get("dynamic")
    if written is None:
        return []
    return [block for (label,), block in labelled(written, 1, Interpretation()) if label == name]


def expand_dynamic(name: str, block: Mapping, scope: Scope) -> list[tuple[Mapping, Scope]] | Unknown:
    """The content of each block that a ``dynamic`` one stands for, with the scope in which it holds."""
    written, (_, content) = block.get("for_each"), next(labelled(block.get("content"), 0, Interpretation()), ((), None))
    if written is None or content is None:
        return Unknown("it has no `for_each` or no `content`", block)
    chosen = block.get("iterator")
    iterator = chosen.text if isinstance(chosen, Scalar | Opaque) else name
    try:
        pairs = elements(scope.evaluate(written))
    except NotKnownError as error:
        return Unknown(str(error), written)
    except TypeError:
        return Unknown("its `for_each` is no collection", written)
    if len(pairs) > MAX_INSTANCES:
        return Unknown(f"it stands for more than {MAX_INSTANCES} blocks", written)
    return [
        (content, scope.bound({iterator: Known({"key": key, "value": value}, _near(value.node, block))})) for key, value in pairs
    ]


def _near(node: Node, block: Mapping) -> Node:
    return node if node.source is block.source else block
