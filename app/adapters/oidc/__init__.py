"""Access tokens of OpenID Connect issuers: Entra ID, Entra External ID, Azure AD B2C, others.

`open_verifier` is the way in; `microsoft` describes the issuers of the Microsoft platform.
"""

from app.adapters.oidc.issuers import IssuerConfig
from app.adapters.oidc.source import Timing
from app.adapters.oidc.verifier import OidcVerifier, open_verifier

__all__ = ["IssuerConfig", "OidcVerifier", "Timing", "open_verifier"]
