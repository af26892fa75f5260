"""Signs what comes in, a JSON array of requests, with Amazon's own SDK, and prints the Authorization of each."""

import base64
import datetime
import json
import sys
from types import SimpleNamespace

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

answers = []
for one in json.load(sys.stdin):
    now = datetime.datetime.fromtimestamp(one["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: now
    body = base64.b64decode(one["body"])
    request = AWSRequest(one["method"], one["url"], headers=dict(one["headers"]), data=body)
    request.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": one["signed"]})
    signer = botocore.auth.S3SigV4Auth if one["service"] == "s3" else botocore.auth.SigV4Auth
    signer(Credentials(one["id"], one["secret"], one["token"]), one["service"], one["region"]).add_auth(request)
    answers.append({"authorization": request.headers["Authorization"], "date": request.headers["X-Amz-Date"]})
json.dump(answers, sys.stdout)
