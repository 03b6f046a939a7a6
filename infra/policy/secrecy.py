"""Keys, passwords, encryption on the way."""

import re
from collections.abc import Iterator, Mapping

from policy.rules import ResourceRule, Rule, Seen, Wanted, must_be

NO_KEYS: Wanted = {
    "cosmosdb:DatabaseAccount": {
        "disableLocalAuth": True,
        "disableKeyBasedMetadataWriteAccess": True,
    },
    "storage:StorageAccount": {"allowSharedKeyAccess": False, "isLocalUserEnabled": False},
    "cognitiveservices:Account": {"properties.disableLocalAuth": True},
    "redisenterprise:Database": {"accessKeysAuthentication": "Disabled"},
    "containerregistry:Registry": {"adminUserEnabled": False, "anonymousPullEnabled": False},
    "applicationinsights:Component": {"disableLocalAuth": True},
    "operationalinsights:Workspace": {"features.disableLocalAuth": True},
    "web:WebAppFtpAllowed": {"allow": False},
    "web:WebAppScmAllowed": {"allow": False},
    "web:WebApp": {"siteConfig.acrUseManagedIdentityCreds": True},
    "web:WebAppSlot": {"siteConfig.acrUseManagedIdentityCreds": True},
}
_SITE: Mapping[str, object] = {
    "siteConfig.minTlsVersion": "1.2",
    "siteConfig.minTlsCipherSuite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "siteConfig.scmMinTlsVersion": "1.2",
    "siteConfig.ftpsState": "Disabled",
    "siteConfig.remoteDebuggingEnabled": False,
    "httpsOnly": True,
}
ENCRYPTED: Wanted = {
    "cosmosdb:DatabaseAccount": {"minimalTlsVersion": "Tls12"},
    "storage:StorageAccount": {
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "encryption.requireInfrastructureEncryption": True,
    },
    "redisenterprise:RedisEnterprise": {"minimumTlsVersion": "1.2"},
    "redisenterprise:Database": {"clientProtocol": "Encrypted"},
    "web:WebApp": _SITE,
    "web:WebAppSlot": _SITE,
    "cdn:Route": {"httpsRedirect": "Enabled", "forwardingProtocol": "HttpsOnly"},
    "cdn:AFDCustomDomain": {
        "tlsSettings.minimumTlsVersion": "TLS12",
        "tlsSettings.cipherSuiteSetType": "TLS12_2023",
        "tlsSettings.certificateType": "ManagedCertificate",
    },
    "cdn:AFDOrigin": {"enforceCertificateNameCheck": True},
}
GUARDED_VAULT: Wanted = {
    "keyvault:Vault": {
        "properties.enableRbacAuthorization": True,
        "properties.enablePurgeProtection": True,
        "properties.enableSoftDelete": True,
    }
}
_SECRET_NAME = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|CREDENTIALS?)$")
_REFERENCE = re.compile(r"vault:[a-z0-9-]+|@Microsoft\.KeyVault\(SecretUri=https://.+/.+\)")


def _secrets_are_references(seen: Seen) -> Iterator[str]:
    for setting in seen.get("siteConfig.appSettings") or []:
        name, value = setting["name"], str(setting.get("value"))
        if _SECRET_NAME.search(name) and not _REFERENCE.fullmatch(value):
            yield f"setting {name} holds a secret itself, not a reference to the vault"
    for container in seen.get("template.containers") or []:
        for setting in container.get("env") or []:
            name, value = setting["name"], str(setting.get("value"))
            if _SECRET_NAME.search(name) and not _REFERENCE.fullmatch(value):
                yield f"setting {name} holds a secret itself"
    for secret in seen.get("configuration.secrets") or []:
        if not secret.get("keyVaultUrl"):
            yield f"secret {secret.get('name')} is not the vault's"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="no-keys",
        statement="Nothing takes a key or a password where an identity serves.",
        find=must_be(NO_KEYS),
    ),
    ResourceRule(
        name="encrypted-on-the-way",
        statement="TLS 1.2 or newer everywhere; plain HTTP is only ever redirected.",
        find=must_be(ENCRYPTED),
    ),
    ResourceRule(
        name="guarded-vault",
        statement="The vault goes by roles, and nothing in it can be deleted for good at once.",
        find=must_be(GUARDED_VAULT),
    ),
    ResourceRule(
        name="secrets-in-the-vault",
        statement="A setting that is a secret is a reference to the vault.",
        find=_secrets_are_references,
    ),
)
