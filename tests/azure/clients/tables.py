"""Azure's own SDK does what people do with tables: `tables.py URL key KEY`, `tables.py URL sas KEY`, `tables.py URL token TOKEN`."""

import datetime
import sys
import time
import uuid

from azure.core.credentials import AccessToken, AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import (
    AccountSasPermissions,
    ResourceTypes,
    TableServiceClient,
    TableTransactionError,
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
    if kind == "token":
        secure = url.replace("http://", "https://", 1)
        return TableServiceClient(secure, credential=Static(), transport=Plain(), retry_total=0)
    key = AzureNamedKeyCredential(ACCOUNT, secret)
    if kind == "key":
        return TableServiceClient(url, credential=key, retry_total=0)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    types = ResourceTypes(service=True, container=True, object=True)
    may = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True, update=True)
    sas = AzureSasCredential(generate_account_sas(key, types, may, until))
    return TableServiceClient(url, credential=sas, retry_total=0)


def refused(error, status, code, action):
    try:
        action()
    except error as refusal:
        assert refusal.status_code == status and code in str(refusal), refusal
        return
    raise AssertionError(f"{code} was expected")


def entity(row, value):
    return {"PartitionKey": "p", "RowKey": row, "value": value}


table = client().create_table("box" + uuid.uuid4().hex)
table.create_entity(entity("a b'+é", b"looms"))
assert table.get_entity("p", "a b'+é")["value"] == b"looms"
refused(ResourceExistsError, 409, "EntityAlreadyExists", lambda: table.create_entity(entity("a b'+é", b"")))
refused(ResourceNotFoundError, 404, "ResourceNotFound", lambda: table.get_entity("p", "missing"))
table.submit_transaction([("upsert", entity(f"{n:03}", b"")) for n in range(100)])
try:
    table.submit_transaction([("delete", entity("000", b"")), ("delete", entity("missing", b""))])
    raise AssertionError("ResourceNotFound was expected")
except TableTransactionError as error:
    assert "ResourceNotFound" in str(error) and error.index == 1, error
rows = [found["RowKey"] for found in table.query_entities("PartitionKey eq 'p'", results_per_page=30, select=["RowKey"])]
assert rows == [f"{n:03}" for n in range(100)] + ["a b'+é"], rows
# In a path only: Azure decodes it twice there.
table.create_entity(entity("100%", b""))
refused(HttpResponseError, 400, "OutOfRangeInput", lambda: table.get_entity("p", "100%"))
table.delete_table()
print("all of it worked")
