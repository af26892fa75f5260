"""The names of the errors that Amazon's own SDK gets from S3 and DynamoDB at an address."""

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def refusal(service, operation):
    try:
        getattr(boto3.client(service, endpoint_url=sys.argv[1], config=config), operation)()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "nothing"


print(refusal("s3", "list_buckets"), refusal("dynamodb", "list_tables"))
