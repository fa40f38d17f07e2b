"""GitOps: Argo CD's applications and Flux' sources and releases.

Sources: Argo CD documentation, "Application Specification", "Automated Sync Policy" (pruning and self-healing are off by default),
"Tracking and Deployment Strategies" (``targetRevision`` takes branches, tags, commits and ranges; ``HEAD`` by default), "Diffing
Customization"; Flux documentation, "Git Repositories" (``spec.ref``: commit over name over semver over tag over branch, ``master``
by default), "Kustomizations" (changes in the cluster are undone at every interval), "Helm Releases" (``version``: ``*`` by default).
"""

from afscan.model.ci import DeploymentSource, GitOpsApplication, GitOpsProject, GitOpsSource
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, scalar_text, section
from afscan.platforms.reading import Reader

_REFERENCES = ("commit", "digest", "name", "semver", "tag", "branch")
"""Flux: the fields of ``spec.ref``, the stronger first."""

_EXACT = frozenset(("commit", "digest", "tag"))


def read_application(item: KubernetesObject) -> None:
    """Emit an Argo CD Application."""
    _emit_argo(item, section(item.reader, "spec"))


def read_application_set(item: KubernetesObject) -> None:
    """Emit the template of an ApplicationSet as one application; what its generators fill in is unknown."""
    _emit_argo(item, section(section(section(item.reader, "spec"), "template"), "spec"))


def _emit_argo(item: KubernetesObject, spec: Reader) -> None:
    policy = section(spec, "syncPolicy")
    automated = section(policy, "automated")
    on = isinstance(policy.node.get("automated"), Mapping)
    enabled = automated.boolean("enabled")
    listed = list(spec.readers("sources"))
    if not listed:
        listed = [one for one in (section(spec, "source"),) if isinstance(one.node, Mapping)]
    item.out.subjects.append(
        GitOpsApplication(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            tool="argocd",
            kind=item.kind,
            namespace=item.namespace,
            destination=_filled(spec.text("destination", "namespace")),
            automated=enabled
            if on and not enabled.is_unset
            else Value.of(True, automated.node)
            if on
            else Value.unset(spec.node),
            prune=automated.boolean("prune"),
            self_heal=automated.boolean("selfHeal"),
            ignores_replicas=_ignores_replicas(spec, policy),
            sources=[_argo_source(one) for one in listed],
        )
    )


def _filled(value: Value[str]) -> Value[str]:
    """A value, unknown where an ApplicationSet's generator fills it in."""
    return Value.unknown(value.node, "a generator fills it in", value.at) if "{{" in value.or_else("") else value


def _argo_source(one: Reader) -> DeploymentSource:
    url, chart = _filled(one.text("repoURL")), _filled(one.text("chart"))
    kind = "git" if chart.is_unset else "oci" if url.or_else("").startswith("oci://") else "helm"
    return DeploymentSource(
        node=one.node,
        kind=kind,
        url=url,
        path=_filled(one.text("path")),
        revision=_filled(one.text("targetRevision")),
        default="HEAD" if kind == "git" else "*",
        chart=chart,
        here=Value.of(False, one.node),
    )


def _ignores_replicas(spec: Reader, policy: Reader) -> bool:
    """Whether the number of replicas is left alone: in the comparison, and (``RespectIgnoreDifferences``) also in a sync."""
    options = {one.or_else("").replace(" ", "").lower() for one in policy.strings("syncOptions")}
    if "respectignoredifferences=true" not in options:
        return False
    for one in spec.readers("ignoreDifferences"):
        pointers = [pointer.or_else("") for pointer in one.strings("jsonPointers")]
        expressions = [text.or_else("") for text in one.strings("jqPathExpressions")]
        managers = [text.or_else("") for text in one.strings("managedFieldsManagers")]
        named = "/spec/replicas" in pointers or ".spec.replicas" in expressions or "kube-controller-manager" in managers
        if named and one.text("name").is_unset:
            return True
    return False


