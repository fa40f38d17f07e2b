"""How services are updated, and for what of others they wait: ``deploy.update_config`` and ``depends_on``.

Source: the Compose Specification, "Deploy: update_config" (a failed update pauses unless ``failure_action`` says otherwise) and
"depends_on" (the short form waits until the other service has started, not until it can answer).
"""

from afscan.model.delivery import Rollout, SecretVariable, StartDependency
from afscan.model.node import Mapping, Scalar
from afscan.model.subjects import Workload
from afscan.model.value import Value
from afscan.platforms.compose.interpolation import Interpolated, Use
from afscan.platforms.compose.reading import Context, Fields, present


def add_delivery(fields: Fields, workload: Workload) -> None:
    """Emit how a service is updated, where that is written, and the services that it is started after."""
    subjects = fields.context.out.subjects
    update = fields.get("deploy", "update_config")
    if isinstance(update, Mapping):
        action = fields.text("deploy", "update_config", "failure_action")
        if action.is_unset and action.node is fields.node:
            action = Value.unset(update)
        subjects.append(Rollout(name=workload.name, node=update, platform="compose", workload=workload, failure_action=action))
    for name, node, start in fields.pairs("depends_on") if fields.get("depends_on") is not None else ():
        written = present(node.get("condition")) if start < 0 else None
        condition = fields.context.text(written) if written is not None else Value.unset(node)
        if name:
            subjects.append(
                StartDependency(
                    name=workload.name, node=node, platform="compose", workload=workload, target=name, condition=condition
                )
            )


def add_secret_variables(context: Context) -> None:
    """Emit the variables that stand for secrets, by their own names or by those of the settings that they are the value of."""
    for scalar, text in context.texts():
        if text.uses:
            _add_variables(context, scalar, text)


def _add_variables(context: Context, scalar: Scalar, text: Interpolated) -> None:
    from afscan.platforms.secrets import credential_kind  # noqa: PLC0415  (start-up time)

    setting = _setting(scalar, text.uses)
    secret = bool(setting) and credential_kind(setting) is not None
    inner = scalar.embed(name="", holder="")
    for use in text.uses:
        if secret or credential_kind(use.name) is not None:
            context.out.subjects.append(
                SecretVariable(
                    name=f"variable {use.name}",
                    node=scalar,
                    platform="compose",
                    variable=use.name,
                    guard=use.guard,
                    at=inner.place(inner.span(use.start, use.end)),
                )
            )


def _setting(scalar: Scalar, uses: tuple[Use, ...]) -> str:
    """The name of the setting of which a variable is the whole value; "" where it is a part only, or stands in another text."""
    before, after = scalar.text[: uses[0].start], scalar.text[uses[0].end :]
    if len(uses) > 1 or after:
        return ""
    if scalar.key is not None:
        return "" if before else scalar.key.text
    return before[:-1] if before.endswith("=") and before[:-1].replace("_", "").isalnum() else ""
