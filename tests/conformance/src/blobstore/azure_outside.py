"""Azure's own SDK as another client: a JSON line and so many bytes in, a JSON line and so many bytes out."""

import datetime
import json
import sys

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import AccountSasPermissions, BlobServiceClient, ResourceTypes, generate_account_sas

service = BlobServiceClient.from_connection_string(sys.argv[1], retry_total=0)


def sign():
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    types = ResourceTypes(service=True, container=True, object=True)
    may = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True)
    key = service.credential.account_key
    return generate_account_sas(service.account_name, key, types, may, until)


def perform(order, body):
    container = service.get_container_client(order.get("container", "-"))
    blob = container.get_blob_client(order.get("name", "-"))
    match order["do"]:
        case "sign":
            return sign(), b""
        case "containers":
            return [found.name for found in service.list_containers()], b""
        case "create-container":
            container.create_container()
        case "touch-container":
            container.set_container_metadata({"touched": "yes"})
        case "put":
            blob.upload_blob(body, overwrite=True)
        case "get":
            return True, blob.download_blob().readall()
        case "delete":
            blob.delete_blob()
        case "names":
            return [found.name for found in container.list_blobs()], b""
        case "about":
            about = blob.get_blob_properties()
            return {"size": about.size, "content-type": about.content_settings.content_type}, b""
    return True, b""


while line := sys.stdin.buffer.readline():
    order = json.loads(line)
    body = sys.stdin.buffer.read(order["length"])
    try:
        result, bytes_out = perform(order, body)
        answer = {"ok": result}
    except ResourceNotFoundError as error:
        # Of a missing container it is worth a word, and not "there is none".
        bytes_out = b""
        answer = {"ok": None} if error.error_code == "BlobNotFound" else {"error": str(error)}
    except Exception as error:
        bytes_out = b""
        answer = {"error": repr(error)}
    answer["length"] = len(bytes_out)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + bytes_out)
    sys.stdout.buffer.flush()
