"""What may differ between stacks."""

from eva_infra.settings.files import PROJECT, STACKS, config_of, from_config, settings_of
from eva_infra.settings.models import Model
from eva_infra.settings.reading import SettingsError
from eva_infra.settings.stack import Settings

__all__ = [
    "PROJECT",
    "STACKS",
    "Model",
    "Settings",
    "SettingsError",
    "config_of",
    "from_config",
    "settings_of",
]
