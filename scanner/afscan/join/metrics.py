"""Whose metrics are scraped, and who reads them: alert expression -> metric -> exporter -> job; datastore -> what watches it.

A job's families are told by the images of the workloads that it reaches, else by the words of its name and hosts. A job that
reaches what is not known here (service discovery, an address, a federation) may yield anything: what is not found is then unknown.
Names of metrics and exporters: :mod:`afscan.platforms.metrics`.
"""

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from afscan.join.namespaces import whole
from afscan.join.scraping import monitored, target_of
from afscan.model.monitoring import Dashboard, MetricRule, Panel, PrometheusConfig, RuleFile, ScrapeJob, ScrapeTarget, Selector
from afscan.model.node import Mapping, Scalar
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Server, Workload
from afscan.platforms.images import facts_of_product, product_of
from afscan.platforms.metrics import Family, families, families_of, family_of, is_agent, is_builtin

KEY = "metrics"

_MAX_DEPTH = 10
_PERCENTILES = frozenset(("histogram_quantile", "quantile_over_time", "histogram_fraction"))
_LOCATING = frozenset(
    ["job", "instance", "service", "pod", "container", "app", "deployment", "statefulset", "name", "namespace", "target"]
)
"""Labels whose value tells which workload a series is of."""


@record(slots=True, eq=False)
class Yield:
    """Where a metric comes from. ``state``: ``yielded`` (by ``job``, where one is known), ``missing``, ``unknown``; ``why`` a clause."""

    state: str
    why: str = ""
    family: Family | None = None
    job: ScrapeJob | None = None


@record(slots=True, eq=False)
class Watch:
    """Whether anything measures a datastore. ``state``: ``yes``, ``no``, ``unknown``; ``why`` is a clause for the latter two.

    ``job`` is what scrapes it; ``exporter`` a container that could serve its metrics and is not scraped.
    """

    state: str
    why: str = ""
    job: ScrapeJob | None = None
    exporter: Container | None = None


@record(slots=True, eq=False)
class _Metrics:
    """The indexes. ``open`` says why jobs of this stack may reach more than is known, ``elsewhere`` why others may scrape as well."""

    yielded: dict[str, ScrapeJob] = field(default_factory=dict)
    reached: dict[int, ScrapeJob] = field(default_factory=dict)
    running: dict[str, Container] = field(default_factory=dict)
    open: str = ""
    elsewhere: str = ""
    recorded: dict[str, list[MetricRule]] = field(default_factory=lambda: defaultdict(list))
    readers: dict[str, list[MetricRule]] = field(default_factory=lambda: defaultdict(list))
    panels: dict[str, list[Panel]] = field(default_factory=lambda: defaultdict(list))


def _index(stack: Stack) -> _Metrics:
    if KEY not in stack.joined:
        stack.joined[KEY] = _built(stack)
    found = stack.joined[KEY]
    assert isinstance(found, _Metrics)
    return found


def _built(stack: Stack) -> _Metrics:
    found = _Metrics()
    for container in stack.of(Container):
        repository = container.image.repository if container.image is not None else ""
        if repository and is_agent(repository):
            found.elsewhere = found.elsewhere or f"{container.name} may watch it"
        for one in families() if repository else ():
            if not one.own and one.serves(repository):
                found.running.setdefault(one.exporter, container)
    for job in stack.of(ScrapeJob):
        _look_at(stack, job, found)
    configs = stack.of(PrometheusConfig)
    for config in configs:
        if not config.managed and config.node.get("scrape_config_files") is not None:
            found.open = found.open or f"{config.name} reads further jobs from `scrape_config_files`"
    if any(config.managed for config in configs) or (stack.of(ScrapeJob) and not configs):
        found.elsewhere = found.elsewhere or "the Prometheus of the cluster may scrape more than this stack declares"
    _read_rules(stack, found)
    return found


def _look_at(stack: Stack, job: ScrapeJob, found: _Metrics) -> None:
    """What one job yields, as far as that is known."""
    reached = monitored(stack, job) if job.selector is not None else None
    if job.selector is not None:
        labels = (job.job, *job.selector.values())
        for workload in reached or ():
            found.reached.setdefault(id(workload), job)
        _note(found, job, reached or [], labels, None)
        if reached is None and not any(one.hinted(*labels) for one in families()):
            found.open = found.open or f"whom {job.name} selects is not known"
        return
    if job.discovery:
        found.open = found.open or f"{job.name} finds its targets by `{job.discovery[0]}`"
    elif job.path.or_else("").endswith("/federate"):
        found.open = found.open or f"{job.name} takes over what another Prometheus has"
    for target in job.targets:
        workloads = target_of(stack, job, target).workloads
        for workload in workloads:
            found.reached.setdefault(id(workload), job)
        noted = _note(found, job, workloads, (job.job, target.host), target)
        if not workloads and not noted and not _is_loopback(target) and target_of(stack, job, target).state != "missing":
            found.open = found.open or f"what `{target.address.value}` of {job.name} serves is not known"


