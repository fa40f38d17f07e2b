"""Service level objectives as objects: Sloth's PrometheusServiceLevel, Pyrra's ServiceLevelObjective.

Sources: sloth.dev, "PrometheusServiceLevel" (``alerting.pageAlert.disable`` and ``ticketAlert.disable`` turn its alerts off, one by
one); Pyrra's README and API (``spec.alerting.disabled``, ``spec.alerting.burnrates``).
"""

from afscan.model.node import Scalar
from afscan.model.objectives import Objective
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, section
from afscan.platforms.reading import Reader


def read_sloth(item: KubernetesObject) -> None:
    """Emit the objectives of a PrometheusServiceLevel."""
    for slo in section(item.reader, "spec").readers("slos"):
        alerting = section(slo, "alerting")
        ways = [section(alerting, name).boolean("disable") for name in ("pageAlert", "ticketAlert")]
        _emit(item, slo.text("name").or_else(""), _figure(slo, "objective"), _alerts(ways, slo))


def read_pyrra(item: KubernetesObject) -> None:
    """Emit the objective of a ServiceLevelObjective."""
    spec = section(item.reader, "spec")
    alerting = section(spec, "alerting")
    burnrates = alerting.boolean("burnrates")
    off = alerting.boolean("disabled")
    if off.is_unset and burnrates.is_set:
        off = burnrates.map(lambda on: not on)
    _emit(item, item.name, _figure(spec, "target"), _alerts([off], spec))


def _figure(reader: Reader, key: str) -> Value[str]:
    node = reader.node.get(key)
    return Value.of(node.text, node) if isinstance(node, Scalar) else Value.unset(reader.node)


def _alerts(disabled: list[Value[bool]], reader: Reader) -> Value[bool]:
    """Whether an alert is left; at the first place that turns one off."""
    unknown = next((one for one in disabled if one.is_unknown), None)
    if unknown is not None:
        return unknown
    if all(one.value for one in disabled):
        return Value.of(False, disabled[0].node)
    return Value.of(True, reader.node)


def _emit(item: KubernetesObject, name: str, figure: Value[str], alerting: Value[bool]) -> None:
    item.out.subjects.append(
        Objective(
            name=f"{item.title}, {name}" if name != item.name else item.title,
            node=figure.node,
            platform=PLATFORM,
            figure=figure,
            measure="objective",
            alerting=alerting,
        )
    )
