"""Who runs a Prometheus configuration, which rules it loads, whom its jobs reach.

A rule file counts as loaded where a glob of a configuration matches the path at which the container that runs the configuration
finds the file. Where nobody here runs it, the file's own name is compared only, in favour of the file. Source: prometheus.io,
"Configuration" (``rule_files``: a wildcard in the last part of the path only, relative to the configuration's folder).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from posixpath import basename, dirname, normpath
from posixpath import join as join_path
from typing import TYPE_CHECKING, Any, cast

from afscan.model.monitoring import Dashboard, MetricRule, Panel, PrometheusConfig, RuleFile, ScrapeJob
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Mount, Subject, Workload, labels_match

if TYPE_CHECKING:
    from afscan.join.servers.files import Files

KEY = "monitoring"

_OPTIONS = ("--config.file=", "-config.file=")
_DEFAULTS = ("/etc/prometheus/prometheus.yml", "/opt/bitnami/prometheus/conf/prometheus.yml")
_EVALUATORS = frozenset(
    [
        "loki",
        "mimir",
        "cortex",
        "thanos",
        "vmalert",
        "victoria-metrics",
        "vmsingle",
        "vmagent",
        "k8s-sidecar",
        "promscale",
        "m3query",
        "alloy",
        "agent",
        "grafana-agent",
    ]
)
"""Programs beside Prometheus that evaluate rules of this form, or carry them from ConfigMaps to one that does."""

_MAX_DEPTH = 30
_METRICSQL = ("vmalert", "victoria-metrics", "vmsingle")
_OWNED = ("configmap", "secret", "compose-config")


@record(slots=True, eq=False)
class Loading:
    """Whether a rule file is loaded. ``state``: ``loaded``, ``no``, ``unknown``, ``elsewhere`` (nothing here evaluates rules); ``why``
    is a clause; ``config`` the configuration that loads it, or should."""

    state: str
    why: str = ""
    config: PrometheusConfig | None = None


@record(slots=True, eq=False)
class Monitoring:
    """The indexes; see the accessor functions."""

    runners: dict[int, list[Container]] = field(default_factory=dict)
    loadings: dict[int, Loading] = field(default_factory=dict)
    rules: dict[int, list[RuleFile]] = field(default_factory=dict)
    histograms: "dict[str, MetricRule | Panel]" = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    jobs: dict[int, PrometheusConfig] = field(default_factory=dict)
    metricsql: bool = False


def join(stack: Stack) -> Iterable[Subject]:
    """Connect configurations, rule files and workloads; adds no subjects."""
    found = Monitoring()
    stack.joined[KEY] = found
    configs, rule_files = stack.of(PrometheusConfig), stack.of(RuleFile)
    for config in configs:
        for job in config.jobs:
            found.jobs[id(job)] = config
    if configs or rule_files:
        _Loader(stack, found).load()
    for rule in stack.of(MetricRule):
        if rule.record.is_set:
            found.recorded.add(rule.record.or_else(""))
        _note_histograms(found, rule.metrics or (), rule)
    for dashboard in stack.of(Dashboard):
        for panel in dashboard.panels:
            _note_histograms(found, panel.metrics, panel)
    return ()


def _note_histograms(found: Monitoring, metrics: Iterable[str], where: MetricRule | Panel) -> None:
    for name in metrics:
        if name.endswith("_bucket"):
            found.histograms.setdefault(name.removesuffix("_bucket"), where)


def _index(stack: Stack) -> Monitoring:
    if KEY not in stack.joined:
        join(stack)
    found = stack.joined[KEY]
    assert isinstance(found, Monitoring)
    return found


def config_of(stack: Stack, job: ScrapeJob) -> PrometheusConfig | None:
    """The configuration that a job stands in; None for monitors of the operator."""
    return _index(stack).jobs.get(id(job))


def runners_of(stack: Stack, config: PrometheusConfig) -> list[Container]:
    """The containers that start Prometheus with a configuration."""
    return _index(stack).runners.get(id(config), [])


def loading_of(stack: Stack, file: RuleFile) -> Loading:
    """Whether a rule file is loaded, and by which configuration."""
    return _index(stack).loadings.get(id(file)) or Loading("elsewhere")


def rules_of(stack: Stack, config: PrometheusConfig) -> list[RuleFile]:
    """The rule files that a configuration loads, or would by their names if they were mounted."""
    return _index(stack).rules.get(id(config), [])


def histogram_use(stack: Stack, metric: str) -> MetricRule | Panel | None:
    """A rule or panel that reads the buckets of a metric: it is a histogram, then."""
    return _index(stack).histograms.get(metric)


def is_recorded(stack: Stack, metric: str) -> bool:
    """Whether a recording rule of the stack makes a metric."""
    return metric in _index(stack).recorded


def speaks_metricsql(stack: Stack) -> bool:
    """Whether VictoriaMetrics runs here, whose language takes more than PromQL does."""
    return _index(stack).metricsql


class _Loader:
    """Finds out which rule files are loaded."""

    def __init__(self, stack: Stack, found: Monitoring) -> None:
        from afscan.join.servers.files import path_of  # noqa: PLC0415 - its package imports every product's server

        self.stack, self.found = stack, found
        self.configs = [one for one in stack.of(PrometheusConfig) if not one.managed]
        self.managed = [one for one in stack.of(PrometheusConfig) if one.managed]
        self.rule_files = stack.of(RuleFile)
        self.files = _files((*self.configs, *self.rule_files))
        self.mounted: dict[tuple[str, str], list[Container]] = defaultdict(list)
        self.others: Container | None = None
        self.unread: Container | None = None
        self.folders: dict[str, list[tuple[RuleFile, str]]] = defaultdict(list)
        for file in self.rule_files:
            if not file.managed and not file.node.source.owner:
                path = above = path_of(file.node.source)
                for _ in range(_MAX_DEPTH):
                    self.folders[above].append((file, path))
                    if above in ("", ".", "/"):
                        break
                    above = dirname(above) or "."
        self.visible: dict[int, tuple[str, PrometheusConfig]] = {}

    def load(self) -> None:
        for container in self.stack.of(Container):
            self._look_at(container)
        for file in self.rule_files:
            loading = self._managed(file) if file.managed else self._loading(file)
            self.found.loadings[id(file)] = loading
            if loading.config is not None:
                self.found.rules.setdefault(id(loading.config), []).append(file)

    def _look_at(self, container: Container) -> None:
        repository = container.image.repository if container.image is not None else ""
        product = basename(repository)
        if product in _EVALUATORS or product.startswith("vm"):
            self.others = container
            self.found.metricsql = self.found.metricsql or product.startswith("vm") or product in _METRICSQL
        for mount in container.mounts:
            owner = mounted_owner(container, mount)
            if owner is not None:
                self.mounted[owner].append(container)
        paths = _config_paths(container, product)
        if not paths:
            return
        looked = [(cast(Any, self.files.find(container, path).file), path) for path in paths]
        config, path = next(((file, path) for file, path in looked if isinstance(file, PrometheusConfig)), (None, ""))
        if config is None:
            self.unread = container
            return
        self.found.runners.setdefault(id(config), []).append(container)
        for file, seen in self._files_in(container):
            if any(_matches(glob.or_else(""), path, seen) for glob in config.rule_files if glob.is_set):
                self.found.loadings.setdefault(id(file), Loading("loaded", "", config))
            else:
                self.visible.setdefault(id(file), (seen, config))

    def _files_in(self, container: Container) -> Iterator[tuple[RuleFile, str]]:
        """The rule files that a container finds, with the path of each."""
        for mount in container.mounts:
            target = mount.target.or_else("").rstrip("/")
            owner = mounted_owner(container, mount)
            for found in self.files.by_owner.get(owner, ()) if owner is not None and target else ():
                file: Subject = found
                name = basename(file.node.source.name)
                if isinstance(file, RuleFile) and (path := _path_of_entry(mount, target, name)):
                    yield file, path
            if mount.kind == "host" and target and mount.source.is_set:
                yield from self._below(normpath(mount.source.or_else("")), target)
        for copy in container.stage.copies if container.stage is not None and container.build is not None else ():
            if copy.from_stage is None and copy.source.is_set and container.build is not None:
                yield from self._below(
                    normpath(join_path(container.build.context.or_else("."), copy.source.or_else(""))), copy.target.rstrip("/")
                )

    def _below(self, source: str, target: str) -> Iterator[tuple[RuleFile, str]]:
        """The rule files at or below a path of the working tree, as a container sees them at ``target``."""
        for file, path in self.folders.get(source, ()):
            if path == source:
                yield file, target
            else:
                yield file, join_path(target, path if source == "." else path.removeprefix(source + "/"))

    def _managed(self, file: RuleFile) -> Loading:
        """By the operator: the objects whose selector takes it."""
        if not self.managed:
            return Loading("unknown", "the operator's Prometheus object is not among these files")
        for config in self.managed:
            selector = config.rule_selector
            if selector is not None and labels_match(selector, file.labels) and not config.unknown_selector:
                return Loading("loaded", "", config)
        if any(config.unknown_selector for config in self.managed):
            return Loading("unknown", "the selector of the Prometheus object is not evaluated")
        return Loading("no", "no Prometheus object selects it by its labels", None)

    def _loading(self, file: RuleFile) -> Loading:
        known = self.found.loadings.get(id(file))
        if known is not None:
            return known
        if self.others is not None:
            return Loading("unknown", f"{self.others.name} may evaluate it")
        meant = next((c for c in self.configs if _by_name(c, file)), None)
        if not self.configs:
            if self.unread is not None:
                return Loading("unknown", f"the configuration of {self.unread.name} is not among these files")
            return Loading("unknown", "it belongs to the operator") if self.managed else Loading("elsewhere")
        if any(not glob.is_set for config in self.configs for glob in config.rule_files):
            return Loading("unknown", "an entry of `rule_files` is not known", meant)
        if id(file) in self.visible:
            path, config = self.visible[id(file)]
            return Loading("no", f"it lies at `{path}`, which no entry of `rule_files` matches", config)
        if file.node.source.holder in _OWNED and file.node.source.owner:
            return self._unmounted(file, meant)
        if self.unread is not None:
            return Loading("unknown", f"the configuration of {self.unread.name} is not among these files", meant)
        running = [config for config in self.configs if id(config) in self.found.runners]
        if meant is not None:
            # Volumes and ConfigMaps from elsewhere may hold a copy: what matches by name has the benefit of the doubt.
            return (
                Loading("loaded", "", meant)
                if meant not in running
                else Loading("unknown", "it may be mounted from elsewhere", meant)
            )
        return Loading("no", "no entry of `rule_files` matches its name", None)

    def _unmounted(self, file: RuleFile, meant: PrometheusConfig | None) -> Loading:
        """An entry of a ConfigMap that no Prometheus sees."""
        source = file.node.source
        users = self.mounted.get((source.holder, source.owner), [])
        if users:
            return Loading("unknown", f"{users[0].name} mounts it, and what reads it there is not known", meant)
        if not any(w.platform != "compose" for w in self.stack.of(Workload)) and source.holder != "compose-config":
            return Loading("unknown", "no workload is among these files that could mount it", meant)
        kind = {"configmap": "ConfigMap", "secret": "Secret"}.get(source.holder, "config")
        return Loading("no", f"nothing mounts the {kind} `{source.owner.rpartition('/')[2]}`", meant)


def _files(subjects: Iterable[Subject]) -> "Files":
    """The index of mounted files, for these instead of servers' files: it asks only for their source."""
    from afscan.join.servers.files import Files, path_of  # noqa: PLC0415 - see above

    files = Files()
    for subject in subjects:
        source = subject.node.source
        if isinstance(subject, RuleFile) and subject.managed:
            continue
        if source.owner:
            files.by_owner[source.holder, source.owner].append(cast(Any, subject))
        else:
            files.by_path[path_of(source)].append(cast(Any, subject))
    return files


