"""Moto, which takes small parts of objects, so that objects of many parts are quickly made."""

import os

os.environ["S3_UPLOAD_PART_MIN_SIZE"] = "65536"

from moto.server import main  # noqa: E402 (it reads the environment)

main()
