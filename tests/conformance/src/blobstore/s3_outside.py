"""Amazon's own SDK as another client: a JSON line and so many bytes in, a JSON line and so many bytes out."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region, key_id, secret = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name=region,
    aws_access_key_id=key_id,
    aws_secret_access_key=secret,
    config=Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 0},
        proxies={},
        # s3s-fs keeps the sum of an object that was replaced.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    ),
)


def create(bucket):
    if region == "us-east-1":
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})


def perform(order, body):
    bucket = order.get("container")
    at = {"Bucket": bucket, "Key": order.get("name")}
    match order["do"]:
        case "containers":
            return [found["Name"] for found in s3.list_buckets()["Buckets"]], b""
        case "create-container":
            create(bucket)
        case "touch-container":
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "touched", "Value": "yes"}]})
        case "put":
            s3.put_object(Body=body, **at)
        case "get":
            return True, s3.get_object(**at)["Body"].read()
        case "delete":
            s3.delete_object(**at)
        case "names":
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            return [found["Key"] for page in pages for found in page.get("Contents", [])], b""
        case "about":
            about = s3.head_object(**at)
            return {"size": about["ContentLength"], "content-type": about["ContentType"]}, b""
    return True, b""


while line := sys.stdin.buffer.readline():
    order = json.loads(line)
    body = sys.stdin.buffer.read(order["length"])
    try:
        result, bytes_out = perform(order, body)
        answer = {"ok": result}
    except ClientError as error:
        # Of a missing bucket it is worth a word, and not "there is none".
        bytes_out = b""
        answer = {"ok": None} if error.response["Error"]["Code"] in ("NoSuchKey", "404") else {"error": str(error)}
    except Exception as error:
        bytes_out = b""
        answer = {"error": repr(error)}
    answer["length"] = len(bytes_out)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + bytes_out)
    sys.stdout.buffer.flush()
