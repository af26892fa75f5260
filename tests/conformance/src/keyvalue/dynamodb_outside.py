"""Amazon's own SDK as another client: a JSON line and so many bytes in, a JSON line and so many bytes out."""

import base64
import json
import sys

import boto3
from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import Binary
from botocore.config import Config

endpoint, region, key_id, secret, table_name, layout = sys.argv[1:]
config = Config(retries={"total_max_attempts": 3})
dynamodb = boto3.resource(
    "dynamodb", region, endpoint_url=endpoint, aws_access_key_id=key_id, aws_secret_access_key=secret, config=config
)
table = dynamodb.Table(table_name)
partitioned = layout == "partition"


def create():
    names = ["b", "k"] if partitioned else ["k"]
    kinds = ["HASH", "RANGE"]
    dynamodb.create_table(
        TableName=table_name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds)],
    ).wait_until_exists()


def key(order):
    """Of an item of the default bucket."""
    name = {"k": base64.b64decode(order["key"]).decode()}
    return {"b": "default", **name} if partitioned else name


def to_attribute(value):
    """As README.md of the provider asks for: whole numbers as numbers."""
    try:
        number = int(value)
    except ValueError:
        return value
    fits = -(2**63) <= number < 2**63 and str(number).encode() == value
    return number if fits else value


def to_bytes(value):
    if isinstance(value, Binary):
        return value.value
    return str(value).encode()


def every_key():
    more = {}
    while True:
        if partitioned:
            page = table.query(KeyConditionExpression=Key("b").eq("default"), ConsistentRead=True, **more)
        else:
            page = table.scan(ConsistentRead=True, **more)
        yield from (item["k"] for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def perform(order, body):
    match order["do"]:
        case "create":
            create()
        case "get":
            item = table.get_item(Key=key(order), ConsistentRead=True).get("Item")
            return item is not None, to_bytes(item["v"]) if item else b""
        case "set":
            table.put_item(Item={**key(order), "v": to_attribute(body)})
        case "put-other":
            # Adds to a set, which fails at anything else.
            table.update_item(
                Key=key(order), UpdateExpression="ADD v :more", ExpressionAttributeValues={":more": {"item"}}
            )
        case "delete":
            table.delete_item(Key=key(order))
        case "keys":
            return [base64.b64encode(name.encode()).decode() for name in every_key()], b""
    return True, b""


while line := sys.stdin.buffer.readline():
    order = json.loads(line)
    body = sys.stdin.buffer.read(order["length"])
    try:
        result, bytes_out = perform(order, body)
        answer = {"ok": result}
    except Exception as error:
        bytes_out = b""
        answer = {"error": repr(error)}
    answer["length"] = len(bytes_out)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + bytes_out)
    sys.stdout.buffer.flush()
