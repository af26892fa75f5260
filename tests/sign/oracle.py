"""Signs what comes in, a JSON array of requests, with Azure's own SDK, and prints the Authorization of each."""

import json
import sys
from email.utils import formatdate

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.data.tables._authentication import SharedKeyCredentialPolicy as TablePolicy
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy as BlobPolicy


def sign(one, policy):
    http = HttpRequest(one["method"], one["url"], headers=dict(one["headers"]))
    policy.on_request(PipelineRequest(http, PipelineContext(transport=None)))
    return http.headers["Authorization"]


answers = []
for one in json.load(sys.stdin):
    table = TablePolicy(AzureNamedKeyCredential(one["account"], one["key"]))
    answers.append({
        "blob": sign(one, BlobPolicy(one["account"], one["key"])),
        "table": sign(one, table),
        "date": formatdate(one["time"], usegmt=True),
    })
json.dump(answers, sys.stdout)
