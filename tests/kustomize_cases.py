"""Kustomizations for tests: files by path, the root being ``k``; and afscan's rendering of them as plain data."""

import base64
import re
from typing import Any

from afscan.interpret import interpret
from afscan.join.kustomizations import Files
from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.platforms.kustomize.build import render
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.scope import Rendering
from afscan.platforms.kustomize.tree import Budget
from afscan.platforms.reading import Interpretation

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {tier: front}
spec:
  replicas: 1
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      imagePullSecrets: [{name: pull}]
      initContainers:
      - {name: migrate, image: registry.example.com/web}
      containers:
      - name: web
        image: registry.example.com/web:1.0
        command: [run]
        args: [--host, $(HOST)]
        ports:
        - {containerPort: 8080, name: http}
        - {containerPort: 9090, name: metrics}
        env:
        - {name: MODE, value: base}
        - name: PASSWORD
          valueFrom: {secretKeyRef: {name: login, key: password}}
        envFrom:
        - configMapRef: {name: settings}
        volumeMounts:
        - {name: conf, mountPath: /etc/web}
        - {name: data, mountPath: /data}
        resources: {limits: {memory: 1Gi}}
        securityContext: {runAsNonRoot: true}
      - name: sidecar
        image: nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123
      volumes:
      - name: conf
        configMap: {name: settings}
      - name: data
        persistentVolumeClaim: {claimName: data}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 1
            podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {app: web}}}
      tolerations: [{key: a, operator: Exists}]
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
"""
AROUND = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {LEVEL: info, redis.conf: "maxmemory 1gb\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: a}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:16"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{hosts: [a.example.com], secretName: cert}]
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 3}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: runner}, {kind: ServiceAccount, name: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: wide}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean}
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: clean, image: busybox, envFrom: [{secretRef: {name: login}}]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: "busybox:1"}]}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: thing}
spec: {containers: [{name: a, image: "busybox:2"}], parts: [{name: a, size: 1}, {name: b}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: check}
webhooks:
- {name: a.example.com, clientConfig: {service: {name: web, namespace: default, path: /v}}, sideEffects: None, admissionReviewVersions: [v1]}
"""
BASE = {"base/kustomization.yaml": "resources: [web.yaml, around.yaml]\n", "base/web.yaml": WEB, "base/around.yaml": AROUND}

_DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
_OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {a: b}\n"


def _merge(spec: str, kind: str = "Deployment", version: str = "apps/v1", name: str = "web") -> str:
    body = "".join(f"    {line}\n" for line in spec.strip().splitlines())
    return f"patches:\n- patch: |-\n    apiVersion: {version}\n    kind: {kind}\n    metadata: {{name: {name}}}\n{body}"


def _pod(spec: str) -> str:
    body = "".join(f"      {line}\n" for line in spec.strip().splitlines())
    return _merge(f"spec:\n  template:\n    spec:\n{body}")


def _json(operations: str, target: str = "{kind: Deployment, name: web}") -> str:
    body = "".join(f"    {line}\n" for line in operations.strip().splitlines())
    return f"patches:\n- target: {target}\n  patch: |-\n{body}"


