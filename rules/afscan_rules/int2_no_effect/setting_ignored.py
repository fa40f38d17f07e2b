"""INT201: settings that the product does not read."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import IgnoredSetting
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("INT201", severity=Severity.MEDIUM, tags=("CWE-1059",))
def setting_ignored(setting: IgnoredSetting, stack: Stack) -> Iterator[Problem]:
    """Setting is ignored.

    A key that the product does not know, or an environment variable that its image does not read, changes nothing: the
    reader of the file believes in a tuning that never happened.

    ## Fix
    - Any: remove it, or write it where the product reads it.
    """
    if setting.protection is not None:
        yield NOT_APPLICABLE  # a protection that is off while it looks on has a rule of its own
        return
    instead = f"`{setting.instead}`" if setting.instead.isascii() and not set(setting.instead) & set(" `") else setting.instead
    remedy = f"write {instead} instead, or remove it." if setting.instead else None
    yield fail(setting.place, f"`{setting.setting}` has no effect: {setting.why}.", remedy=remedy)
