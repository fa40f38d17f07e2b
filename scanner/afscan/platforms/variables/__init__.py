"""Credentials, connections and logins in settings of any platform.

:func:`describe_setting` judges one setting by itself, :func:`describe_container` a container's environment and command line,
where ``DB_HOST``, ``DB_USER`` and ``DB_PASSWORD`` belong together.
"""

from afscan.platforms.secrets import credential_kind, is_weak, mask, origin_of, secret_shape
from afscan.platforms.variables.containers import describe_container
from afscan.platforms.variables.settings import describe_setting

__all__ = ["credential_kind", "describe_container", "describe_setting", "is_weak", "mask", "origin_of", "secret_shape"]
