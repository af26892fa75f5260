"""aetcd as another client of etcd: a JSON line and so many bytes in, a JSON line and so many bytes out."""

import asyncio
import base64
import json
import sys

import aetcd

host, port, user, password = sys.argv[1:]
options = {"grpc.max_receive_message_length": -1, "grpc.enable_http_proxy": 0}


def connect():
    return aetcd.Client(host, int(port), user or None, password or None, options=options)


async def perform(client, order, body):
    key = base64.b64decode(order.get("key", ""))
    match order["do"]:
        case "set":
            await client.put(key, body)
        case "get":
            pair = await client.get(key)
            return (False, b"") if pair is None else (True, pair.value)
        case "delete":
            await client.delete(key)
        case "keys":
            pairs = await client.get_all(keys_only=True)
            return [base64.b64encode(pair.key).decode() for pair in pairs], b""
    return True, b""


async def main():
    client = connect()
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        body = sys.stdin.buffer.read(order["length"])
        try:
            try:
                result, bytes_out = await perform(client, order, body)
            except Exception:
                # Tokens end, and it does not get itself another.
                await client.close()
                client = connect()
                result, bytes_out = await perform(client, order, body)
            answer = {"ok": result}
        except Exception as error:
            bytes_out = b""
            answer = {"error": repr(error)}
        answer["length"] = len(bytes_out)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + bytes_out)
        sys.stdout.buffer.flush()


asyncio.run(main())
