"""Whom objects name: each place where a manifest refers to another object by its name.

Source: Kubernetes API reference (fields of the type LocalObjectReference, SecretKeySelector and their like), and the API references
of the Gateway API, cert-manager and External Secrets. An object names others of its own namespace unless the field says otherwise.
Annotations count where their product documents them: cert-manager (``cert-manager.io/issuer``, ``cluster-issuer``) and
ingress-nginx (``auth-secret``, ``auth-tls-secret``).
"""

from collections.abc import Callable

from afscan.model.node import Mapping
from afscan.model.objects import GATEWAYS, LOGIN, ManifestObject, Reference
from afscan.model.record import record
from afscan.model.value import Value
from afscan.platforms.kubernetes.secretsources import secret_selectors
from afscan.platforms.reading import Interpretation, Reader

SOURCE = "external-secrets.io"
CERTIFICATES = "cert-manager.io"
WORKLOAD_GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Rollout": "argoproj.io",
    "ReplicationController": "",
    "DeploymentConfig": "apps.openshift.io",
    "Job": "batch",
    "CronJob": "batch",
    "Pod": "",
}
_PORTS = (("service", "port", "number"), ("service", "port", "name"), ("servicePort",))
_NO_NAMESPACE = frozenset(
    (
        *("StorageClass", "IngressClass", "PriorityClass", "RuntimeClass", "GatewayClass", "PersistentVolume", "ClusterRole"),
        *("ClusterIssuer", "ClusterSecretStore", "Namespace"),
    )
)


@record(slots=True)
class _Collector:
    """The references of one object. ``owner`` is who refers, ``namespace`` its own."""

    owner: str
    namespace: str
    platform: str
    found: list[Reference]

    def add(
        self,
        kind: str,
        group: str,
        target: Value[str],
        how: str,
        *,
        namespace: str = "",
        optional: bool = False,
        purpose: str = "",
        key: "Value[str] | None" = None,
    ) -> None:
        """Keep a reference where a name, or something that stands for one, is written."""
        if target.is_unset or (target.is_set and not target.or_else("")):
            return
        title = f"{self.owner}, {kind} {target.or_else('?')}"
        self.found.append(
            Reference(
                name=title,
                node=target.node,
                platform=self.platform,
                kind=kind,
                group=group,
                target=target,
                namespace="" if kind in _NO_NAMESPACE else namespace or self.namespace,
                owner=self.owner,
                how=how,
                optional=optional,
                purpose=purpose,
                origin=self.namespace,
                key=key if key is not None and not key.is_unset else None,
            )
        )


def _text(reader: Reader, *path: str) -> Value[str]:
    """The text at a path; most are absent, and most pods have many: what nobody writes is not looked for further."""
    return reader.text(*path) if reader.node.get(*path) is not None else Value.unset(reader.node)


def references_of(item: ManifestObject) -> list[Reference]:
    """The references of an object other than those of its pods."""
    read = _READERS.get((item.group, item.kind))
    into = _Collector(item.name, item.namespace, item.platform, [])
    if read is not None:
        read(Reader(item.node, Interpretation()), into)
    return into.found


def references_of_pod(pod: Mapping, owner: str, namespace: str, platform: str) -> list[Reference]:
    """The references of a pod's ``spec``: of its volumes, containers, account, classes and pull secrets."""
    into = _Collector(owner, namespace, platform, [])
    reader = Reader(pod, Interpretation())
    account = _text(reader, "serviceAccountName")
    into.add("ServiceAccount", "", account if not account.is_unset else _text(reader, "serviceAccount"), "its pods run as")
    into.add("PriorityClass", "scheduling.k8s.io", _text(reader, "priorityClassName"), "its pods have the priority of")
    into.add("RuntimeClass", "node.k8s.io", _text(reader, "runtimeClassName"), "its pods run with")
    for secret in reader.readers("imagePullSecrets"):
        into.add("Secret", "", _text(secret, "name"), "it pulls its images with")
    for volume in reader.readers("volumes"):
        _volume(volume, into)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in reader.readers(kind):
            _container(container, into)
    return into.found