def _is_loopback(target: ScrapeTarget) -> bool:
    return target.host in ("localhost", "::1") or target.host.startswith("127.")


def _note(
    found: _Metrics, job: ScrapeJob, workloads: list[Workload], texts: tuple[str, ...], target: ScrapeTarget | None
) -> bool:
    """Note the families that a job yields: by images, else by words, unless it asks a server that serves none."""
    images = [container.image.repository for w in workloads for container in w.containers if container.image is not None]
    by_image = [one for one in families() if any(one.serves(repository) for repository in images)]
    silent = {
        product
        for w in workloads
        for container in w.containers
        if (product := product_of(container)) is not None and _is_silent(product, target)
    }
    by_word = [one for one in families() if one.hinted(*texts) and one.watches not in silent]
    for one in by_image or by_word:
        found.yielded.setdefault(one.exporter, job)
    return bool(by_image or by_word)


def _is_silent(product: str, target: ScrapeTarget | None) -> bool:
    """Whether a target is a server that serves no metrics itself, at its own port."""
    known = families_of(product)
    facts = facts_of_product(product)
    if not known or any(one.own for one in known) or facts is None or target is None:
        return False
    return target.port.is_set and target.port.value in facts.ports


def _read_rules(stack: Stack, found: _Metrics) -> None:
    """Index recording rules, alerts and panels by the products whose metrics they read."""
    rules = stack.of(MetricRule)
    for rule in rules:
        if rule.record.is_set:
            found.recorded[rule.record.or_else("")].append(rule)
    for rule in rules:
        if rule.alert.is_set:
            for product in dict.fromkeys(_products(found, rule)):
                found.readers[product].append(rule)
    for dashboard in stack.of(Dashboard):
        for panel in dashboard.panels:
            for metric in panel.metrics:
                family = family_of(metric)
                if family is not None and family.watches:
                    found.panels[family.watches].append(panel)
                for rule in found.recorded.get(metric, ()):
                    for product in dict.fromkeys(_products(found, rule)):
                        found.panels[product].append(panel)


def _products(found: _Metrics, rule: MetricRule) -> Iterator[str]:
    """The products whose metrics an expression reads, through recording rules as well."""
    if rule.metrics is None:
        text = rule.expression.or_else("").lower()
        yield from (one.watches for one in families() if one.watches and one.hinted(text))
        return
    for selector in _selectors(found, rule):
        family = family_of(selector.metric)
        if family is not None and family.watches:
            yield family.watches
        located = [value for label, operator, value in selector.matchers if label in _LOCATING and operator in ("=", "=~")]
        if located:
            yield from (one.watches for one in families() if one.watches and one.hinted(*located))


def _selectors(found: _Metrics, rule: MetricRule) -> Iterator[Selector]:
    """The selectors of a rule and of the recording rules that it reads."""
    waiting, seen = [(rule, 0)], {id(rule)}
    while waiting:
        current, depth = waiting.pop()
        yield from current.selectors
        for name in current.metrics or () if depth < _MAX_DEPTH else ():
            for below in found.recorded.get(name, ()):
                if id(below) not in seen:
                    seen.add(id(below))
                    waiting.append((below, depth + 1))


def metrics_read(stack: Stack, rule: MetricRule) -> frozenset[str]:
    """The metrics that a rule reads, with those that recording rules of the stack make them from."""
    return frozenset(selector.metric for selector in _selectors(_index(stack), rule))


def source_of(stack: Stack, metric: str) -> Yield:
    """Which job yields a metric: ``missing`` only where all that is scraped is known, and the metric's exporter is not among it."""
    index = _index(stack)
    if is_builtin(metric):
        return Yield("yielded")
    if metric in index.recorded:
        return Yield("yielded")
    family = family_of(metric)
    if family is None:
        return Yield("unknown", "whose metric it is, is not known")
    job = index.yielded.get(family.exporter)
    if job is not None:
        return Yield("yielded", "", family, job)
    if not any(not config.managed and config.jobs for config in stack.of(PrometheusConfig)):
        return Yield("unknown", "nothing in this stack says what is scraped", family)
    why = index.open or index.elsewhere
    if why:
        return Yield("unknown", why, family)
    return Yield("missing", f"no scrape job of this stack reaches `{family.exporter}`", family)


def watch_of(stack: Stack, server: Server) -> Watch:
    """Whether a scrape job, or an exporter that one reaches, measures a server that runs here."""
    index = _index(stack)
    own = families_of(server.product)
    workload = server.container.workload if server.container is not None else None
    for one in own:
        if one.exporter in index.yielded:
            return Watch("yes", "", index.yielded[one.exporter])
    if workload is not None and id(workload) in index.reached and any(one.own for one in own):
        return Watch("yes", "", index.reached[id(workload)])
    exporter = next((index.running[one.exporter] for one in own if one.exporter in index.running), None)
    if any(_is_annotated(one) for one in (workload, exporter.workload if exporter is not None else None) if one is not None):
        return Watch("yes", "", None, exporter)
    why = index.open or ("" if not index.elsewhere.endswith("may watch it") else index.elsewhere)
    if why:
        return Watch("unknown", why, None, exporter)
    if not whole(stack):
        return Watch("unknown", "not all that runs beside it is known", None, exporter)
    if exporter is not None:
        return Watch("no", f"{exporter.name} measures it, but no scrape job reaches it", None, exporter)
    return Watch("no", "no scrape job, exporter or monitor of this stack is for it")


