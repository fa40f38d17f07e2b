"""Argo CD, Flux and Argo Rollouts: what they say, which folder of the stack they deploy, what runs from it."""

import pytest

from afscan.join.gitops import deployed_by
from afscan.model.ci import GitOpsApplication, GitOpsProject, GitOpsSource
from afscan.model.cluster import ForeignObject
from afscan.model.delivery import Rollout
from afscan.model.subjects import Workload
from afscan.platforms import revisions
from support import interpreted, stack_of, text_at

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source:
    repoURL: https://github.com/example/shop.git
    path: deploy/base/
    targetRevision: v1.4.0
  destination: {namespace: shop}
  syncPolicy:
    automated: {prune: true, selfHeal: true}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: api, image: "example/api:1"}]
"""


def application(text: str, name: str = "app.yaml") -> GitOpsApplication:
    (found,) = [one for one in interpreted(text, name).subjects if isinstance(one, GitOpsApplication)]
    return found


def test_an_application() -> None:
    found = application(APPLICATION)
    assert (found.tool, found.kind, found.destination.value) == ("argocd", "Application", "shop")
    assert (found.automated.value, found.prune.value, found.self_heal.value) == (True, True, True)
    (source,) = found.sources
    assert (source.kind, source.path.value, source.revision.value) == ("git", "deploy/base/", "v1.4.0")
    assert text_at(APPLICATION, source.revision.place) == "v1.4.0"


@pytest.mark.parametrize(
    ("policy", "automated", "heal"),
    [
        ("", None, None),
        ("{automated: {}}", True, None),
        ("{automated: }", None, None),
        ("{automated: {enabled: false, selfHeal: true}}", False, True),
    ],
)
def test_what_is_automatic(policy: str, automated: bool | None, heal: bool | None) -> None:
    text = APPLICATION.partition("  syncPolicy:")[0] + (f"  syncPolicy: {policy}\n" if policy else "")
    found = application(text)
    assert (found.automated.value, found.self_heal.value) == (automated, heal)


def test_charts_and_several_sources() -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: redis}
spec:
  sources:
    - {repoURL: "https://charts.example.com", chart: redis, targetRevision: 20.x}
    - {repoURL: "https://github.com/example/values", ref: values}
"""
    chart, values = application(text).sources
    assert (chart.kind, chart.chart.value, chart.revision.value, chart.default) == ("helm", "redis", "20.x", "*")
    assert (values.kind, values.revision.is_unset, values.default) == ("git", True, "HEAD")


def test_what_a_generator_fills_in_is_unknown() -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators: [{list: {elements: [{env: dev}]}}]
  template:
    spec:
      source: {repoURL: "https://github.com/example/shop", path: "{{ path }}", targetRevision: "{{ sha }}"}
      destination: {namespace: "{{env}}"}
"""
    found = application(text)
    assert found.kind == "ApplicationSet"
    assert found.sources[0].revision.is_unknown
    assert found.sources[0].path.is_unknown
    assert found.destination.is_unknown


def test_a_project() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p}\nspec: {sourceRepos: ['*'], destinations: [{namespace: a}]}\n"
    (found,) = [one for one in interpreted(text, "p.yaml").subjects if isinstance(one, GitOpsProject)]
    assert [one.value for one in found.repositories] == ["*"]
    assert [one.value for one in found.destinations] == ["a"]


@pytest.mark.parametrize(
    ("differences", "options", "ignored"),
    [
        ("[{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]", "[RespectIgnoreDifferences=true]", True),
        ("[{group: apps, kind: Deployment, jqPathExpressions: [.spec.replicas]}]", "[RespectIgnoreDifferences=true]", True),
        ("[{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]", "[]", False),
        (
            "[{group: apps, kind: Deployment, name: other, jsonPointers: [/spec/replicas]}]",
            "[RespectIgnoreDifferences=true]",
            False,
        ),
        ("[]", "[RespectIgnoreDifferences=true]", False),
    ],
)
def test_replicas_left_to_the_cluster(differences: str, options: str, ignored: bool) -> None:
    text = f"{APPLICATION}    syncOptions: {options}\n  ignoreDifferences: {differences}\n"
    assert application(text).ignores_replicas is ignored


FLUX = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: flux-system}
spec:
  url: ssh://git@github.com/example/shop
  ref: {branch: main}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec:
  path: ./deploy/base
  prune: true
  sourceRef: {kind: GitRepository, name: shop}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: redis, namespace: shop}
spec:
  chart:
    spec:
      chart: redis
      version: ">=20.0.0"
      sourceRef: {kind: HelmRepository, name: charts}
"""