def read_project(item: KubernetesObject) -> None:
    """Emit an AppProject."""
    spec = section(item.reader, "spec")
    item.out.subjects.append(
        GitOpsProject(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            project=item.name,
            repositories=spec.strings("sourceRepos"),
            destinations=[one.text("namespace") for one in spec.readers("destinations")],
        )
    )


def read_source(item: KubernetesObject) -> None:
    """Emit a Flux source: its URL, and which revision of it is taken."""
    spec = section(item.reader, "spec")
    reference = section(spec, "ref")
    key = next((one for one in _REFERENCES if isinstance(reference.node.get(one), Scalar)), "")
    revision = reference.text(key) if key else Value.unset(reference.node if isinstance(reference.node, Mapping) else spec.node)
    kind = {"OCIRepository": "oci", "HelmRepository": "helm"}.get(item.kind, "git")
    if key in ("branch", "semver"):
        revision = revision.map(lambda text: f"refs/heads/{text}" if key == "branch" and not text.startswith("refs/") else text)
    item.out.subjects.append(
        GitOpsSource(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind=item.kind,
            namespace=item.namespace,
            source=DeploymentSource(
                node=spec.node,
                kind=kind,
                url=spec.text("url"),
                path=Value.unset(spec.node),
                revision=revision,
                default="latest" if kind == "oci" else "master",
                exact=key in _EXACT and revision.or_else("") != "latest",
                chart=Value.unset(spec.node),
                here=Value.of(False, spec.node),
            ),
        )
    )


def read_kustomization(item: KubernetesObject) -> None:
    """Emit a Flux Kustomization: it deploys a path of a source, and undoes changes in the cluster at every interval."""
    spec = section(item.reader, "spec")
    source = DeploymentSource(
        node=spec.node,
        kind="git",
        url=Value.unset(spec.node),
        path=spec.text("path"),
        revision=Value.unset(spec.node),
        default="",
        chart=Value.unset(spec.node),
        here=Value.of(False, spec.node),
    )
    _emit_flux(item, spec, source, spec.node.get("sourceRef"), spec.boolean("prune"))


def read_helm_release(item: KubernetesObject) -> None:
    """Emit a Flux HelmRelease with its chart; a chart that lies in a git repository is that repository's revision."""
    spec = section(item.reader, "spec")
    chart = section(spec, "chart", "spec")
    source = DeploymentSource(
        node=chart.node if isinstance(chart.node, Mapping) else spec.node,
        kind="helm",
        url=Value.unset(spec.node),
        path=Value.unset(spec.node),
        revision=chart.text("version"),
        default="*",
        chart=chart.text("chart"),
        here=Value.of(False, spec.node),
    )
    reference = chart.node.get("sourceRef") if isinstance(chart.node, Mapping) else spec.node.get("chartRef")
    if scalar_text(reference.get("kind") if reference is not None else None) in ("GitRepository", "Bucket", "OCIRepository"):
        source.kind, source.path, source.default = "git", source.chart, ""
        source.revision = Value.unset(source.node)  # the source's own counts
    _emit_flux(item, spec, source, reference, Value.unset(spec.node))


def _emit_flux(
    item: KubernetesObject, spec: Reader, source: DeploymentSource, reference: Node | None, prune: Value[bool]
) -> None:
    on = Value.of(True, item.node)
    item.out.subjects.append(
        GitOpsApplication(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            tool="flux",
            kind=item.kind,
            namespace=item.namespace,
            destination=spec.text("targetNamespace"),
            automated=on,
            prune=prune,
            self_heal=on if item.kind == "Kustomization" else Value.unset(item.node),
            suspended=spec.boolean("suspend").or_else(False),
            sources=[source],
            source_ref=_referred(item, reference),
        )
    )


def _referred(item: KubernetesObject, reference: Node | None) -> tuple[str, str, str] | None:
    if reference is None or isinstance(reference, Sequence):
        return None
    namespace = scalar_text(reference.get("namespace")) or item.namespace
    return scalar_text(reference.get("kind")), namespace, scalar_text(reference.get("name"))
