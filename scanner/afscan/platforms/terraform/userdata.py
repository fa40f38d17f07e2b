"""Scripts that a machine runs at its first start: ``user_data`` and its like, as texts of their own.

Source: Terraform's AWS provider, "aws_instance" and "aws_launch_template" (``user_data``); azurerm, "custom_data"; Google,
"metadata_startup_script"; cloud-init, "User-data formats": what begins with ``#!`` is a script.
"""

from afscan.files.recognise import syntax_of
from afscan.model.node import Node, Scalar
from afscan.model.patterns import pattern
from afscan.model.source import Source
from afscan.platforms.reading import Interpretation
from afscan.syntax.hcl.nodes import Expression

_NAMES = frozenset(("user_data", "user_data_base64", "custom_data", "metadata_startup_script"))
_ENCODERS = frozenset(("base64encode", "base64gzip"))
_FILLED = pattern(r"(?<!\$)\$\{[^{}\n]*\}")


def embed_user_data(root: Node, out: Interpretation) -> None:
    """Embed the scripts among the resources of a file."""
    for node in root.walk():
        if node.key is not None and node.key.text in _NAMES:
            source = _script(node)
            if source is not None and source.text.startswith("#!") and syntax_of("user_data", source.text) == "shell":
                out.embedded.append(source)


def _script(node: Node) -> Source | None:
    """The text of an argument. For each ``${...}`` of a template a variable of the same length stands, so that a shell can read it."""
    if isinstance(node, Expression) and node.form == "call" and node.name in _ENCODERS and node.operands:
        node = node.operands[0]
    if isinstance(node, Scalar):
        return node.embed(name="user_data", holder="user-data", syntax="shell")
    body = node.source
    if not isinstance(node, Expression) or node.form != "template" or body.outer is None or body.holder != "heredoc":
        return None
    text = _FILLED.sub(lambda found: "${" + "_" * (len(found.group()) - 3) + "}", body.text)
    if body.positions is None or "%{" in text or "$${" in text:
        return None  # directives repeat or leave out lines; what is escaped would be read as it is not
    return Source.embedded(body.outer, text, body.positions, name="user_data", holder="user-data", syntax="shell")
