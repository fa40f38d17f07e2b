"""Objects of the Prometheus operator: what is scraped, which rules there are, where alerts go.

Source: prometheus-operator.dev, API reference (monitoring.coreos.com/v1, v1alpha1, v1beta1). An empty selector takes every object, an
absent one none; without ``namespaceSelector`` a monitor looks in its own namespace only.
"""

from afscan.model.monitoring import PrometheusConfig, RuleFile, ScrapeJob, ScrapeTarget
from afscan.model.node import Mapping, Opaque, Scalar
from afscan.model.value import Value
from afscan.platforms.alertmanager import read_routing
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, labels_of, port_value, section
from afscan.platforms.prometheus import read_groups
from afscan.platforms.reading import Reader

GROUP = "monitoring.coreos.com"


def read_monitor(item: KubernetesObject) -> None:
    """Emit a ServiceMonitor or PodMonitor as a scrape job."""
    spec = section(item.reader, "spec")
    endpoints = [*spec.readers("endpoints"), *spec.readers("podMetricsEndpoints")]
    first = endpoints[0] if endpoints else spec.at("endpoints")
    selector, unknown = _selector(spec, "selector")
    item.out.subjects.append(
        ScrapeJob(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            job=item.name,
            scheme=first.text("scheme"),
            path=first.text("path"),
            targets=[],
            discovery=[item.kind],
            selector=None if unknown else selector,
            namespace=item.namespace,
            namespaces=_namespaces(spec, item.namespace),
            ports=[port for endpoint in endpoints for port in _ports(endpoint)],
            verify_off=first.boolean("tlsConfig", "insecureSkipVerify"),
        )
    )


def _ports(endpoint: Reader) -> "list[Value[int | str]]":
    named = port_value(endpoint, "port")
    found = named if not named.is_unset else port_value(endpoint, "targetPort")
    return [found] if not found.is_unset else []


def _namespaces(spec: Reader, own: str) -> list[str] | None:
    """The namespaces that a monitor looks in; None for all of them."""
    if spec.boolean("namespaceSelector", "any").or_else(False):
        return None
    return [value.or_else("") for value in spec.strings("namespaceSelector", "matchNames") if value.is_set] or [own]


def _selector(reader: Reader, key: str) -> tuple[dict[str, str] | None, bool]:
    """A label selector; None where it is absent. Whether a part of it is not evaluated."""
    node = reader.node.get(key)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return None, False
    if isinstance(node, Opaque) or reader.mapping(key) is None:
        return None, True
    return labels_of(reader, key, "matchLabels"), isinstance(node, Mapping) and "matchExpressions" in node.entries


def read_probe(item: KubernetesObject) -> None:
    """Emit a Probe: its static targets are URLs for the blackbox exporter."""
    spec = section(item.reader, "spec")
    targets = [
        ScrapeTarget(address=v, host="", port=Value.unset(v.node)) for v in spec.strings("targets", "staticConfig", "static")
    ]
    item.out.subjects.append(
        ScrapeJob(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            job=item.name,
            scheme=spec.text("prober", "scheme"),
            path=spec.text("prober", "path"),
            targets=targets,
            discovery=[item.kind],
            namespace=item.namespace,
            verify_off=spec.boolean("tlsConfig", "insecureSkipVerify"),
        )
    )


def read_rule(item: KubernetesObject) -> None:
    """Emit a PrometheusRule: its rules, and the object as a rule file."""
    rules = list(read_groups(section(item.reader, "spec"), PLATFORM))
    item.out.subjects += rules
    item.out.subjects.append(
        RuleFile(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            rules=rules,
            managed=True,
            namespace=item.namespace,
            labels=labels_of(item.reader, "metadata", "labels"),
        )
    )


def read_alertmanager_config(item: KubernetesObject) -> None:
    """Emit an AlertmanagerConfig."""
    spec = section(item.reader, "spec")
    if isinstance(spec.node, Mapping):
        item.out.subjects.append(read_routing(spec, item.title, PLATFORM, "Configs"))


def read_prometheus(item: KubernetesObject) -> None:
    """Emit a Prometheus object. Alertmanagers may also come from a Secret (``additionalAlertManagerConfigs``)."""
    spec = section(item.reader, "spec")
    selector, unknown = _selector(spec, "ruleSelector")
    elsewhere = spec.node.get("additionalAlertManagerConfigs")
    alerting = spec.node.get("alerting")
    found = [one.node for one in spec.readers("alerting", "alertmanagers")]
    item.out.subjects.append(
        PrometheusConfig(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            rule_files=[],
            alertmanagers=found,
            alerting=Value.unknown(elsewhere, "`additionalAlertManagerConfigs` names a Secret")
            if elsewhere is not None
            else Value.of(bool(found), alerting)
            if alerting is not None
            else Value.unset(item.node),
            remote_writes=[one.text("url") for one in spec.readers("remoteWrite")],
            jobs=[],
            managed=True,
            namespace=item.namespace,
            rule_selector=selector,
            unknown_selector=unknown or spec.node.get("ruleNamespaceSelector") is not None,
        )
    )
