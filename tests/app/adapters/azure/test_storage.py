import pytest

from app.adapters.azure.storage import StorageAccount, StorageCalls, open_storage


def test_a_named_account_is_in_the_public_cloud_and_asked_by_an_identity() -> None:
    account = StorageAccount.named("evadocs")
    assert account.blob_url == "https://evadocs.blob.core.windows.net"
    assert account.queue_url == "https://evadocs.queue.core.windows.net"
    assert account.key is None


def test_a_connection_string_says_where_and_with_which_key() -> None:
    account = StorageAccount.parse(
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5Cg==;"
        "EndpointSuffix=core.usgovcloudapi.net;"
    )
    assert account.blob_url == "https://a.blob.core.usgovcloudapi.net"
    assert account.key == "a2V5Cg=="
    assert "a2V5Cg" not in repr(account)


def test_a_connection_string_may_name_its_endpoints() -> None:
    account = StorageAccount.parse(
        "AccountName=a;BlobEndpoint=http://h:1/a;QueueEndpoint=http://h:2/a"
    )
    assert (account.blob_url, account.queue_url) == ("http://h:1/a", "http://h:2/a")


def test_a_connection_string_without_an_account_is_refused() -> None:
    with pytest.raises(ValueError, match="needs AccountName"):
        StorageAccount.parse("BlobEndpoint=http://h:1/a")


async def test_without_a_key_or_an_identity_nothing_is_opened() -> None:
    calls = StorageCalls(api_version="2026-06-06")
    with pytest.raises(ValueError, match="needs a key or an identity"):
        async with open_storage(StorageAccount.named("a"), calls):
            pass
