"""INT208: packages that a build installs beside the environment that it ships."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ImageBuild
from afscan.platforms.dockerfile.environments import misplaced_syncs
from afscan.policy import Problem, Related, Severity, fail, rule


@rule("INT208", severity=Severity.HIGH, tags=("CWE-1059",))
def packages_installed_elsewhere(build: ImageBuild, stack: Stack) -> Iterator[Problem]:
    """Packages are installed elsewhere.

    `uv sync` installs into `.venv` beside `pyproject.toml`, whatever environment was made or put into `PATH` before. The one that
    the image takes stays empty: the build succeeds, and the container fails at its first import.

    ## Fix
    - Dockerfile: set `ENV UV_PROJECT_ENVIRONMENT=/opt/venv` in place of `uv venv /opt/venv`, or write `uv sync --active` with
      `VIRTUAL_ENV` set.
    """
    for one in misplaced_syncs(build):
        yield fail(
            one.place,
            f"`uv sync` installs into the project's `.venv`, not into `{one.path[:80]}`: `UV_PROJECT_ENVIRONMENT` is not set, and the "
            "environment that was made stays empty.",
            related=[Related(one.made, "This makes the environment that stays empty.")],
        )
