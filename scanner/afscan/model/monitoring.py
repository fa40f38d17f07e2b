"""Subjects of monitoring and logging: what is scraped, which alerts read it, where they go, which logs are collected."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects import Container, Subject, Workload
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class ScrapeTarget:
    """One static target: ``host:port`` as written, taken apart."""

    address: Value[str]
    host: str
    port: Value[int]


@record(slots=True, kw_only=True, eq=False)
class ScrapeJob(Subject):
    """One job of ``scrape_configs``, or a ServiceMonitor / PodMonitor.

    ``discovery`` names the service discoveries used (``kubernetes_sd_configs``, ...); ``selector`` and ``namespaces`` are a
    monitor's; ``ports`` the ports it names. ``scheme`` unset means http.
    """

    job: str
    scheme: Value[str]
    path: Value[str]
    targets: list[ScrapeTarget]
    discovery: list[str] = field(default_factory=list)
    selector: dict[str, str] | None = None
    namespace: str = ""
    namespaces: list[str] | None = None
    ports: "list[Value[int | str]]" = field(default_factory=list)
    verify_off: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class PrometheusConfig(Subject):
    """A prometheus.yml, or a Prometheus object of the operator: which rules it loads, whom it tells, where it sends samples.

    ``rule_files`` are globs; ``alertmanagers`` the entries under ``alerting`` that name or discover one (empty: alerts fire and
    are dropped); ``alerting`` is unknown where that list cannot be evaluated. ``managed`` marks the operator's object, which takes
    its rules by ``rule_selector`` (see :func:`~afscan.model.subjects.labels_match`; None selects nothing, and
    ``unknown_selector`` says that it is not evaluated).
    """

    rule_files: list[Value[str]]
    alertmanagers: list[Node]
    alerting: Value[bool]
    remote_writes: list[Value[str]]
    jobs: list[ScrapeJob]
    managed: bool = False
    namespace: str = ""
    rule_selector: dict[str, str] | None = None
    unknown_selector: bool = False


@record(slots=True, frozen=True)
class Selector:
    """What one selector of a PromQL expression asks for: a metric, and ``(label, operator, value)`` of each matcher."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()


@record(slots=True, frozen=True)
class Comparison:
    """A comparison with a number, turned so that the number stands on the right: ``metrics`` are those that the left side reads,
    ``plain`` that it is nothing but one selector."""

    metrics: frozenset[str]
    operator: str
    number: float
    plain: bool


