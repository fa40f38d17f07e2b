"""Backups that operators make: Velero's Schedule, CloudNativePG's ScheduledBackup.

Source: velero.io, "Schedule API Type"; cloudnative-pg.io, "Backup", ScheduledBackup.
"""

from afscan.model.backups import Backup
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject

_PRODUCTS = {"Schedule": ("volumes", "velero"), "ScheduledBackup": ("postgres", "cloudnative-pg")}


def read_scheduled_backup(item: KubernetesObject) -> None:
    """Emit what an operator saves again and again; a suspended one is not scheduled."""
    product, tool = _PRODUCTS[item.kind]
    key = "paused" if item.kind == "Schedule" else "suspend"
    cron, suspended = item.reader.text("spec", "schedule"), item.reader.boolean("spec", key)
    scheduled: Value[bool] = suspended.map(lambda off: not off)
    if suspended.is_unset:
        scheduled = cron.map(lambda _: True) if cron.is_set else Value.unknown(item.node, "its schedule is not known")
    item.out.subjects.append(
        Backup(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            product=product,
            tool=tool,
            host=item.reader.text("spec", "cluster", "name"),
            database=Value.unset(item.node),
            scheduled=scheduled,
            schedules=[cron],
        )
    )
