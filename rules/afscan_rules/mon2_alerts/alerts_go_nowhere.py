"""MON201: alerts that nobody is told of."""

from collections.abc import Iterator

from afscan.join.monitoring import rules_of
from afscan.model.monitoring import MetricRule, PrometheusConfig
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON201", severity=Severity.HIGH, absence=True, tags=("CWE-778",))
def alerts_go_nowhere(config: PrometheusConfig, stack: Stack) -> Iterator[Problem]:
    """Alerts go nowhere.

    Prometheus only evaluates alerts; Alertmanager tells people. Without an entry under `alerting.alertmanagers` every alert fires
    and is dropped, and promtool finds nothing wrong with it. An entry without targets, as in the packaged example, is none.

    ## Fix
    - Kubernetes: deploy Alertmanager with a receiver, and name its Service under `alerting.alertmanagers`.
    - Compose: add Alertmanager as a service, and name it under `alerting.alertmanagers`.
    - Any: set `alerting.alertmanagers[].static_configs[].targets`.
    """
    alerts = [one for file in rules_of(stack, config) for one in file.rules if one.alert.is_set]
    if not alerts or config.alertmanagers:
        if not alerts:
            yield NOT_APPLICABLE
    elif config.alerting.is_unknown:
        yield unknown(
            config.alerting.place, f"Whether {config.name} knows an Alertmanager is not known: {config.alerting.reason}."
        )
    else:
        yield fail(
            config.alerting.place,
            f"{config.name} has alerting rules but no Alertmanager: {_counted(alerts)} fires and is dropped.",
            related=[Related(one.alert.place, f"`{one.alert.value}` would fire unseen.") for one in alerts[:3]],
        )


def _counted(alerts: list[MetricRule]) -> str:
    return f"`{alerts[0].alert.value}`" if len(alerts) == 1 else f"each of the {len(alerts)} alerts"