def mounted_owner(container: Container, mount: Mount) -> tuple[str, str] | None:
    """The key by which texts of a mounted ConfigMap, Secret or Compose config are indexed."""
    if not mount.source.is_set or mount.kind not in _OWNED:
        return None
    if mount.kind == "compose-config":
        return mount.kind, mount.source.or_else("")
    return mount.kind, f"{container.workload.namespace or 'default'}/{mount.source.or_else('')}"


def _path_of_entry(mount: Mount, target: str, name: str) -> str:
    """Where an entry lies in a container; empty where it is not projected."""
    if mount.kind == "compose-config":
        return target
    projected = mount.items.get(name, "") if mount.items else name
    if mount.sub_path:
        inside = mount.sub_path.rstrip("/")
        return (
            target
            if projected == inside
            else join_path(target, projected.removeprefix(inside + "/"))
            if projected.startswith(inside + "/")
            else ""
        )
    return join_path(target, projected) if projected else ""


def _config_paths(container: Container, product: str) -> list[str]:
    """The paths at which a container may find its prometheus.yml; empty where it is no Prometheus."""
    words = [*container.command.or_else([]), *container.arguments.or_else([])]
    for number, word in enumerate(words):
        for option in _OPTIONS:
            if word.startswith(option) and "prometheus" in f"{product} {words[0]} {word}":
                return [word.removeprefix(option)]
        if word in ("--config.file", "-config.file") and number + 1 < len(words) and product == "prometheus":
            return [words[number + 1]]
    return list(_DEFAULTS) if product == "prometheus" else []


def _matches(glob: str, config_path: str, path: str) -> bool:
    pattern = normpath(join_path(dirname(config_path), glob))
    return dirname(pattern) == dirname(path) and len(pattern) < 1_000 and fnmatchcase(basename(path), basename(pattern))


def _by_name(config: PrometheusConfig, file: RuleFile) -> bool:
    """Whether a configuration would take a file by its name, wherever it may be mounted."""
    name = basename(file.node.source.name)
    return any(
        len(glob.or_else("")) < 1_000 and fnmatchcase(name, basename(glob.or_else("").rstrip("/")))
        for glob in config.rule_files
        if glob.is_set
    )