_C0 = "/spec/template/spec/containers/0"
OVERLAYS: dict[str, str] = {
    "nothing": "",
    "namespace": "namespace: prod\n",
    "prefix": "namePrefix: prod-\n",
    "suffix": "nameSuffix: -v2\n",
    "prefix-suffix-namespace": "namePrefix: p-\nnameSuffix: -s\nnamespace: prod\n",
    "common-labels": "commonLabels: {env: prod}\n",
    "labels": "labels: [{pairs: {env: prod}}]\n",
    "labels-selectors": "labels: [{pairs: {env: prod}, includeSelectors: true}]\n",
    "labels-templates": "labels: [{pairs: {env: prod}, includeTemplates: true}]\n",
    "annotations": "commonAnnotations: {owner: team}\n",
    "image-tag": "images: [{name: registry.example.com/web, newTag: '2.0'}]\n",
    "image-name": "images: [{name: registry.example.com/web, newName: mirror/web}]\n",
    "image-digest": "images: [{name: postgres, digest: 'sha256:0000000000000000000000000000000000000000000000000000000000000000'}]\n",
    "image-all": "images: [{name: busybox, newName: mirror/box, newTag: '3'}]\n",
    "image-digested": "images: [{name: nginx, newTag: '1.27'}]\n",
    "image-digested-name": "images: [{name: nginx, newName: mirror/nginx}]\n",
    "image-no-match": "images: [{name: web, newTag: '9'}]\n",
    "image-twice": "images: [{name: busybox, newName: box}, {name: box, newTag: '7'}]\n",
    "replicas": "replicas: [{name: web, count: 5}, {name: db, count: 2}]\n",
    "configmap": "configMapGenerator: [{name: own, literals: [A=b, 'C=\"d\"', E=f=g]}]\n",
    "configmap-labels": "configMapGenerator: [{name: own, literals: [A=b], options: {labels: {x: one}, annotations: {z: w}}}]\n",
    "generator-options": "configMapGenerator: [{name: own, literals: [A=b]}]\ngeneratorOptions: {labels: {x: one}}\n",
    "configmap-files": "configMapGenerator: [{name: own, files: [redis.conf, app=x.properties]}]\n",
    "configmap-envs": "configMapGenerator: [{name: own, envs: [x.properties]}]\n",
    "secret": "secretGenerator: [{name: own, type: Opaque, literals: [password=x]}]\n",
    "secret-files": "secretGenerator: [{name: own, files: [redis.conf]}]\n",
    "configmap-merge": "configMapGenerator: [{name: settings, behavior: merge, literals: [LEVEL=debug, NEW=1]}]\n",
    "configmap-replace": "configMapGenerator: [{name: settings, behavior: replace, literals: [ONLY=1]}]\n",
    "secret-merge": "secretGenerator: [{name: login, behavior: replace, literals: [password=b]}]\n",
    "generated-and-prefixed": "namePrefix: p-\nconfigMapGenerator: [{name: own, literals: [A=b]}]\n"
    + _pod("containers: [{name: web, envFrom: [{configMapRef: {name: own}}]}]"),
    "merge-replicas": _merge("spec: {replicas: 4}"),
    "merge-env": _pod("containers: [{name: web, env: [{name: MODE, value: prod}, {name: NEW, value: '1'}]}]"),
    "merge-env-null": _pod("containers: [{name: web, env: [{name: MODE, value: null, valueFrom: {fieldRef: {fieldPath: a}}}]}]"),
    "merge-image": _pod("containers: [{name: web, image: 'other:1'}]"),
    "merge-ports": _pod("containers: [{name: web, ports: [{containerPort: 8080, name: web}, {containerPort: 1}]}]"),
    "merge-mounts": _pod(
        "containers: [{name: web, volumeMounts: [{mountPath: /data, name: conf}, {mountPath: /n, name: data}]}]"
    ),
    "merge-volumes": _pod("volumes: [{name: data, emptyDir: {}, persistentVolumeClaim: null}, {name: tmp, emptyDir: {}}]"),
    "merge-arguments": _pod("containers: [{name: web, args: [one], command: null}]"),
    "merge-security": _pod("securityContext: {runAsUser: 1}\ncontainers: [{name: web, securityContext: {runAsNonRoot: null}}]"),
    "merge-sidecar": _pod("containers: [{name: added, image: 'a:1'}]"),
    "merge-delete": _pod("containers: [{name: sidecar, $patch: delete}]"),
    "merge-delete-volume": _pod("volumes: [{name: data, $patch: delete}]"),
    "merge-replace-map": _pod("affinity: {$patch: replace, nodeAffinity: {}}"),
    "merge-replace-list": _pod("containers: [{$patch: replace}, {name: only, image: 'o:1'}]"),
    "merge-delete-map": _pod("affinity: {$patch: delete}"),
    "merge-null-map": _pod("affinity: null"),
    "merge-atomic-list": _pod("tolerations: [{key: b, operator: Exists}]"),
    "merge-pull-secrets": _pod("imagePullSecrets: [{name: other}]"),
    "merge-init": _pod("initContainers: [{name: migrate, image: 'm:1'}, {name: next, image: 'n:1'}]"),
    "merge-spread": _pod("topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}]"),
    "merge-env-from": _pod("containers: [{name: web, envFrom: [{secretRef: {name: login}}]}]"),
    "merge-delete-object": _merge("$patch: delete", "PodDisruptionBudget", "policy/v1"),
    "merge-service": _merge("spec: {ports: [{port: 80, targetPort: 9}, {port: 443}], type: LoadBalancer}", "Service", "v1"),
    "merge-configmap": _merge("data: {LEVEL: warn, NEW: '1'}", "ConfigMap", "v1", "settings"),
    "merge-ingress": _merge("spec: {rules: [{host: b.example.com}]}", "Ingress", "networking.k8s.io/v1"),
    "merge-policy": _merge("spec: {ingress: [{}]}", "NetworkPolicy", "networking.k8s.io/v1"),
    "merge-custom": _merge("spec: {parts: [{name: b, size: 2}]}", "Widget", "example.com/v1", "thing"),
    "merge-subjects": _merge("subjects: [{kind: User, name: u}]", "RoleBinding", "rbac.authorization.k8s.io/v1", "reader"),
    "merge-webhook": _merge(
        "webhooks: [{name: a.example.com, failurePolicy: Ignore}]",
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
        "check",
    ),
    "merge-annotation": _merge("x: {}", "Service", "v1").replace("{name: web}", "{name: web, annotations: {a: b}, labels: null}"),
    "merge-finalizers": _merge("x: 1").replace("{name: web}", "{name: web, finalizers: [a, b]}"),
    "merge-cron": _merge(
        "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: clean, image: 'busybox:9'}]}}}}}",
        "CronJob",
        "batch/v1",
        "clean",
    ),
    "merge-empty-list": _pod("imagePullSecrets: []\ntolerations: []"),
    "merge-file": "patches: [{path: patch.yaml}]\n",
    "merge-old": "patchesStrategicMerge: [patch.yaml]\n",
    "merge-target": "patches: [{path: patch.yaml, target: {kind: Deployment|StatefulSet}}]\n",
    "merge-target-name": "patches: [{path: patch.yaml, target: {name: d.*}}]\n",
    "merge-target-group": "patches: [{path: patch.yaml, target: {group: apps, version: v1, name: (db|none)}}]\n",
    "merge-target-label": "patches: [{path: patch.yaml, target: {labelSelector: 'tier=front,!none'}}]\n",
    "merge-target-in": "patches: [{path: patch.yaml, target: {labelSelector: 'tier in (front, back)'}}]\n",
    "merge-rename": "patches: [{path: rename.yaml, target: {kind: Deployment}, options: {allowNameChange: true}}]\n",
    "json-replace": _json("- {op: replace, path: /spec/replicas, value: 9}"),
    "json-add": _json("- {op: add, path: /spec/paused, value: true}"),
    "json-append": _json(f"- {{op: add, path: {_C0}/args/-, value: last}}\n- {{op: add, path: {_C0}/args/0, value: first}}"),
    "json-add-container": _json("- {op: add, path: /spec/template/spec/containers/-, value: {name: x, image: 'x:1'}}"),
    "json-remove": _json("- {op: remove, path: /spec/template/spec/containers/1}\n- {op: remove, path: /spec/strategy}"),
    "json-escaped": _json(
        "- {op: add, path: /metadata/labels/a.b~1c, value: d}\n- {op: test, path: /metadata/labels/tier, value: front}"
    ),
    "json-move": _json("- {op: move, from: /spec/replicas, path: /spec/minReadySeconds}"),
    "json-copy": _json("- {op: copy, from: /metadata/labels/tier, path: /metadata/labels/copy}"),
    "json-map": _json("- {op: replace, path: /spec/strategy, value: {type: Recreate}}"),
    "json-file": "patches: [{path: ops.json, target: {kind: Service, name: web}}]\n",
    "json-old": "patchesJson6902: [{path: ops.json, target: {version: v1, kind: Service, name: web}}]\n",
    "json-many": _json("- {op: add, path: /metadata/annotations, value: {a: b}}", "{kind: Service}"),
    "json-no-target": _json("- {op: add, path: /metadata/annotations, value: {a: b}}", "{kind: Nothing}"),
    "vars": "vars:\n- {name: HOST, objref: {kind: Service, name: web, apiVersion: v1}}\nnamePrefix: p-\n",
    "replacement": """\
replacements:
- source: {kind: ConfigMap, name: settings, fieldPath: data.LEVEL}
  targets:
  - select: {kind: Deployment}
    fieldPaths: ["spec.template.spec.containers.[name=web].env.[name=MODE].value"]
""",
    "replacement-part": """\
replacements:
- source: {kind: Ingress, fieldPath: spec.rules.0.host, options: {delimiter: ., index: 1}}
  targets:
  - select: {kind: Deployment}
    fieldPaths: ["spec.template.spec.containers.[name=web].image"]
    options: {delimiter: /, index: 1}
""",
    "replacement-create": """\
replacements:
- source: {kind: Service, name: web}
  targets:
  - select: {kind: ConfigMap}
    reject: [{name: other}]
    fieldPaths: [metadata.annotations.service]
    options: {create: true}
""",
    "component": "components: [../component]\nnamePrefix: p-\n",
    "own-resource": "resources: [../base, own.yaml]\nnamePrefix: p-\nnamespace: shop\n",
    "order": "namespace: shop\nnamePrefix: p-\n"
    + _json("- {op: add, path: /metadata/annotations, value: {a: b}}", "{kind: Service, name: web}"),
}
"""Overlays over the base by name: the text of the kustomization without its resources."""

