"""Moto, with what its DynamoDB lacks to stand for the service, or takes too long for:

* Nothing keeps two of its threads from one item: here, one operation is made after the other.
* It looks at, sorts and copies all of a table for each query, and for each item of a transaction.
* For each request it looks up what services and operations it has, and for each attribute what else its types are called.
* It takes less of an item than 400 KiB.
* Tables are made before they are used, and trials make up the names of buckets: behind the name of a table and a dot,
  any name is that of a table like it.
"""

import copy
import functools
import threading

import moto.backends
import moto.core.responses
from moto.core.serialize import AttributePicker
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

TYPES = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}

one_at_a_time, copies = threading.Lock(), {}
call_action, get_table = DynamoHandler.call_action, DynamoDBBackend.get_table
pick, transact_write_items = AttributePicker.__call__, DynamoDBBackend.transact_write_items
query, scan, modules = Table.query, Table.scan, moto.backends.list_of_moto_modules


def call_action_alone(self):
    with one_at_a_time:
        return call_action(self)


def pick_type(self, context):
    of_attribute = isinstance(context.obj, dict) and context.obj.keys() <= TYPES
    return context.obj.get(context.key) if of_attribute else pick(self, context)


def narrowed(table, items, limit, start):
    """The table as if it had only what the next page is made of."""
    name = table.range_key_attr or table.hash_key_attr
    items = sorted(items, key=lambda item: item.attrs[name].value)
    if start:
        behind = start[name]["S"]
        items = [item for item in items if item.attrs[name].value > behind]
    # One more, by which it knows that there is another page.
    items = items[: limit and limit + 1]
    view = copy.copy(table)
    view.all_items = lambda: items
    return view


def query_narrowed(self, hash_key, comparison, operands, limit, start, *rest, **more):
    found = self.items.get(hash_key, {})
    if self.range_key_attr is None:
        items = [found] if found else []
    elif comparison in ("=", "EQ"):
        items = [found[operands[0]]] if operands[0] in found else []
    elif comparison:
        items = [item for key, item in found.items() if key.compare(comparison, operands)]
    else:
        items = found.values()
    view = narrowed(self, items, limit, start)
    return query(view, hash_key, comparison, operands, limit, start, *rest, **more)


def scan_narrowed(self, filters, limit, start, *rest, **more):
    view = narrowed(self, list(self.items.values()), limit, start)
    return scan(view, filters, limit, start, *rest, **more)


def transact_write_items_with_one_copy(self, items):
    copies.clear()
    return transact_write_items(self, items)


def copy_without_items(self, _):
    """What a transaction may have to go back to. Those of the suite put and delete items, and change none in place."""
    if self.name not in copies:
        copied = copies[self.name] = copy.copy(self)
        copied.items = copy.copy(self.items)
        if self.range_key_attr:
            for key, items in self.items.items():
                copied.items[key] = dict(items)
    return copies[self.name]


def set_attribute(self, name, value):
    others = sum(len(other.encode()) + held.size() for other, held in self.items() if other != name)
    if others + len(name.encode()) + value.size() > 400 * 1024:
        raise ItemSizeTooLarge
    dict.__setitem__(self, name, value)


def get_or_make_table(self, name):
    parent = name.partition(".")[0]
    if name not in self.tables and "." in name and parent in self.tables:
        like = self.tables[parent]
        self.tables[name] = copy.copy(like)
        self.tables[name].name = name
        self.tables[name].items = type(like.items)(like.items.default_factory)
    return get_table(self, name)


DynamoHandler.call_action, DynamoDBBackend.get_table = call_action_alone, get_or_make_table
DynamoDBBackend.transact_write_items = transact_write_items_with_one_copy
AttributePicker.__call__, LimitedSizeDict.__setitem__ = pick_type, set_attribute
moto.core.responses.method_names_from_class = functools.cache(moto.core.responses.method_names_from_class)
moto.backends.list_of_moto_modules = functools.cache(lambda: list(modules()))
Table.query, Table.scan, Table.__deepcopy__ = query_narrowed, scan_narrowed, copy_without_items