def test_flux() -> None:
    out = interpreted(FLUX, "flux.yaml")
    assert not out.notices
    (repository,) = [one for one in out.subjects if isinstance(one, GitOpsSource)]
    assert (repository.source.revision.value, repository.source.exact) == ("refs/heads/main", False)
    assert text_at(FLUX, repository.source.revision.place) == "main"
    kustomization, release = [one for one in out.subjects if isinstance(one, GitOpsApplication)]
    assert (kustomization.self_heal.value, kustomization.prune.value) == (True, True)
    assert kustomization.source_ref == ("GitRepository", "flux-system", "shop")
    assert (release.sources[0].chart.value, release.sources[0].revision.value) == ("redis", ">=20.0.0")


@pytest.mark.parametrize(
    ("reference", "revision", "exact"),
    [
        ("{branch: main, tag: v1}", "v1", True),
        ("{tag: v1, semver: '1.x'}", "1.x", False),
        ("{commit: 0123456789012345678901234567890123456789, branch: main}", "0123456789012345678901234567890123456789", True),
        ("{tag: latest}", "latest", False),
        ("{}", None, False),
    ],
)
def test_the_strongest_reference_of_flux_counts(reference: str, revision: str | None, exact: bool) -> None:
    text = FLUX.partition("---")[0].replace("{branch: main}", reference)
    (repository,) = [one for one in interpreted(text, "flux.yaml").subjects if isinstance(one, GitOpsSource)]
    assert (repository.source.revision.value, repository.source.exact) == (revision, exact)


def test_an_application_and_the_workloads_of_its_path() -> None:
    files = {
        "gitops/app.yaml": APPLICATION,
        "deploy/base/api/api.yaml": DEPLOYMENT,
        "other/api.yaml": DEPLOYMENT.replace("name: api", "name: web"),
    }
    stack = stack_of(files)
    (found,) = stack.of(GitOpsApplication)
    assert found.sources[0].here.value is True
    assert found.sources[0].folders == ["deploy/base"]
    assert [one.name for one in found.workloads] == ["Deployment api"]
    api, web = sorted(stack.of(Workload), key=lambda one: one.name)
    assert deployed_by(stack, api) is found
    assert deployed_by(stack, web) is None
    assert [one.makes_pods for one in stack.of(ForeignObject)] == [False]


def test_flux_and_the_workloads_of_its_path() -> None:
    stack = stack_of({"clusters/flux.yaml": FLUX, "deploy/base/api.yaml": DEPLOYMENT})
    kustomization = next(one for one in stack.of(GitOpsApplication) if one.kind == "Kustomization")
    assert kustomization.sources[0].url.value == "ssh://git@github.com/example/shop"
    assert [one.name for one in kustomization.workloads] == ["Deployment api"]


def test_a_path_that_is_not_here_is_absent() -> None:
    stack = stack_of({"gitops/app.yaml": APPLICATION, "elsewhere/api.yaml": DEPLOYMENT})
    (found,) = stack.of(GitOpsApplication)
    assert found.sources[0].here.value is False
    assert found.workloads == []
    assert [one.makes_pods for one in stack.of(ForeignObject)] == [True]


