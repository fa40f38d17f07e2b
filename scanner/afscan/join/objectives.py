"""Which alerts watch the figures that a stack states of itself."""

import re

from afscan.model.monitoring import MetricRule
from afscan.model.stack import Stack

_KEY = "objectives"
_LATENCY = re.compile(
    r"duration|latency|response_time|request_time|elapsed|probe_.*_seconds|_seconds(?:_bucket|:p\d\d)", re.IGNORECASE
)
"""Parts of names of metrics that tell how long something takes: Prometheus documentation, "Metric and label naming"."""


def latency_alerts(stack: Stack) -> list[MetricRule] | None:
    """The alerts that read how long something takes, those of which it cannot be told among them; None where there are no alerts."""
    found: list[MetricRule] | None = stack.joined.get(_KEY)
    if found is None:
        alerts = [one for one in stack.of(MetricRule) if one.alert.is_set]
        if not alerts:
            return None
        found = stack.joined[_KEY] = [
            one for one in alerts if one.metrics is None or any(_LATENCY.search(metric) for metric in one.metrics)
        ]
    return found
