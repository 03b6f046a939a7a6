"""Azure OpenAI: answers written by a chat model, vectors by an embedding model."""

from app.adapters.azure.models.client import ModelClient, ModelResource, open_client
from app.adapters.azure.models.composer import ChatComposer
from app.adapters.azure.models.embedder import AzureEmbedder

__all__ = [
    "AzureEmbedder",
    "ChatComposer",
    "ModelClient",
    "ModelResource",
    "open_client",
]
