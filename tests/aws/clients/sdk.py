"""Writes, reads and lists with Amazon's own SDK, which looks for credentials where its environment says.

Arguments: the address of the services, and which of them to use."""

import sys

import boto3
from botocore.config import Config

url, services = sys.argv[1], sys.argv[2:]
config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})

if "s3" in services:
    s3 = boto3.client("s3", endpoint_url=url, config=config)
    s3.create_bucket(Bucket="box")
    for name in ["a/b c+d~(1)!", "é", "empty", "large"]:
        body = b"x" * (300_000 if name == "large" else 0 if name == "empty" else 5)
        s3.put_object(Bucket="box", Key=name, Body=body, ContentType="text/plain", Metadata={"a": "b  c"})
        answer = s3.get_object(Bucket="box", Key=name)
        assert answer["Body"].read() == body, name
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="box", Prefix="e", Delimiter="/ +")["Contents"]]
    assert keys == ["empty"], keys
    s3.copy_object(Bucket="box", Key="copy", CopySource={"Bucket": "box", "Key": "large"})
    assert s3.head_object(Bucket="box", Key="copy")["ContentLength"] == 300_000
    s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "copy"}]})
    try:
        s3.get_object(Bucket="box", Key="copy")
    except s3.exceptions.NoSuchKey:
        pass

if "dynamodb" in services:
    dynamodb = boto3.client("dynamodb", endpoint_url=url, config=config)
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="table", Item={"k": {"S": "é"}, "v": {"B": b"\0\xff"}})
    item = dynamodb.get_item(TableName="table", Key={"k": {"S": "é"}}, ConsistentRead=True)["Item"]
    assert item["v"]["B"] == b"\0\xff", item

print("well")
