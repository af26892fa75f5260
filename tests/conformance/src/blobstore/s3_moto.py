"""Moto, with what its S3 lacks to stand for the service:

* Its smallest part of an object can be set: then objects of many parts are quickly made.
* A name may have the end of a line in it, for its routes and for its rights.
"""

import os
import re

os.environ["S3_UPLOAD_PART_MIN_SIZE"] = "65536"

# They read the environment.
from moto.iam.access_control import IAMPolicyStatement  # noqa: E402
from moto.s3.models import S3Backend  # noqa: E402

url_paths = S3Backend.url_paths
ANYTHING = "[^\ue000]"  # no name has it


def url_paths_of_any_name(self):
    paths = url_paths.fget(self).items()
    return {path.replace("name>.+", f"name>{ANYTHING}+"): answer for path, answer in paths}


def matches(pattern, text):
    return re.fullmatch(pattern.replace("*", ".*"), text, re.DOTALL)


S3Backend.url_paths = property(url_paths_of_any_name)
IAMPolicyStatement._match = staticmethod(matches)
