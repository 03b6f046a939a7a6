"""The key of a storage account that may change while its clients sign with it."""

from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueServiceClient

from app.adapters.azure.credentials import RotatingKey


class Signing:
    """Lets clients sign with the key as it is at the time.

    The SDKs copy a key when a client is made; all that a client makes itself share its copy.
    """

    def __init__(self, key: RotatingKey) -> None:
        self._key = key
        self._clients: list[ContainerClient | QueueServiceClient] = []

    async def credential(self, account: str) -> AzureNamedKeyCredential:
        """Return what a client is made with; UnavailableError if the key was never read."""
        return AzureNamedKeyCredential(account, await self._key())

    def watch(self, client: ContainerClient | QueueServiceClient) -> None:
        """Let a client sign with it from now on."""
        self._clients.append(client)

    async def renew(self) -> None:
        """Look at the key again: cheap, it is read anew only now and then."""
        key = await self._key()
        for client in self._clients:
            client.credential.account_key = key

    def refused(self) -> None:
        """Take note that it was not accepted."""
        self._key.refused()