@pytest.mark.parametrize("path", [".", "", "../deploy/base", "/", "deploy/../.."])
def test_a_path_that_says_nothing_joins_nothing(path: str) -> None:
    files = {"gitops/app.yaml": APPLICATION.replace("deploy/base/", f'"{path}"'), "deploy/base/api.yaml": DEPLOYMENT}
    (found,) = stack_of(files).of(GitOpsApplication)
    assert found.workloads == []


def test_applications_of_several_repositories() -> None:
    other = APPLICATION.replace("example/shop.git", "example/other").replace("deploy/base/", "other")
    files = {"a.yaml": f"{APPLICATION}---\n{other}", "deploy/base/api.yaml": DEPLOYMENT, "other/api.yaml": DEPLOYMENT}
    assert all(one.sources[0].here.is_unknown for one in stack_of(files).of(GitOpsApplication))
    same = files["a.yaml"].replace("https://github.com/example/other", "git@github.com:example/shop")
    assert all(one.sources[0].here.value for one in stack_of({**files, "a.yaml": same}).of(GitOpsApplication))


def test_rollouts() -> None:
    head = DEPLOYMENT.replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout")
    text = head + "  strategy:\n    canary: {maxUnavailable: 0, maxSurge: 25%, steps: [{setWeight: 20}]}\n"
    (found,) = [one for one in interpreted(text, "r.yaml").subjects if isinstance(one, Rollout)]
    assert found.strategy is not None
    assert found.strategy.value == "Canary"
    assert text_at(text, found.strategy.place) == "canary"
    assert found.max_unavailable is not None
    assert found.max_unavailable.value == 0
    (green,) = [
        one
        for one in interpreted(head + "  strategy: {blueGreen: {activeService: a}}\n", "r.yaml").subjects
        if isinstance(one, Rollout)
    ]
    assert green.strategy is not None
    assert green.strategy.value == "BlueGreen"
    assert [one.replicas.value for one in interpreted(text, "r.yaml").subjects if isinstance(one, Workload)] == [2]


@pytest.mark.parametrize(
    "spec",
    [
        "3",
        "{source: []}",
        "{sources: [1, {}], syncPolicy: [x]}",
        "{source: {repoURL: {}, path: []}, ignoreDifferences: 3}",
        "{template: 3}",
    ],
)
@pytest.mark.parametrize("kind", ["Application", "ApplicationSet", "AppProject"])
def test_malformed_objects_of_argo(kind: str, spec: str) -> None:
    stack_of({"a.yaml": f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"})


@pytest.mark.parametrize(
    "spec", ["3", "{ref: 3, url: []}", "{sourceRef: [], path: {}}", "{chart: 3}", "{chart: {spec: {chart: [], sourceRef: x}}}"]
)
@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("source.toolkit.fluxcd.io", "GitRepository"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ],
)
def test_malformed_objects_of_flux(group: str, kind: str, spec: str) -> None:
    stack_of({"a.yaml": f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("main", "branch"),
        ("HEAD", "branch"),
        ("refs/heads/v1", "branch"),
        ("release/v1", "branch"),
        ("production", "branch"),
        ("v1", "tag"),
        ("1.2.3-rc.1", "tag"),
        ("api-v1.2.3", "tag"),
        ("refs/tags/x", "tag"),
        ("release-1.2", "name"),
        ("some-name", "name"),
        ("6c175e9c4083a92bbca2f9724c8a5e33bc2d97a5", "commit"),
        ("6c175e9", "commit"),
        ("1.2.*", "range"),
        ("^1.0", "range"),
        (">=1.0 <2", "range"),
        ("1.x", "range"),
        ("*", "range"),
    ],
)
def test_what_a_revision_is_by_its_name(text: str, kind: str) -> None:
    assert revisions.kind_of(text, ranges=True) == kind


def test_actions_may_recommend_names_that_are_branches_elsewhere() -> None:
    assert revisions.kind_of("release/v1", environments=False) == "name"
    assert revisions.kind_of("stable", environments=False) == "name"