@record(slots=True, kw_only=True, eq=False)
class MetricRule(Subject):
    """An alerting or recording rule. ``alert`` or ``record`` is set, the other unset.

    ``metrics`` are the metric names that the expression selects, None where it does not parse: ``parse_error`` says why, and is
    empty where the expression is not PromQL, or not to be judged (``unparsed`` says why then). ``guards`` are metrics under
    ``absent()``/``absent_over_time()``, ``quantiles`` those selected by the label ``quantile``. ``windowed``: a part of the expression
    looks back over a range of time. ``functions`` are those that it calls. ``labels`` include those of the group.
    """

    alert: Value[str]
    record: Value[str]
    expression: Value[str]
    duration: Value[str]
    labels: dict[str, Value[str]]
    annotations: dict[str, Value[str]]
    group: str
    metrics: frozenset[str] | None
    guards: frozenset[str] = frozenset()
    quantiles: frozenset[str] = frozenset()
    windowed: bool = False
    selectors: tuple[Selector, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    functions: frozenset[str] = frozenset()
    parse_error: str = ""
    unparsed: str = ""


@record(slots=True, kw_only=True, eq=False)
class RuleFile(Subject):
    """A file of rule groups, or a PrometheusRule object of the operator (``managed``, with its labels)."""

    rules: list[MetricRule]
    managed: bool = False
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@record(slots=True, kw_only=True, eq=False)
class AlertReceiver:
    """A receiver of Alertmanager. ``integrations`` are the kinds it sends to (``webhook``, ``pagerduty``); empty drops all."""

    node: Node
    name: str
    integrations: list[str]


@record(slots=True, kw_only=True, eq=False)
class AlertRoute:
    """One route: the receiver (unset: the parent's), its matchers, nested routes.

    Matchers have the form ``severity="critical"``, as written or made from ``match`` and ``match_re``; ``goes_on`` is ``continue``.
    """

    node: Node
    receiver: Value[str]
    matchers: list[str]
    goes_on: Value[bool]
    routes: "list[AlertRoute]" = field(default_factory=list)
    intervals: list[Value[str]] = field(default_factory=list)  # mute_time_intervals and active_time_intervals


@record(slots=True, kw_only=True, eq=False)
class AlertInhibition:
    """An inhibition rule: alerts that the ``target`` matchers select stay silent while one of the ``source`` fires."""

    node: Node
    source: list[str]
    target: list[str]
    equal: list[Value[str]]


@record(slots=True, kw_only=True, eq=False)
class AlertRouting(Subject):
    """An alertmanager.yml. ``smtp_tls`` is ``smtp_require_tls`` (default true), ``smtp_host`` is ``smtp_smarthost``.

    ``repeated`` are the receivers and time intervals whose name another one has, ``intervals`` the names of all time intervals.
    """

    receivers: dict[str, AlertReceiver]
    root: AlertRoute | None
    smtp_tls: Value[bool]
    smtp_host: Value[str] | None = None
    inhibitions: list[AlertInhibition] = field(default_factory=list)
    intervals: set[str] = field(default_factory=set)
    repeated: list[Value[str]] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class Panel:
    """One panel of a dashboard with the metrics its queries read."""

    node: Node
    title: str
    expressions: list[Value[str]]
    metrics: frozenset[str]


@record(slots=True, kw_only=True, eq=False)
class Dashboard(Subject):
    """A Grafana dashboard."""

    title: str
    panels: list[Panel]


@record(slots=True, kw_only=True, eq=False)
class LogInput:
    """Where a log pipeline reads: ``kind`` (``tail``, ``forward``, ``syslog``, ``systemd``), path globs, tag, parser.

    ``excluded`` are globs of files that are left out. ``from_head``: files without a remembered position are read from their
    start (default false); ``keeps_unmatched``: lines that the parser does not understand go on as they are. ``storage`` is where
    Fluent Bit keeps what it has read (``memory``, ``filesystem``); None for Fluentd, whose outputs buffer.
    """

    node: Node
    kind: str
    paths: list[Value[str]]
    tag: Value[str]
    parser: Value[str]
    position_file: Value[str]
    excluded: list[Value[str]] = field(default_factory=list)
    from_head: Value[bool]
    keeps_unmatched: Value[bool]
    storage: Value[str] | None = None


@record(slots=True, kw_only=True, eq=False)
class LogFilter:
    """What a log pipeline does to the records whose tag fits ``match``. ``settings`` are the names of its parameters."""

    node: Node
    kind: str
    match: Value[str]
    settings: frozenset[str]


@record(slots=True, kw_only=True, eq=False)
class LogOutput:
    """Where a log pipeline writes. ``remote``: over the network, to a server whose settings are known here.

    ``hosts`` are the servers (unset: the product's default, this machine). ``secure``: whether the transport is encrypted; unset
    means ``secure_default``, which is None where it is not known. ``authenticated``: whether credentials are given, None where the
    kind takes them from elsewhere (a cloud's own identity). ``verified``: whether the server's certificate is checked (default
    true). ``buffer`` is where records wait (``memory``, ``file``), None where the inputs keep them (Fluent Bit);
    ``buffer_path`` the folder or file of one in files. ``overflow`` is
    the overflow action; ``retries`` the setting that limits them, with ``forever`` for none; ``patience`` the seconds after which
    records that cannot be delivered are dropped: None where never, or not known.
    """

    node: Node
    kind: str
    match: Value[str]
    remote: bool
    hosts: list[Value[str]]
    secure: Value[bool]
    secure_default: bool | None
    authenticated: Value[bool] | None
    verified: Value[bool]
    buffer: Value[str] | None
    buffer_path: Value[str] | None = None
    overflow: Value[str]
    retries: Value[str]
    patience: float | None


@record(slots=True, kw_only=True, eq=False)
class LogPipeline(Subject):
    """A Fluentd or Fluent Bit configuration (``product``): its inputs, filters and outputs in order.

    ``includes`` are the files that it includes, as written: each is a pipeline of its own where it was read.
    """

    product: str
    inputs: list[LogInput]
    filters: list[LogFilter] = field(default_factory=list)
    outputs: list[LogOutput]
    includes: list[Value[str]] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class LogCollection(Subject):
    """Whether the logs of a stack's Kubernetes workloads are collected: one per stack that has any, made by the join.

    ``collectors`` are the containers that collect them; ``idle`` the pipelines that nothing in the stack runs; ``owed`` says in a
    clause why the stack has to bring its own collection, empty where it may well rely on its cluster's.
    """

    workloads: list[Workload]
    collectors: list[Container]
    idle: list[LogPipeline]
    owed: str
