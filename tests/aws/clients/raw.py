"""A PUT of a bucket and of an object, signed by Amazon's own SDK; the latter is spoilt as the last argument says; or a listing.
Prints the status, and the names in the answer."""

import http.client
import re
import sys

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

address, key_id, secret, fault = sys.argv[1:]
BODY = b"x" * 100_000


def signed(path, body, method="PUT"):
    request = AWSRequest(method, f"http://{address}{path}", data=body)
    request.context["payload_signing_enabled"] = fault != "unsigned-payload"
    S3SigV4Auth(Credentials(key_id, secret), "s3", "us-east-1").add_auth(request)
    return dict(request.headers)


def send(path, body, headers, chunked=False, method="PUT"):
    connection = http.client.HTTPConnection(address)
    connection.request(method, path, body=iter([body]) if chunked else body, headers=headers, encode_chunked=chunked)
    answer = connection.getresponse()
    found = re.findall(rb"<(?:Code|Key)>(.*?)</", answer.read())
    return " ".join([str(answer.status), *(text.decode() for text in found)])


if fault == "list":
    print(send("/box", None, signed("/box", b"", "GET"), method="GET"))
    sys.exit()

send("/box", b"", signed("/box", b""))
path, body = f"/box/{fault}?x=y", BODY
headers = signed(path, body)
match fault:
    case "other-payload":
        body = BODY[:-1] + b"y"
    case "empty-payload":
        body = b""
    case "no-hash":
        del headers["X-Amz-Content-SHA256"]
    case "no-hash-at-all":
        headers["X-Amz-Content-SHA256"] = "0"
    case "field-not-signed":
        headers["x-amz-acl"] = "public-read"
    case "other-path":
        path = "/box/other?x=y"
    case "other-query":
        path = f"/box/{fault}?x=z"
    case "no-authorization":
        del headers["Authorization"]
    case "no-date":
        del headers["X-Amz-Date"]
    case "chunked":
        headers["Transfer-Encoding"] = "chunked"
print(send(path, body, headers, fault == "chunked"))