def _is_annotated(workload: Workload) -> bool:
    """Whether the pods ask to be scraped (``prometheus.io/scrape``), a convention of many scrape configurations."""
    for path in (("spec", "template", "metadata"), ("metadata",)):
        annotations = workload.node.get(*path, "annotations")
        mark = annotations.entries.get("prometheus.io/scrape") if isinstance(annotations, Mapping) else None
        if isinstance(mark, Scalar) and mark.text.strip().lower() == "true":
            return True
    return False


def alerts_on(stack: Stack, product: str) -> list[MetricRule]:
    """The alerts that read a product's metrics, or series of a job, pod or service that is named after it."""
    watched = {one.watches for one in families_of(product)} or {product}
    return [rule for name in watched for rule in _index(stack).readers.get(name, ())]


def panels_on(stack: Stack, product: str) -> list[Panel]:
    """The dashboards' panels that read a product's metrics."""
    watched = {one.watches for one in families_of(product)} or {product}
    return [panel for name in watched for panel in _index(stack).panels.get(name, ())]


def has_monitoring(stack: Stack) -> bool:
    """Whether anything in the stack scrapes or judges metrics."""
    return any(stack.of(kind) for kind in (PrometheusConfig, ScrapeJob, RuleFile))


def rules_elsewhere(stack: Stack) -> str:
    """Why rules that are not in this stack may be evaluated on its metrics, as a clause; empty where all rules are known."""
    files = stack.of(RuleFile)
    for config in stack.of(PrometheusConfig):
        if config.managed or (config.rule_files and not files):
            return f"the rules that {config.name} loads are not among these files"
    if not any(not config.managed for config in stack.of(PrometheusConfig)) and not files:
        return "the rules may be kept where Prometheus is"
    elsewhere = _index(stack).elsewhere
    return elsewhere if elsewhere.endswith("may watch it") else ""


def job_may_match(rule: MetricRule, job: ScrapeJob) -> bool:
    """Whether a rule's selectors may take series of a job: some ask for other jobs by name."""
    return any(
        all(label != "job" or _may_be(operator, value, job.job) for label, operator, value in selector.matchers)
        for selector in rule.selectors
    )


def _may_be(operator: str, value: str, name: str) -> bool:
    """Whether a matcher may take a name. Of a regular expression only literal alternatives and ``.*`` are read; others may."""
    if operator == "=":
        return value == name
    if operator == "!=":
        return value != name
    parts = [part.strip("^$()").replace(".*", "*").replace(".+", "?*") for part in value.split("|")]
    literal = all(part and not set(part) & set("[]{}\\+(") for part in parts) and len(value) < 500
    matched = not literal or any(fnmatchcase(name, part) for part in parts)
    return matched if operator == "=~" else not (literal and matched)


def guards_of(stack: Stack) -> frozenset[str]:
    """What the alerts of a stack hold against silence: metrics under ``absent()``, and ``up`` where an alert reads it."""
    found = stack.joined.get(f"{KEY}/guards")
    if found is None:
        alerts = [rule for rule in stack.of(MetricRule) if rule.alert.is_set]
        found = frozenset(name for rule in alerts for name in rule.guards).union(
            {"up"} if any("up" in (rule.metrics or ()) for rule in alerts) else ()
        )
        stack.joined[f"{KEY}/guards"] = found
    assert isinstance(found, frozenset)
    return found


def application_of(stack: Stack, job: ScrapeJob) -> Workload | None:
    """An application of the stack that a job scrapes; None where it reaches exporters, tools and servers, or nobody known."""
    reached = monitored(stack, job) if job.selector is not None else None
    workloads = reached if reached is not None else [w for target in job.targets for w in target_of(stack, job, target).workloads]
    for workload in workloads or ():
        repositories = [one.image.repository for one in workload.containers if one.image is not None]
        tool = any(one.serves(repository) for one in families() for repository in repositories)
        if not tool and all(product_of(one) is None for one in workload.containers):
            return workload
    return None


def baselines_for(stack: Stack, job: ScrapeJob) -> list[MetricRule]:
    """The rules that keep or hold what is normal for a job: recording rules, and alerts on a percentile."""
    return [rule for rule in stack.of(MetricRule) if _is_baseline(rule) and (rule.metrics is None or job_may_match(rule, job))]


def _is_baseline(rule: MetricRule) -> bool:
    if rule.record.is_set:
        return rule.metrics is None or any(not is_builtin(name) and family_of(name) is None for name in rule.metrics)
    return bool(rule.quantiles) or bool(rule.functions & _PERCENTILES)
