"""Is it a Compose file? By its keys first, by its name where they leave it open."""

import re
from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.source import Source

_NAME = re.compile(
    r"(?:docker-compose.*|(?:podman-|container-)?compose(?:[._-].*)?|docker-stack.*)\.(?:ya?ml|json)\Z", re.IGNORECASE
)

SECTIONS = frozenset(("name", "version", "services", "networks", "volumes", "configs", "secrets", "include", "models"))
"""The top-level keys of the Compose Specification."""

_SERVICE_KEYS = """
    annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
    depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file
    environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc
    isolation label_file labels links logging log_driver log_opt mac_address mem_limit mem_reservation
    mem_swappiness memswap_limit models net network_mode networks oom_kill_disable oom_score_adj pid pids_limit
    platform ports post_start pre_stop privileged profiles provider pull_policy read_only restart runtime scale
    secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits
    use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir
"""
SERVICE_KEYS = frozenset(_SERVICE_KEYS.split())
"""The keys that a service may have (the Compose Specification, and those of its older file formats)."""

_SHARED_WITH_OTHERS = frozenset(
    ("image", "build", "command", "entrypoint", "labels", "name", "platform", "models", "init", "runtime")
)


def is_named_compose(source: Source) -> bool:
    """Whether a text is called what Compose files are called."""
    return _NAME.match(basename(source.name)) is not None


def recognise(source: Source, root: Node) -> bool:
    """Whether a parsed text is a Compose file, or a piece of one that consists of services alone."""
    named = is_named_compose(source)
    if not isinstance(root, Mapping):
        return named and (isinstance(root, Sequence) or not (isinstance(root, Scalar) and root.is_null))
    if "apiVersion" in root.entries and "kind" in root.entries:
        return False
    if named:
        return True
    services = root.entries.get("services")
    if isinstance(services, Mapping):
        return _has_services(root, services)
    return services is None and bool(fragment_services(source, root))


def _has_services(root: Mapping, services: Mapping) -> bool:
    """Whether ``services`` of a text with any name are Compose's: workflows, Symfony and others have such a key too."""
    if any(key not in SECTIONS and not key.startswith("x-") for key in root.entries):
        return False
    found = [node for node in services.entries.values() if isinstance(node, Mapping)]
    if any(_runs_something(node) for node in found):
        return True
    return bool(found) and all(_only_service_keys(node) and node.entries for node in found)


def fragment_services(source: Source, root: Mapping) -> dict[str, Mapping]:
    """The services of a text that leaves the ``services`` key out (an excerpt in a document, or the first file format).

    Every top-level value must be a service by all of its keys, and one of them must have a key that only Compose gives such
    a thing.
    """
    found: dict[str, Mapping] = {}
    for key, node in root.entries.items():
        if key.startswith("x-") or (key in SECTIONS and not (isinstance(node, Mapping) and _runs_something(node))):
            continue
        if not isinstance(node, Mapping) or not _runs_something(node) or not _only_service_keys(node):
            return {}
        found[key] = node
    if is_named_compose(source):
        return found
    if basename(source.name).lower().startswith("values"):
        return {}
    return found if any(_is_distinctive(node) for node in found.values()) else {}


def _runs_something(service: Mapping) -> bool:
    image, build = service.entries.get("image"), service.entries.get("build")
    return (
        (isinstance(image, Scalar) and not image.is_null)
        or isinstance(build, Mapping)
        or (isinstance(build, Scalar) and not build.is_null)
    )


def _only_service_keys(service: Mapping) -> bool:
    return all(key in SERVICE_KEYS or key.startswith("x-") for key in service.entries)


def _is_distinctive(service: Mapping) -> bool:
    ports = service.entries.get("ports")
    if isinstance(ports, Sequence) and any(isinstance(item, Mapping) and "target" not in item.entries for item in ports.items):
        return False
    return any(key not in _SHARED_WITH_OTHERS and not key.startswith("x-") for key in service.entries)
