"""The ports on Azure, through the official SDKs. Nothing but this package imports those."""
