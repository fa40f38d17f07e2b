"""What kind of image a container runs."""

from afscan.model.subjects import Container


def repository(container: Container) -> str:
    """The repository of a container's image; "" where it is not known or built here without a name."""
    return container.image.repository if container.image is not None else ""


def is_bitnami(container: Container) -> bool:
    """Whether the image is one of Bitnami's, which are configured by environment."""
    name = repository(container)
    return name.startswith(("bitnami/", "bitnamilegacy/", "bitnamisecure/")) or "/bitnami/" in name


def is_official(container: Container, *names: str) -> bool:
    """Whether the image is an official one, run as it is: not built here, not anybody's derivative."""
    return repository(container) in names and container.build is None and container.dockerfile is None
