"""Stores of secrets that log in to a cloud: with static keys, or as whoever they are.

Source: External Secrets Operator documentation, "AWS Authentication", "Azure Key Vault" and "Google Cloud Secret Manager":
``auth.secretRef`` (AWS, Google Cloud) and ``authSecretRef`` (Azure) name keys in a Secret; ``auth.jwt``, ``auth.workloadIdentity`` and
``authType: WorkloadIdentity`` use the identity of a service account; without ``auth`` it is the controller's own.
"""

from afscan.model.ci import StaticCloudKeys
from afscan.model.node import Mapping
from afscan.model.subjects import IgnoredSetting
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject

_PROVIDERS = {
    "aws": ("AWS", ("auth", "secretRef")),
    "gcpsm": ("Google Cloud", ("auth", "secretRef")),
    "azurekv": ("Azure", ("authSecretRef",)),
}


_AWS_KEYS = {
    "accessKeyID": "accessKeyIDSecretRef",
    "secretAccessKey": "secretAccessKeySecretRef",
    "sessionToken": "sessionTokenSecretRef",
}
"""Fields that ``auth.secretRef`` of AWS does not have, and what they are called in every version of the API. Unknown fields of a custom
resource are pruned when it is stored (kubernetes.io, "Extend the Kubernetes API with CustomResourceDefinitions", "Field pruning")."""


def read_login(item: KubernetesObject) -> None:
    """Emit how a SecretStore or ClusterSecretStore logs in; nothing for providers that are no cloud's."""
    for provider, (cloud, path) in _PROVIDERS.items():
        section = item.node.get("spec", "provider", provider)
        if not isinstance(section, Mapping):
            continue
        keys = section.get(*path)
        how = ".".join(("provider", provider, *path))
        item.out.subjects.append(
            StaticCloudKeys(
                name=item.title,
                node=item.node,
                platform=PLATFORM,
                cloud=cloud,
                what=item.title,
                static=Value.of(True, keys) if isinstance(keys, Mapping) else Value.of(False, section),
                how=f"`{how}`",
            )
        )
        if provider == "aws" and isinstance(keys, Mapping):
            _misnamed(item, keys)


def _misnamed(item: KubernetesObject, keys: Mapping) -> None:
    """Emit the keys of a login to AWS that are not called as the operator reads them."""
    for written, meant in _AWS_KEYS.items():
        if written in keys.entries and meant not in keys.entries:
            item.out.subjects.append(
                IgnoredSetting(
                    name=f"{written} of {item.title}",
                    node=keys.keys.get(written, keys.entries[written]),
                    platform=PLATFORM,
                    product="external-secrets",
                    setting=written,
                    why=f"the External Secrets Operator reads `{meant}`, and an unknown field is dropped",
                    instead=meant,
                )
            )
