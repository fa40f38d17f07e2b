"""DB306: protections that look on and are off."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import IgnoredSetting
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("DB306", severity=Severity.HIGH, tags=("CWE-1188",))
def setting_has_no_effect(setting: IgnoredSetting, stack: Stack) -> Iterator[Problem]:
    """Protection has no effect.

    A password or TLS switch in the wrong place is worse than none: whoever reviews the file sees it, and the server runs
    without it. Most products say nothing about keys that they do not know.

    ## Fix
    - Qdrant: move the key under the section that Qdrant reads (`service.api_key`, `service.enable_tls`, `tls.cert`, `tls.key`).
    - Any: write the setting where the product reads it.
    """
    if setting.protection is None:
        yield NOT_APPLICABLE
        return
    remedy = f"write `{setting.instead}` instead." if setting.instead else None
    yield fail(setting.place, f"`{setting.setting}` has no effect, so {setting.protection} is off: {setting.why}.", remedy=remedy)