def _volume(volume: Reader, into: _Collector) -> None:
    _entries(volume, "secret", "Secret", "secretName", into)
    _entries(volume, "configMap", "ConfigMap", "name", into)
    for source in volume.readers("projected", "sources"):
        _entries(source, "secret", "Secret", "name", into)
        _entries(source, "configMap", "ConfigMap", "name", into)
    claim = _text(volume, "persistentVolumeClaim", "claimName")
    into.add("PersistentVolumeClaim", "", claim, "it mounts")
    into.add("Secret", "", _text(volume, "csi", "nodePublishSecretRef", "name"), "its volume is attached with")
    named = _text(volume, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName")
    into.add("StorageClass", "storage.k8s.io", named, "its volume is made by")


def _entries(volume: Reader, field: str, kind: str, name: str, into: _Collector) -> None:
    """A Secret or ConfigMap that is mounted, and the entries that it must have."""
    node = volume.node.get(field)
    if not isinstance(node, Mapping):
        return
    source = Reader(node, volume.out)
    optional = source.boolean("optional")
    may_lack = optional.is_unknown or optional.or_else(False)
    target = _text(source, name)
    items = list(source.readers("items"))
    if not items:
        into.add(kind, "", target, "it mounts", optional=may_lack)
    for item in items:
        into.add(kind, "", target, "it mounts", optional=may_lack, key=_text(item, "key"))


def _container(container: Reader, into: _Collector) -> None:
    for source in container.readers("envFrom"):
        for key, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            if source.node.get(key) is None:
                continue
            optional = source.boolean(key, "optional")
            may_lack = optional.is_unknown or optional.or_else(False)
            into.add(kind, "", _text(source, key, "name"), "it takes its variables from", optional=may_lack)
    for variable in container.readers("env"):
        if _text(variable, "value").or_else(""):
            continue  # Kubernetes refuses both; the value is what a reader believes in
        for key, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            node = variable.node.get("valueFrom", key)
            if not isinstance(node, Mapping):
                continue
            source = Reader(node, variable.out)
            optional = source.boolean("optional")
            may_lack = optional.is_unknown or optional.or_else(False)
            how = f"its variable `{_text(variable, 'name').or_else('?')}` comes from"
            into.add(kind, "", _text(source, "name"), how, optional=may_lack, key=_text(source, "key"))


def _stateful_set(reader: Reader, into: _Collector) -> None:
    into.add("Service", "", reader.text("spec", "serviceName"), "its pods get their names from")
    for claim in reader.readers("spec", "volumeClaimTemplates"):
        into.add("StorageClass", "storage.k8s.io", claim.text("spec", "storageClassName"), "its volumes are made by")


def _ingress(reader: Reader, into: _Collector) -> None:
    spec = reader.at("spec")
    annotations = reader.at("metadata", "annotations")
    into.add("IngressClass", "networking.k8s.io", spec.text("ingressClassName"), "it is served by")
    for entry in spec.readers("tls"):
        into.add("Secret", "", entry.text("secretName"), "it serves the certificate in", purpose="tls")
    backends = [spec.at("defaultBackend"), spec.at("backend")]
    backends += [path.at("backend") for rule in spec.readers("rules") for path in rule.readers("http", "paths")]
    for backend in backends:
        if isinstance(backend.node, Mapping):
            name = backend.text("service", "name")
            port = next((one for way in _PORTS if not (one := backend.text(*way)).is_unset), None)
            into.add("Service", "", name if not name.is_unset else backend.text("serviceName"), "it leads to", key=port)
    for key in ("nginx.ingress.kubernetes.io/auth-secret", "nginx.ingress.kubernetes.io/auth-tls-secret"):
        secret = annotations.text(key)
        place, _, own = secret.or_else("").rpartition("/")
        into.add("Secret", "", secret.map(lambda text, own=own: own or text), "it asks for the passwords in", namespace=place)  # type: ignore[misc]
    _annotated_issuer(annotations, into)


def _annotated_issuer(annotations: Reader, into: _Collector) -> None:
    """Who signs the certificates of an Ingress or Gateway. With another group the issuer is none of cert-manager's own."""
    if annotations.text("cert-manager.io/issuer-group").or_else(CERTIFICATES) != CERTIFICATES:
        return
    how = "its certificates are signed by"
    kind = annotations.text("cert-manager.io/issuer-kind").or_else("Issuer")
    into.add(kind, CERTIFICATES, annotations.text("cert-manager.io/issuer"), how, purpose="issuer")
    into.add("ClusterIssuer", CERTIFICATES, annotations.text("cert-manager.io/cluster-issuer"), how, purpose="issuer")


def _gateway(reader: Reader, into: _Collector) -> None:
    into.add("GatewayClass", GATEWAYS, reader.text("spec", "gatewayClassName"), "it is served by")
    for listener in reader.readers("spec", "listeners"):
        for one in listener.readers("tls", "certificateRefs"):
            if one.text("kind").or_else("Secret") == "Secret" and not one.text("group").or_else(""):
                place = one.text("namespace").or_else("")
                into.add("Secret", "", one.text("name"), "it serves the certificate in", namespace=place, purpose="tls")
    _annotated_issuer(reader.at("metadata", "annotations"), into)


def _route(reader: Reader, into: _Collector) -> None:
    for parent in reader.readers("spec", "parentRefs"):
        if parent.text("kind").or_else("Gateway") == "Gateway":
            into.add("Gateway", GATEWAYS, parent.text("name"), "it attaches to", namespace=parent.text("namespace").or_else(""))
    for rule in reader.readers("spec", "rules"):
        for backend in rule.readers("backendRefs"):
            if backend.text("kind").or_else("Service") == "Service" and not backend.text("group").or_else(""):
                place = backend.text("namespace").or_else("")
                into.add("Service", "", backend.text("name"), "it leads to", namespace=place, key=backend.text("port"))


def _scaled(key: str, kind: str = "") -> Callable[[Reader, _Collector], None]:
    def read(reader: Reader, into: _Collector) -> None:
        target = reader.at("spec", key)
        of = target.text("kind").or_else(kind)
        if of in WORKLOAD_GROUPS:
            into.add(of, WORKLOAD_GROUPS[of], target.text("name"), "it scales")

    return read


def _role_binding(reader: Reader, into: _Collector) -> None:
    if reader.text("roleRef", "kind").or_else("") == "Role":
        into.add("Role", "rbac.authorization.k8s.io", reader.text("roleRef", "name"), "it grants")
    for one in reader.readers("subjects"):
        if one.text("kind").or_else("") == "ServiceAccount":
            place = one.text("namespace").or_else("")
            into.add("ServiceAccount", "", one.text("name"), "it grants to", namespace=place)


def _service_account(reader: Reader, into: _Collector) -> None:
    for secret in reader.readers("imagePullSecrets"):
        into.add("Secret", "", secret.text("name"), "its pods pull images with")


def _certificate(reader: Reader, into: _Collector) -> None:
    issuer = reader.at("spec", "issuerRef")
    if issuer.text("group").or_else(CERTIFICATES) == CERTIFICATES:
        kind = issuer.text("kind").or_else("Issuer")
        into.add(kind, CERTIFICATES, issuer.text("name"), "it is signed by", purpose="issuer")


def _issuer(reader: Reader, into: _Collector) -> None:
    """A ClusterIssuer's Secrets lie in cert-manager's own namespace, which the manifest does not tell."""
    into.add("Secret", "", reader.text("spec", "ca", "secretName"), "it signs with the key in")


def _external_secret(reader: Reader, into: _Collector) -> None:
    spec = reader.at("spec")
    spec = spec.at("externalSecretSpec") if spec.node.get("externalSecretSpec") is not None else spec
    stores = [spec.at("secretStoreRef"), *spec.readers("secretStoreRefs")]
    stores += [one.at("sourceRef", "storeRef") for one in (*spec.readers("data"), *spec.readers("dataFrom"))]
    for store in stores:
        if isinstance(store.node, Mapping):
            kind = store.text("kind").or_else("SecretStore")
            into.add(kind, SOURCE, store.text("name"), "it reads from")


def _push_secret(reader: Reader, into: _Collector) -> None:
    into.add("Secret", "", reader.text("spec", "selector", "secret", "name"), "it copies")


def _secret_store(reader: Reader, into: _Collector) -> None:
    for _, selector in secret_selectors(reader.node.get("spec", "provider")):
        place = selector.text("namespace").or_else("")
        into.add("Secret", "", selector.text("name"), LOGIN, namespace=place, key=selector.text("key"))
    for provider in reader.at("spec", "provider").node.children():
        account = Reader(provider, reader.out).at("auth", "jwt", "serviceAccountRef")
        place = account.text("namespace").or_else("")
        into.add("ServiceAccount", "", account.text("name"), "it logs in as", namespace=place)


def _claim(reader: Reader, into: _Collector) -> None:
    into.add("StorageClass", "storage.k8s.io", reader.text("spec", "storageClassName"), "its volume is made by")
    into.add("PersistentVolume", "", reader.text("spec", "volumeName"), "it claims")


_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_READERS: dict[tuple[str, str], Callable[[Reader, _Collector], None]] = {
    ("apps", "StatefulSet"): _stateful_set,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("extensions", "Ingress"): _ingress,
    (GATEWAYS, "Gateway"): _gateway,
    **{(GATEWAYS, kind): _route for kind in _ROUTES},
    ("autoscaling", "HorizontalPodAutoscaler"): _scaled("scaleTargetRef"),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): _scaled("targetRef"),
    ("keda.sh", "ScaledObject"): _scaled("scaleTargetRef", "Deployment"),
    ("rbac.authorization.k8s.io", "RoleBinding"): _role_binding,
    ("", "ServiceAccount"): _service_account,
    (CERTIFICATES, "Certificate"): _certificate,
    (CERTIFICATES, "CertificateRequest"): _certificate,
    (CERTIFICATES, "Issuer"): _issuer,
    (SOURCE, "ExternalSecret"): _external_secret,
    (SOURCE, "ClusterExternalSecret"): _external_secret,
    (SOURCE, "PushSecret"): _push_secret,
    (SOURCE, "SecretStore"): _secret_store,
    ("", "PersistentVolumeClaim"): _claim,
}
