"""Kinds of workloads, lists, patches, and what is wrong in them."""

import pytest

from afscan.model.cluster import ForeignObject, ManifestPatch
from afscan.model.notice import NoticeKind
from afscan.model.objects import ManifestObject
from afscan.model.subjects import Workload
from support import interpreted, text_at
from test_kubernetes import kinds, only, pod


def _manifest(kind: str, version: str, spec: str) -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: w}}\n{spec}"


_TEMPLATE = "template: {metadata: {labels: {app: w}}, spec: {containers: [{name: c, image: i}]}}"


@pytest.mark.parametrize(
    ("kind", "version", "spec"),
    [
        ("Deployment", "apps/v1beta2", f"spec: {{{_TEMPLATE}}}"),
        ("ReplicaSet", "extensions/v1beta1", f"spec: {{{_TEMPLATE}}}"),
        ("ReplicationController", "v1", f"spec: {{{_TEMPLATE}}}"),
        ("StatefulSet", "apps/v1", f"spec: {{serviceName: w, {_TEMPLATE}}}"),
        ("DaemonSet", "apps/v1", f"spec: {{{_TEMPLATE}}}"),
        ("Job", "batch/v1", f"spec: {{{_TEMPLATE}}}"),
        ("CronJob", "batch/v1", f"spec: {{jobTemplate: {{spec: {{{_TEMPLATE}}}}}}}"),
        ("Rollout", "argoproj.io/v1alpha1", f"spec: {{{_TEMPLATE}}}"),
        ("DeploymentConfig", "apps.openshift.io/v1", f"spec: {{{_TEMPLATE}}}"),
        ("PodTemplate", "v1", _TEMPLATE),
    ],
)
def test_every_kind_of_workload(kind: str, version: str, spec: str) -> None:
    out = interpreted(_manifest(kind, version, spec), "w.yaml")
    (workload,) = [s for s in out.subjects if isinstance(s, Workload)]
    assert only(out).name == f"{kind} w, container c"
    assert workload.labels["app"] == "w"
    assert workload.runs_to_completion == (kind in ("Job", "CronJob"))
    assert workload.fleet == (kind == "DaemonSet")
    assert workload.service_name == ("w" if kind == "StatefulSet" else None)
    assert out.notices == []


def test_pods_that_are_not_restarted_run_to_completion() -> None:
    (once,) = [s for s in interpreted(pod("  restartPolicy: Never\n"), "p.yaml").subjects if isinstance(s, Workload)]
    (always,) = [s for s in interpreted(pod(""), "p.yaml").subjects if isinstance(s, Workload)]
    assert once.runs_to_completion
    assert not always.runs_to_completion


def test_job_pods_carry_the_labels_of_their_controller() -> None:
    out = interpreted(_manifest("Job", "batch/v1", f"spec: {{{_TEMPLATE}}}"), "w.yaml")
    (workload,) = [s for s in out.subjects if isinstance(s, Workload)]
    assert workload.labels == {"app": "w", "job-name": "w", "batch.kubernetes.io/job-name": "w"}


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("Deployment", "example.com/v1"),
        ("Service", "serving.knative.dev/v1"),
        ("Job", "apps/v1"),
        ("Lease", "coordination.k8s.io/v1"),
    ],
)
def test_kinds_of_other_groups_are_recognised_and_say_nothing(kind: str, version: str) -> None:
    out = interpreted(_manifest(kind, version, f"spec: {{{_TEMPLATE}}}"), "w.yaml")
    # Of another API than Kubernetes' own it is known that its controller may make pods, and no more.
    foreign = "." in version and not version.partition("/")[0].endswith(".k8s.io")
    assert [type(subject) for subject in out.subjects] == ([ForeignObject, ManifestObject] if foreign else [ManifestObject])
    assert out.notices == []


def test_lists_of_objects() -> None:
    item = (
        "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {containers: [{name: c, image: i}]}, status: {phase: Running}}"
    )
    listed = f"apiVersion: v1\nkind: List\nitems:\n- {item % 'a'}\n- {item % 'b'}\n"
    assert [s.name for s in interpreted(listed, "l.yaml").subjects if isinstance(s, Workload)] == ["Pod a", "Pod b"]
    typed = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n  spec: {containers: [{name: c, image: i}]}\n"
    assert [s.name for s in interpreted(typed, "l.yaml").subjects if isinstance(s, Workload)] == ["Pod a"]


