"""Azure's own SDK does what people do with blobs: `sdk.py URL key KEY`, `sdk.py URL sas KEY`, `sdk.py URL token TOKEN`."""

import datetime
import sys
import time
import uuid

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)

ACCOUNT = "devstoreaccount1"
url, kind, secret = sys.argv[1:4]


class Static:
    def get_token(self, *scopes, **_):
        assert scopes == ("https://storage.azure.com/.default",), scopes
        return AccessToken(secret, int(time.time()) + 3600)


class Plain(RequestsTransport):
    """The SDK sends tokens over TLS only; this takes the TLS off again."""

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **kwargs)


def client():
    options = {"max_single_put_size": 64 << 10, "max_block_size": 64 << 10, "retry_total": 0}
    if kind == "key":
        return BlobServiceClient(url, {"account_name": ACCOUNT, "account_key": secret}, **options)
    if kind == "sas":
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        types = ResourceTypes(service=True, container=True, object=True)
        may = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True)
        return BlobServiceClient(url, generate_account_sas(ACCOUNT, secret, types, may, until), **options)
    secure = url.replace("http://", "https://", 1)
    return BlobServiceClient(secure, Static(), transport=Plain(), **options)


def refused(error, status, code, action):
    try:
        action()
    except error as refusal:
        assert (refusal.status_code, refusal.error_code) == (status, code), (refusal.status_code, refusal.error_code)
        return
    raise AssertionError(f"{code} was expected")


service = client()
container = service.create_container("box-" + uuid.uuid4().hex)
refused(ResourceExistsError, 409, "ContainerAlreadyExists", container.create_container)

small, large = b"looms", bytes(range(256)) * 1000  # of four blocks
container.upload_blob("small", small)
container.upload_blob("a b/ü?%2F+🦀/.txt", large)
names = sorted(blob.name for blob in container.list_blobs(results_per_page=1))
assert names == ["a b/ü?%2F+🦀/.txt", "small"], names
assert container.download_blob("small").readall() == small
assert container.download_blob("a b/ü?%2F+🦀/.txt").readall() == large
assert container.download_blob("small", offset=1, length=2).readall() == b"oo"

blob = container.get_blob_client("small")
refused(ResourceExistsError, 409, "BlobAlreadyExists", lambda: blob.upload_blob(b"other"))
refused(HttpResponseError, 416, "InvalidRange", lambda: blob.download_blob(offset=5, length=1))
refused(HttpResponseError, 416, "InvalidRange", lambda: blob.download_blob(offset=6, length=1))
refused(ResourceNotFoundError, 404, "BlobNotFound", container.get_blob_client("none").get_blob_properties)
refused(ResourceNotFoundError, 404, "BlobNotFound", container.get_blob_client("none").delete_blob)

copy = container.get_blob_client("copy")
# A signature for the destination is none for the source, unless the URL carries it.
source = blob.url if kind != "token" else blob.url.replace("https://", "http://", 1)
assert copy.start_copy_from_url(source)["copy_status"] == "success"
assert copy.download_blob().readall() == small

staged = container.get_blob_client("staged")
staged.stage_block("aaaa", b"1")
refused(HttpResponseError, 400, "InvalidBlobOrBlock", lambda: staged.stage_block("bb", b"2"))
refused(HttpResponseError, 400, "InvalidBlockList", lambda: staged.commit_block_list([BlobBlock("zzzz")]))
staged.commit_block_list([BlobBlock("aaaa")])
assert staged.get_blob_properties().size == 1

container.delete_blob("small")
container.delete_container()
refused(ResourceNotFoundError, 404, "ContainerNotFound", lambda: list(container.list_blobs()))
print("all of it worked")
