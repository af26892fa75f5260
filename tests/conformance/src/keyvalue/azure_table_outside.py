"""azure-data-tables as another client of a table: a JSON line and so many bytes in, a JSON line and so many bytes out."""

import base64
import datetime
import json
import re
import sys

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import (
    AccountSasPermissions,
    ResourceTypes,
    TableServiceClient,
    UpdateMode,
    generate_account_sas,
)

connection_string, table_name = sys.argv[1:]
service = TableServiceClient.from_connection_string(connection_string, retry_total=3)
table = service.get_table_client(table_name)

PIECE = 65536


def sign():
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    types = ResourceTypes(service=True, container=True, object=True)
    may = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, update=True)
    return generate_account_sas(service.credential, types, may, until)


def row_of(key):
    """As README.md of the provider says."""

    def escaped(match):
        return "".join(f"^{byte:02X}" for byte in match[0].encode())

    return re.sub(r"[/\\#?%^\x00-\x1f\x7f-\x9f\ufffe\uffff]", escaped, key)


def key_of(row):
    text = re.sub(rb"\^([0-9A-F]{2})", lambda match: bytes.fromhex(match[1].decode()), row.encode())
    return text.decode()


def names():
    yield "value"
    number = 1
    while True:
        yield f"value{number}"
        number += 1


def perform(order, body):
    row = row_of(base64.b64decode(order.get("key", "")).decode())
    match order["do"]:
        case "sign":
            return sign(), b""
        case "create":
            table.create_table()
        case "set":
            pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)] or [b""]
            entity = {"PartitionKey": "default", "RowKey": row, **dict(zip(names(), pieces))}
            table.upsert_entity(entity, mode=UpdateMode.REPLACE)
        case "get":
            try:
                entity = table.get_entity("default", row)
            except ResourceNotFoundError as error:
                # Of a missing table it is worth a word.
                if "ResourceNotFound" in str(error):
                    return False, b""
                raise
            value = b""
            for name in names():
                if name not in entity:
                    return True, value
                value += entity[name]
        case "delete":
            table.delete_entity("default", row)
        case "keys":
            rows = table.query_entities("PartitionKey eq 'default'", select=["RowKey"])
            return [base64.b64encode(key_of(found["RowKey"]).encode()).decode() for found in rows], b""
    return True, b""


while line := sys.stdin.buffer.readline():
    order = json.loads(line)
    body = sys.stdin.buffer.read(order["length"])
    try:
        result, bytes_out = perform(order, body)
        answer = {"ok": result}
    except Exception as error:
        bytes_out = b""
        answer = {"error": repr(error)}
    answer["length"] = len(bytes_out)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + bytes_out)
    sys.stdout.buffer.flush()
