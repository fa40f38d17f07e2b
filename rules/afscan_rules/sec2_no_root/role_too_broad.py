"""SEC212: roles that are as good as the administrator's."""

from collections.abc import Iterator

from afscan.model.cluster import Role, RoleBinding, RoleRule
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.terraform import IamStatement
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_ROLES = ("roles", "clusterroles")
_IDENTITIES = ("users", "groups", "serviceaccounts", "uids")


@rule("SEC212", severity=Severity.HIGH, tags=("CWE-269",))
def role_too_broad(role: Role | RoleBinding | IamStatement, stack: Stack) -> Iterator[Problem]:
    """Role is too broad.

    Whoever holds a role with wildcards, with the right to read every Secret, or to `bind`, `escalate` or `impersonate`, can
    become the administrator of its namespace or of the cluster: so can whoever breaks into a pod that runs with it. Wildcards
    within an operator's own API group, and rights on objects that are named, are not meant. The same holds in the cloud for an IAM
    policy that allows every action, or everything in IAM, on every resource without a condition.

    ## Fix
    - Kubernetes: list the resources and verbs needed, Secrets by `resourceNames`; bind nobody to `cluster-admin`.
    - Terraform: list the actions and resources needed; attach `AdministratorAccess` to nothing that runs by itself.
    - Any: allow what is needed, on what it is needed for.
    """
    if isinstance(role, RoleBinding):
        yield from _binding(role)
    elif isinstance(role, IamStatement):
        yield from _statement(role)
    elif not role.rules:
        yield NOT_APPLICABLE  # nothing is granted, or a controller puts it together from other roles, judged by themselves
    else:
        for one in role.rules:
            yield from _rule(role, one)


def _statement(one: IamStatement) -> Iterator[Problem]:
    if one.effect.or_else("Allow") != "Allow" or one.conditional or not (one.actions or one.not_actions):
        yield NOT_APPLICABLE
        return
    every = _any(one.resources, "*")
    action = _any(one.actions, "*", "*:*")
    identity = next((value for value in one.actions if (value.value or "").lower() == "iam:*"), None)
    unread = _unread(one, action or identity)
    if every is not None and action is not None:
        yield fail(action.place, f"{one.name} allows every action on every resource (`*`).")
    elif every is not None and identity is not None:
        yield fail(identity.place, f"{one.name} may give itself any right: it allows `iam:*` on every resource.")
    elif every is not None and one.not_actions and not one.effect.is_unknown:
        yield fail(one.not_actions[0].place, f"{one.name} allows every action but those in `NotAction` on every resource (`*`).")
    elif unread is not None:
        yield unknown(unread.place, f"What {one.name} allows is not known: {unread.reason}.")


def _unread(one: IamStatement, broad: Value[str] | None) -> Value[str] | None:
    """What decides and is not known: the actions, or the resources of actions that are too broad for all of them."""
    actions = next((value for value in one.actions if value.is_unknown), None)
    resources = next((value for value in one.resources if value.is_unknown), None)
    if broad is not None:
        return resources
    return actions if resources is not None or _any(one.resources, "*") is not None else None


def _binding(binding: RoleBinding) -> Iterator[Problem]:
    where = f"everything in the namespace {binding.namespace}" if binding.namespace else "everything in the cluster"
    if binding.role.is_unknown:
        yield unknown(binding.role.place, f"The role that {binding.name} gives is not known: {binding.role.reason}.")
    elif binding.role_kind == "ClusterRole" and binding.role.value == "cluster-admin":
        if binding.bound:
            yield fail(binding.role.place, f"{binding.name} gives the role `cluster-admin`: {where} is allowed.")
        else:
            yield NOT_APPLICABLE  # to nobody


def _rule(role: Role, one: RoleRule) -> Iterator[Problem]:
    found = _all_of_it(one) or _secrets(one) or _more_rights(one)
    if found is not None:
        place, what = found
        yield fail(place, f"{role.name} {what}.")
    elif one.unread:
        yield unknown(one.node.head, f"What {role.name} allows here is not known: {one.unread}.")


def _all_of_it(one: RoleRule) -> tuple[Place, str] | None:
    verbs, resources = _any(one.verbs, "*"), _any(one.resources, "*", "*/*")
    if verbs is None or resources is None or one.names or not any(map(_is_builtin, one.groups)):
        return None
    return verbs.place, "allows every verb on every resource (`*`)"


def _is_builtin(group: Value[str]) -> bool:
    """Whether an API group is Kubernetes' own (core, apps, ``*.k8s.io``) or all of them; an operator's own has its domain."""
    text = group.value
    return text is not None and ("." not in text or text.endswith(".k8s.io"))


def _secrets(one: RoleRule) -> tuple[Place, str] | None:
    resource, verb = _any(one.resources, "secrets", "*"), _any(one.verbs, *_READ, "*")
    if resource is None or verb is None or one.names or _any(one.groups, "", "*") is None:
        return None
    return resource.place, f"may read every Secret (`{verb.value}` on `{resource.value}`, without `resourceNames`)"


def _more_rights(one: RoleRule) -> tuple[Place, str] | None:
    """``bind`` and ``escalate`` on roles lift the rule that nobody grants what he does not have; ``impersonate`` makes it needless."""
    if one.names:
        return None
    verb = _any(one.verbs, "bind", "escalate", "*")
    if verb is not None and _any(one.groups, _RBAC, "*") is not None and _any(one.resources, *_ROLES, "*") is not None:
        return verb.place, f"may grant rights that it does not have (`{verb.value}` on roles)"
    verb = _any(one.verbs, "impersonate", "*")
    whom = _any(one.resources, *_IDENTITIES, "*")
    if verb is None or whom is None or _any(one.groups, "", "authentication.k8s.io", "*") is None:
        return None
    if verb.value == "*" and whom.value == "serviceaccounts":
        return None  # managing the accounts of a namespace; that it also allows to impersonate them is not what is meant
    return verb.place, f"may act as somebody else (`{verb.value}` on `{whom.value}`)"


def _any(values: list[Value[str]], *wanted: str) -> Value[str] | None:
    return next((value for value in values if value.value in wanted), None)
