"""Managed services: cloud resources, their switches, and the Terraform root modules that declare them."""

from afscan.model.record import field, record
from afscan.model.subjects.base import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class ManagedResource(Subject):
    """A cloud resource in Terraform (or a StorageClass). A facet that the resource type does not have is None.

    ``kind`` is the resource type (``aws_db_instance``), ``product`` the engine or family (``postgres``, ``redis``, ``bucket``,
    ``cluster``, ``volume``, ``queue`` ...), ``datastore`` whether it holds a database or cache. Unset means the provider's default.
    """

    kind: str
    product: str
    datastore: bool
    storage_encrypted: "Facet | None" = None
    transit_encrypted: "Facet | None" = None
    public: "Facet | None" = None  # on = reachable from the internet
    backup_days: Value[int] | None = None
    backup_default: int = 0  # days that count when backup_days is unset
    max_connections: Value[int] | None = None
    parameters: "dict[str, Value[str]] | None" = None  # of its parameter group, by name; None where they are not known
    password_encryption: Value[str] | None = None  # None also where nobody writes it: the default depends on the provider
    endpoints: list[str] = field(default_factory=list)
    final_snapshot: "Facet | None" = None  # on = a snapshot is taken before it is deleted
    deletion_protection: "Facet | None" = None
    hardening: "list[Facet]" = field(default_factory=list)  # a second zone, logins by IAM, minor upgrades: all ought to be on
    monitoring: "list[Facet]" = field(default_factory=list)  # metrics of the host, of queries, exported logs: likewise
    logs: "Facet | None" = None  # on = its logs are delivered somewhere
    scan_on_push: "Facet | None" = None  # on = the registry scans images that arrive
    engine_version: Value[str] | None = None
    lifecycle: str = ""  # whose support dates hold for engine_version, a key of afscan.platforms.lifecycles


@record(slots=True, kw_only=True, eq=False)
class Facet:
    """One switch of a managed resource: ``on`` is effective (default applied, unknown kept), ``setting`` its name, ``why`` a clause."""

    setting: str
    on: Value[bool]
    default: bool
    why: str = ""

    @property
    def effective(self) -> bool | None:
        """The switch with the provider's default applied; None where unknown."""
        if self.on.is_unknown:
            return None
        return self.on.value if self.on.is_set else self.default


@record(slots=True, kw_only=True, eq=False)
class SecurityGroupRule(Subject):
    """An ingress rule of a security group. ``protocol`` ``-1`` is all; ports inclusive, unset with protocol -1."""

    protocol: Value[str]
    from_port: Value[int]
    to_port: Value[int]
    cidrs: list[Value[str]]


@record(slots=True, kw_only=True, eq=False)
class TerraformVariable(Subject):
    """An input variable of a root module that a secret's name announces. ``credential`` is the kind of secret.

    ``sensitive`` is unset where nobody says it; the default is false. Source: developer.hashicorp.com/terraform/language/values.
    """

    credential: str
    sensitive: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class TerraformOutput(Subject):
    """An output of a root module; ``exposes`` is the reference to a secret in its value, unset where there is none."""

    exposes: Value[str]
    sensitive: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class TerraformRoot(Subject):
    """A root module, by its ``terraform`` block if there is one: where its state lies and which Terraform may change it.

    ``backend`` is the type (``s3``; ``cloud`` for the block of that name), unset where the state is a local file. ``locking``
    is whether two runs exclude each other there, with the backend's default applied.
    """

    backend: Value[str]
    locking: Value[bool]
    required_version: Value[str]
