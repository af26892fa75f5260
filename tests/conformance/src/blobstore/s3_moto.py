"""Moto, with what its S3 lacks to stand for the service:

* Its smallest part of an object can be set: then objects of many parts are quickly made.
* A name may have the end of a line in it.
"""

import os

os.environ["S3_UPLOAD_PART_MIN_SIZE"] = "65536"

# It reads the environment.
from moto.s3 import urls  # noqa: E402

ANYTHING = "[^\ue000]"  # no name has it
urls.url_paths = {path.replace("name>.+", f"name>{ANYTHING}+"): answer for path, answer in urls.url_paths.items()}
