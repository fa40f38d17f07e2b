"""IAM policies of identities: what users, groups and roles may do.

Policies of resources (buckets, keys, queues) and of trust name principals and are not judged here. Sources: IAM user guide, "IAM JSON
policy elements reference"; AWS provider, "aws_iam_policy_document", "aws_iam_policy", "aws_iam_role" (``inline_policy``).
"""

from collections.abc import Iterator
from typing import Any

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.terraform import IamStatement
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.encodings import json_text
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.references import reference
from afscan.platforms.terraform.results import Known, NotKnownError, Result, Unknown, plain
from afscan.platforms.terraform.structured import structured, unfold

_HOLDERS = frozenset(("aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"))
_DOCUMENT = "aws_iam_policy_document"


def read_policies(kind: str, name: str, body: Body) -> None:
    """Emit the statements of the policies that a resource holds; documents in data sources are emitted where they stand."""
    _administrator(name, body)
    holders = [(name, body)] if kind in _HOLDERS else []
    if kind == "aws_iam_role":
        holders = [(f"{name}, inline policy", block) for block in body.blocks("inline_policy")]
    for title, holder in holders:
        written = holder.node.entries.get("policy")
        if written is None or _document_of(written, holder.scope) is not None:
            continue
        root = structured(written, holder.scope, "json")
        if isinstance(root, Unknown):
            unread: Value[str] = Value.unknown(written, root.reason)
            _emit(title, written, body, effect=unread, actions=[unread], resources=[unread])
            continue
        for number, statement in enumerate(_statements(root)):
            _statement(f"{title}, statement {number + 1}", statement, body)


def _administrator(name: str, body: Body) -> None:
    """AWS's own policy that allows everything, wherever it is attached by its name."""
    arns = [body.text("policy_arn")] if body.node.get("policy_arn") is not None else body.strings("managed_policy_arns")
    for arn in arns:
        if arn.or_else("").endswith(":aws:policy/AdministratorAccess"):
            every = Value.of("*", arn.node, arn.at)
            allow = Value.of("Allow", arn.node, arn.at)
            _emit(f"{name}, AdministratorAccess", arn.node, body, effect=allow, actions=[every], resources=[every])


def _document_of(written: Node, scope: Scope) -> str | None:
    """The name of the document in a data source of this module that an argument takes over."""
    found = reference(unfold(written, scope))
    if found is None or found[0] != "data" or len(found[1]) < 3 or found[1][0] != _DOCUMENT:
        return None
    return found[1][1] if isinstance(found[1][1], str) and (_DOCUMENT, found[1][1]) in scope.module.data else None


def _statements(root: Node) -> Iterator[Mapping]:
    written = root.get("Statement")
    items = written.items if isinstance(written, Sequence) else [written]
    yield from (item for item in items if isinstance(item, Mapping))


def _statement(name: str, node: Mapping, body: Body) -> None:
    if node.get("Principal") is not None or node.get("NotPrincipal") is not None:
        return
    _emit(
        name,
        node,
        body,
        effect=next(iter(_texts(node, "Effect")), Value.unset(node)),
        actions=_texts(node, "Action"),
        not_actions=_texts(node, "NotAction"),
        resources=_texts(node, "Resource"),
        conditional=node.get("Condition") is not None,
    )


def _texts(node: Mapping, name: str) -> list[Value[str]]:
    written = node.get(name)
    items = written.items if isinstance(written, Sequence) else [] if written is None else [written]
    found: list[Value[str]] = []
    for item in items:
        if isinstance(item, Scalar):
            found.append(Value.of(item.text, item))
        elif isinstance(item, Opaque):
            found.append(Value.unknown(item, item.reason))
    return found


def _emit(name: str, node: Node, body: Body, **fields: Any) -> None:
    body.out.subjects.append(IamStatement(name=name, node=node, platform="terraform", **fields))


def read_document(name: str, body: Body) -> None:
    """Emit the statements of an ``aws_iam_policy_document`` that name no principal."""
    for number, block in enumerate(body.blocks("statement")):
        if block.blocks("principals") or block.blocks("not_principals") or block.unread("principals") is not None:
            continue
        _emit(
            f"{name}, statement {number + 1}",
            block.node,
            body,
            effect=block.text("effect"),
            actions=block.strings("actions"),
            not_actions=block.strings("not_actions"),
            resources=block.strings("resources"),
            conditional=bool(block.blocks("condition")),
        )


def document_json(declared: Mapping, scope: Scope, node: Node) -> Result:
    """The JSON of an ``aws_iam_policy_document`` as far as its statements are known."""
    from afscan.platforms.reading import Interpretation  # noqa: PLC0415

    body = Body(declared, scope.base or scope, Interpretation())
    if body.unread("statement") is not None or any(body.written(name) for name in _MERGED):
        return Unknown("not all statements of the document are known", node)
    try:
        statements = [dict(_entries(block)) for block in body.blocks("statement")]
    except NotKnownError as error:
        return Unknown(str(error), node)
    return Known(json_text({"Version": "2012-10-17", "Statement": statements}), node)


_MERGED = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}


def _entries(block: Body) -> Iterator[tuple[str, Any]]:
    yield "Effect", block.text("effect").or_else("Allow")
    for name, key in _LISTS.items():
        result = block.result(name)
        if result is not None:
            value = plain(result)
            yield key, value[0] if isinstance(value, list) and len(value) == 1 else value
    if block.blocks("principals") or block.blocks("condition"):
        raise NotKnownError("principals and conditions of the document are not written out")
