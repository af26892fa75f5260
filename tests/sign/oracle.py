"""Signs what comes in, a JSON array of requests, with Azure's own SDK, and prints the Authorization of each."""

import json
import sys
from email.utils import formatdate

from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

answers = []
for one in json.load(sys.stdin):
    http = HttpRequest(one["method"], one["url"], headers=dict(one["headers"]))
    policy = SharedKeyCredentialPolicy(one["account"], one["key"])
    policy.on_request(PipelineRequest(http, PipelineContext(transport=None)))
    answers.append({"authorization": http.headers["Authorization"], "date": formatdate(one["time"], usegmt=True)})
json.dump(answers, sys.stdout)
