"""Which scrape jobs reach which workloads, which targets nobody answers, and which workloads say that they have metrics.

Sources: prometheus.io, "Configuration"; the Prometheus operator's API reference; the annotation ``prometheus.io/scrape`` as the
example configuration of Prometheus for Kubernetes and its Helm chart read it.
"""

from collections.abc import Iterable, Iterator

from afscan.join.monitoring import config_of, runners_of
from afscan.join.scraping import monitored, target_of
from afscan.model.coverage import MonitoringCoverage
from afscan.model.monitoring import AlertRouting, LogPipeline, PrometheusConfig, RuleFile, ScrapeJob
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, NetworkPolicy, Subject, Workload
from afscan.platforms.images import product_of


@record(slots=True)
class Watched:
    """A scrape job: the workloads that it reaches, and what is not known of it, with places."""

    job: ScrapeJob
    workloads: list[Workload]
    open: list[tuple[str, Place]]


KEY = "watching"

_AGENTS = (
    "grafana-agent",
    "alloy",
    "otel",
    "opentelemetry",
    "datadog",
    "vmagent",
    "telegraf",
    "newrelic",
    "dynatrace",
    "metricbeat",
)
"""Parts of image names of programs beside Prometheus that collect metrics, each by a configuration that is not read here."""

_PORTS = frozenset(("metrics", "prometheus", "prom", "exporter"))


def join(stack: Stack) -> Iterable[Subject]:
    """Whether the stack is watched at all: one subject where it has Kubernetes workloads."""
    workloads = [one for one in stack.of(Workload) if one.platform != "compose"]
    if not workloads:
        return []
    first = min(workloads, key=lambda one: (one.place, one.name))
    idle = [one for one in stack.of(PrometheusConfig) if _idle(stack, one)]
    return [
        MonitoringCoverage(
            name="The stack's monitoring",
            node=idle[0].node if idle else first.node,
            platform="kubernetes",
            workloads=workloads,
            by=next(_collectors(stack, workloads), None),
            owed=next(_owed(stack, idle), None),
        )
    ]


def _idle(stack: Stack, config: PrometheusConfig | None) -> bool:
    """Whether nobody runs a configuration: an entry of a ConfigMap has no use but to be mounted."""
    return config is not None and config.node.source.holder == "configmap" and not runners_of(stack, config)


def _of_compose(stack: Stack, config: PrometheusConfig | None) -> bool:
    """Whether only Compose projects run a configuration: what they watch is not the cluster."""
    runners = runners_of(stack, config) if config is not None else []
    return bool(runners) and all(one.platform == "compose" for one in runners)


def _collectors(stack: Stack, workloads: list[Workload]) -> Iterator[tuple[str, Place]]:
    """What collects metrics in a cluster: scrape jobs, Prometheus and the like, or its cluster, which annotations ask to."""
    for job in stack.of(ScrapeJob):
        config = config_of(stack, job)
        if not _idle(stack, config) and not _of_compose(stack, config):
            yield f"the job `{job.job}`", job.place
    for config in stack.of(PrometheusConfig):
        if not _idle(stack, config) and not _of_compose(stack, config):
            yield config.name, config.place
    for workload in workloads:
        if (annotation := workload.annotations.get("prometheus.io/scrape")) is not None:
            yield f"the annotation of {workload.name}", annotation.place
        for container in workload.containers:
            image = container.image.repository.lower() if container.image is not None else ""
            if product_of(container) == "prometheus" or any(part in image for part in ("victoria", *_AGENTS)):
                yield container.name, container.place


def _owed(stack: Stack, idle: list[PrometheusConfig]) -> Iterator[tuple[str, Place]]:
    """What shows that a stack is more than an application in somebody else's cluster."""
    for config in idle:
        yield "it configures a Prometheus that no workload runs", config.place
    for file in (*stack.of(RuleFile), *stack.of(AlertRouting)):
        if file.node.source.holder == "configmap" or file.platform == "kubernetes":
            yield f"it brings {file.name}", file.place
    for pipeline in stack.of(LogPipeline):
        if pipeline.node.source.holder == "configmap":
            yield "it brings its own log pipeline", pipeline.place
    for policy in stack.of(NetworkPolicy):
        if policy.selector.selects_all:
            yield f"it governs the whole namespace {policy.namespace}", policy.place


def scraped_by(stack: Stack, workload: Workload) -> list[ScrapeJob]:
    """The scrape jobs that reach a workload, as far as it is known."""
    key = f"{KEY}/jobs"
    if key not in stack.joined:
        index: dict[int, list[ScrapeJob]] = {}
        for watch in watches(stack):
            for one in watch.workloads:
                index.setdefault(id(one), []).append(watch.job)
        stack.joined[key] = index
    found: dict[int, list[ScrapeJob]] = stack.joined[key]
    return found.get(id(workload), [])


def unknown_scraping(stack: Stack) -> tuple[str, Place] | None:
    """Why it is not known whom else the jobs of a stack reach, in a clause with its place; None where all of it is known."""
    if KEY not in stack.joined:
        stack.joined[KEY] = next(_doubts(stack), None)
    found: tuple[str, Place] | None = stack.joined[KEY]
    return found


def _doubts(stack: Stack) -> Iterator[tuple[str, Place]]:
    for job in stack.of(ScrapeJob):
        if job.discovery and (job.selector is None or job.namespaces is None):
            yield f"the job `{job.job}` discovers its targets", job.place
    for container in stack.of(Container):
        if container.image is not None and any(part in container.image.repository.lower() for part in _AGENTS):
            yield f"{container.name} may collect them", container.place


def metrics_of(workload: Workload) -> tuple[str, Place] | None:
    """What says that a workload has metrics to be scraped, in a clause with its place."""
    annotation = workload.annotations.get("prometheus.io/scrape")
    if annotation is not None and annotation.or_else("").strip().lower() == "true":
        return "its annotation `prometheus.io/scrape` says so", annotation.place
    for container in workload.containers:
        product = product_of(container)
        if container.role not in ("main", "sidecar") or product == "prometheus":
            continue  # Prometheus scrapes itself where somebody asks for it
        for port in container.ports:
            words = (port.name or "").lower().split("-")
            if _PORTS & set(words):
                return f"its port `{port.name}`", port.node.head
        if product is not None and product.endswith("exporter"):
            return f"it is {product}", container.place
    return None


def watches(stack: Stack) -> Iterator[Watched]:
    """The scrape jobs of a stack, in the order of places."""
    for job in sorted(stack.of(ScrapeJob), key=lambda one: (one.place, one.job)):
        if job.discovery and job.selector is None:
            yield Watched(job, [], [(f"what it discovers ({', '.join(job.discovery)}) is not known here", job.place)])
            continue
        found = monitored(stack, job)
        yield Watched(job, found if found is not None else _static(stack, job), list(_open(stack, job)))


def _static(stack: Stack, job: ScrapeJob) -> list[Workload]:
    partners = (target_of(stack, job, one) for one in job.targets)
    return [workload for partner in partners for workload in partner.workloads]


def _open(stack: Stack, job: ScrapeJob) -> Iterator[tuple[str, Place]]:
    if config_of(stack, job) is None:
        return
    for target in job.targets:
        partner = target_of(stack, job, target)
        if partner.state in ("missing", "unknown"):
            yield f"`{target.address.value}`: {partner.why}", target.address.place