EXTRA = {
    "k/redis.conf": "maxmemory 2gb\nappendonly yes\n",
    "k/x.properties": "# comment\nONE=1\n\nTWO=a b=c\n  THREE= x\n",
    "k/patch.yaml": _DEPLOYMENT + "spec: {template: {spec: {priorityClassName: high, nodeSelector: {a: b}}}}\n",
    "k/rename.yaml": _DEPLOYMENT.replace("name: web", "name: renamed") + "spec: {replicas: 3}\n",
    "k/ops.json": '[{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}]',
    "k/own.yaml": _OTHER,
    "component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    + _merge("spec: {replicas: 7}"),
}
"""Files beside the overlays, for those that name them."""


def overlay(text: str) -> dict[str, str]:
    """The files of an overlay over the base."""
    resources = "" if text.startswith("resources:") else "resources: [../base]\n"
    return {**BASE, **EXTRA, "k/kustomization.yaml": resources + text}


def rendered(files: dict[str, str], root: str = "k", limit: int = 200_000) -> tuple[list[Item], Rendering]:
    """What afscan renders a kustomization to."""
    stack = Stack("", complete=True)
    for path, text in files.items():
        source = Source(path, text)
        out, _, _ = interpret(source)
        stack.add(out.subjects)
        stack.sources.append(source)
    library = Files(stack)
    file = library.kustomization(root)
    assert file is not None
    rendering = Rendering(library, Budget(limit), Interpretation())
    return render(file, rendering), rendering


def plain(node: Node) -> Any:
    """A node as plain data."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Opaque):
        return f"<{node.text}>"
    assert isinstance(node, Scalar)
    return node.value


_HASH = re.compile(r"-[a-z0-9]{10}\Z")


def normal(objects: list[Any], generated: set[str]) -> dict[tuple[str, str, str], Any]:
    """Objects by kind, namespace and name, in one form: without hashes, Secrets decoded, lists that merge in the order of their keys."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(one) for key, one in value.items()}
        if isinstance(value, list):
            items = [clean(one) for one in value]
            if items and all(isinstance(one, dict) for one in items):
                items.sort(
                    key=lambda one: str(one.get("name") or one.get("containerPort") or one.get("mountPath") or one.get("port"))
                )
            return items
        if isinstance(value, str) and _HASH.sub("", value) in generated:
            return _HASH.sub("", value)
        return value

    found = {}
    for one in objects:
        if one["kind"] == "Secret":
            texts = {key: base64.b64decode(text).decode() for key, text in (one.pop("data", None) or {}).items()}
            one["stringData"] = texts | (one.get("stringData") or {})
        one = clean(one)
        meta = one["metadata"]
        found[one["kind"], meta.get("namespace", ""), meta.get("name", "")] = one
    return found
