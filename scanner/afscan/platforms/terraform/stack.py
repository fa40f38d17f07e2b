"""All modules in use, resource by resource."""

from afscan.model.node import Mapping
from afscan.model.notice import NoticeKind
from afscan.model.subjects import ManagedResource, TerraformFile
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform import caches, clusters, databases, otherclouds
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.credentials import Secrets
from afscan.platforms.terraform.declared import read_references
from afscan.platforms.terraform.dependencies import provider_major, read_modules, read_providers
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.firewalls import read_firewall
from afscan.platforms.terraform.groups import read_group_module
from afscan.platforms.terraform.instances import differs, instances, suffix
from afscan.platforms.terraform.managed import read_managed
from afscan.platforms.terraform.merging import merge_alike
from afscan.platforms.terraform.operations import read_operations
from afscan.platforms.terraform.policies import read_document, read_policies
from afscan.platforms.terraform.registries import apply_filters, read_filters
from afscan.platforms.terraform.registrymodules import apply_defaults, as_resource, read_inputs
from afscan.platforms.terraform.releases import read_release, values_of
from afscan.platforms.terraform.roots import read_root
from afscan.platforms.terraform.tasks import read_task
from afscan.platforms.terraform.tlsversions import read_tls
from afscan.platforms.terraform.workloads import read_workload

_PARTIAL = {
    "helm_release": ("chart", "What a Helm chart deploys is judged in its rendered templates (`helm template`), not here."),
}
"""Resources that deploy something which is not read here, by the argument that says what."""

_REFINE = {**caches.REFINE, **clusters.REFINE, **databases.REFINE, **otherclouds.REFINE}


def read_scopes(
    scopes: list[Scope], files: list[TerraformFile], unread: dict[tuple[str, str], Value[bool]], out: Interpretation
) -> None:
    """Emit the subjects of every module in use, and the secrets in variable files.

    :param unread: by module, an unknown value where not all of its files could be read.
    """
    secrets = Secrets(out)
    described: set[tuple[str, str]] = set()
    for scope in scopes:
        try:
            _read_scope(scope, secrets, out)
            if scope.module.key not in described and not scope.planned:
                described.add(scope.module.key)
                read_modules(scope, out)
                read_providers(scope, out)
                read_root(scope, out)
                read_references(scope.module, unread.get(scope.module.key), out)
        except RecursionError:
            place = scope.module.files[0].node.head
            out.notice(
                NoticeKind.LIMIT, place, "Expressions of this module refer to each other too deeply; it is judged in part."
            )
    out.subjects[:] = merge_alike(out.subjects)
    _read_scans(scopes, out)
    for scope in scopes:
        _read_declared_secrets(scope, secrets)
    _read_variable_files(scopes, files, secrets)


def _read_scope(scope: Scope, secrets: Secrets, out: Interpretation) -> None:
    major, plan = provider_major(scope, "aws"), scope.budget.plan_of(scope)
    for (kind, label), node in scope.module.resources.items():
        every = instances(node, scope)
        if not every:
            continue
        for key, inner in every if differs(node) else every[:1]:
            name = f"{scope.address}{kind}.{label}{suffix(key) if differs(node) else ''}"
            planned = plan.of(name) if plan is not None and not scope.planned else None
            _read_resource(kind, name, Body(node, inner, out, planned), major)
        if not kind.startswith("kubernetes_"):
            secrets.read(f"{scope.address}{kind}.{label}", node, scope)
        for values in values_of(Body(node, scope, out)) if kind == "helm_release" else ():
            secrets.read(f"{scope.address}{kind}.{label}", values, scope)
    for (kind, label), node in scope.module.data.items():
        if kind == "aws_iam_policy_document" and exists(node, scope):
            read_document(f"{scope.address}data.{kind}.{label}", Body(node, scope, out))
    for label, node in scope.module.calls.items():
        if exists(node, scope):
            name = f"{scope.address}module.{label}"
            shown = plan is not None and plan.covers(name)  # the plan has what the module makes
            cluster = None if shown else clusters.read_eks_module(name, Body(node, scope, out))
            if cluster is not None:
                out.subjects.append(cluster)
            if not shown:
                _read_call(name, Body(node, scope, out), major)
            read_inputs(name, Body(node, scope, out))
            secrets.read(name, node, scope)
    for label, body_node in scope.module.providers:
        secrets.read(f"{scope.address}provider.{label}", body_node, scope)


def _read_call(name: str, body: Body, aws_major: int | None) -> None:
    """A call of a well-known module as the resource that it makes."""
    made = as_resource(body)
    if made is not None and made[0] == "aws_security_group":
        read_group_module(name, made[1])
        return
    resource = read_managed(made[0], name, made[1]) if made is not None else None
    if made is not None and resource is not None:
        for one in _refined(resource, made[1], aws_major):
            apply_defaults(one, body.node)
            body.out.subjects.append(one)


def _read_resource(kind: str, name: str, body: Body, aws_major: int | None) -> None:
    """What one instance of a resource says."""
    out = body.out
    resource = read_managed(kind, name, body)
    if resource is not None:
        out.subjects += _refined(resource, body, aws_major)
    out.subjects += clusters.read_disks(kind, name, body)
    out.subjects += read_tls(kind, name, body)
    if kind in _PARTIAL:
        argument, reason = _PARTIAL[kind]
        out.notice(NoticeKind.PARTIAL, (body.node.get(argument) or body.node).head, reason)
    if kind == "aws_elasticache_user":
        caches.read_user(name, body)
    read_firewall(kind, name, body)
    read_policies(kind, name, body)
    read_task(kind, name, body)
    read_release(kind, name, body)
    read_workload(kind, body.node, body.scope, out)


def _refined(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """What several arguments decide together; empty where it turns out to be no resource of its own."""
    refine = _REFINE.get(resource.kind)
    resources = [resource] if refine is None else refine(resource, body, aws_major)
    if resource in resources:
        read_operations(resource, body)
    return resources


def _read_scans(scopes: list[Scope], out: Interpretation) -> None:
    """What registries scan by themselves counts for the repositories in them."""
    repositories = [one for one in out.subjects if isinstance(one, ManagedResource) and one.scan_on_push is not None]
    filters = [
        found
        for scope in (scopes if repositories else [])
        for (kind, _), node in scope.module.resources.items()
        if kind == "aws_ecr_registry_scanning_configuration" and exists(node, scope)
        for found in read_filters(Body(node, scope, out))
    ]
    apply_filters(repositories, filters)


def exists(node: Mapping, scope: Scope) -> bool:
    """Whether a resource or call has any instance: not with ``count = 0`` or an empty ``for_each``."""
    return bool(instances(node, scope))


def _read_declared_secrets(scope: Scope, secrets: Secrets) -> None:
    """Defaults and locals that no resource used."""
    for name, node in scope.module.variables.items():
        default = node.get("default")
        if default is not None:
            secrets.describe(f"{scope.address}var.{name}", name, default, scope)
    for name, value in scope.module.locals.items():
        secrets.describe(f"{scope.address}local.{name}", name, value, scope)


def _read_variable_files(scopes: list[Scope], files: list[TerraformFile], secrets: Secrets) -> None:
    """Every variable file, whether Terraform loads it by itself or is told to."""
    for file in files:
        scope = next((s for s in scopes if s.module.key == (file.container, file.directory)), scopes[0] if scopes else None)
        if file.role == "variables" and scope is not None and isinstance(file.node, Mapping):
            secrets.read(file.name, file.node, scope)