def test_objects_that_a_listed_controller_made_are_not_judged_twice() -> None:
    text = f"""\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata:
    name: w-1
    ownerReferences: [{{kind: ReplicaSet, name: w, controller: true}}]
  spec: {{containers: [{{name: c, image: i}}]}}
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {{name: w}}
  spec: {{{_TEMPLATE}}}
"""
    assert [s.name for s in interpreted(text, "l.yaml").subjects if isinstance(s, Workload)] == ["ReplicaSet w"]
    alone = interpreted(text.replace("name: w, controller", "name: gone, controller"), "l.yaml")
    assert len([s for s in alone.subjects if isinstance(s, Workload)]) == 2


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("spec: {replicas: 3}", "deploy.yaml"),
        ("spec: {template: {spec: {containers: [{name: c, resources: {limits: {cpu: 1}}}]}}}", "deploy.yaml"),
        ("spec: {template: {spec: {containers: [{name: c, image: i:2}]}}}", "overlays/prod/image-patch.yaml"),
        ("spec: {selector: {}, template: {spec: {containers: [{name: c, $patch: delete}]}}}", "deploy.yaml"),
    ],
)
def test_a_patch_is_a_part_and_not_judged(spec: str, name: str) -> None:
    text = _manifest("Deployment", "apps/v1", spec)
    out = interpreted(text, name)
    (patch,) = (one for one in out.subjects if not isinstance(one, ManifestObject))
    assert isinstance(patch, ManifestPatch)
    assert patch.kind == "Deployment"
    (notice,) = out.notices
    assert notice.kind is NoticeKind.PARTIAL


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("k/any.yaml", "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n", "kind"),
        ("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n", "apiVersion"),
        ("values-prod.yaml", "image:\n  tag: latest\n", "image"),
        ("patch.yaml", "- op: replace\n  path: /spec/replicas\n  value: 1\n", "op: replace"),
    ],
)
def test_kustomize_and_helm_are_noted_as_partly_read(name: str, text: str, place: str) -> None:
    out = interpreted(text, name)
    (notice,) = out.notices
    assert notice.kind is NoticeKind.PARTIAL
    assert text_at(text, notice.place) == place


def test_an_object_without_api_version_is_noted() -> None:
    out = interpreted("kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n", "p.yaml")
    assert out.subjects == []
    assert kinds(out) == {NoticeKind.PARTIAL}


@pytest.mark.parametrize(
    "spec",
    [
        "spec: 3",
        "spec: []",
        "spec: {selector: {}, template: 3}",
        "spec: {selector: {}, template: {spec: {containers: 3}}}",
        "spec: {selector: {}, template: {spec: {containers: {}}}}",
        "spec: {selector: {}, template: {spec: {containers: [3, [], null]}}}",
        "spec: {selector: {}, template: {spec: {securityContext: 3, containers: [{image: i}]}}}",
        "spec: {selector: {}, template: {metadata: 3, spec: {containers: [{image: i}]}}}",
        *(
            "spec: {selector: {}, template: {spec: {"
            f"volumes: [{{name: v, {volume}}}], containers: [{{name: c, image: i, {field}}}]}}}}}}"
            for volume, field in (
                ("hostPath: 3", "env: {}"),
                ("configMap: []", "env: [3]"),
                ("projected: {sources: 3}", "env: [{name: {}, value: []}]"),
                ("emptyDir: 3", "envFrom: 3"),
                ("secret: {items: 3}", "command: run"),
                ("csi: 3", "args: [{}]"),
                ("emptyDir: {}", "ports: 3"),
                ("emptyDir: {}", "ports: [{containerPort: http, hostPort: []}]"),
                ("emptyDir: {}", "volumeMounts: [{name: [], mountPath: {}}]"),
                ("emptyDir: {}", "volumeMounts: v"),
                ("emptyDir: {}", "resources: 3"),
                ("emptyDir: {}", "resources: {limits: 3}"),
                ("emptyDir: {}", "resources: {limits: {memory: {}}}"),
                ("emptyDir: {}", "securityContext: 3"),
                ("emptyDir: {}", "securityContext: {capabilities: 3}"),
                ("emptyDir: {}", "securityContext: {capabilities: {add: 3}}"),
                ("emptyDir: {}", "securityContext: {privileged: 3, runAsUser: me}"),
                ("emptyDir: {}", "livenessProbe: []"),
                ("emptyDir: {}", "livenessProbe: {httpGet: 3}"),
                ("emptyDir: {}", "livenessProbe: {httpGet: {port: {}}}"),
                ("emptyDir: {}", "image: {}"),
            )
        ),
    ],
)
def test_wrong_types_are_noted_and_never_raise(spec: str) -> None:
    out = interpreted(_manifest("Deployment", "apps/v1", spec), "w.yaml")
    assert NoticeKind.WRONG_TYPE in kinds(out)


def test_a_wrong_type_above_a_field_makes_it_unknown() -> None:
    container = only(interpreted(pod("    securityContext: 3\n    resources: 3\n"), "p.yaml"))
    assert container.user.is_unknown
    assert container.privileged.is_unknown
    assert container.capabilities.is_unknown
    assert container.memory_limit.is_unknown


def test_json_manifests_are_read_alike() -> None:
    text = (
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}'
    )
    out = interpreted(text, "p.json")
    image = only(out).image
    assert image is not None
    assert text_at(text, image.place) == '"i:1"'
