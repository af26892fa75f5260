// Azurite's table service, with what it gets wrong put right: of an entity it counts bytes by their Base64, where
// Azure counts bytes, and in a batch it takes a row whose key begins with a comma for a part of the partition's.

const folder = process.env.AZURITE_TABLES;
const Handler = require(`${folder}/handlers/TableHandler`).default;
const Batches = require(`${folder}/batch/TableBatchOrchestrator`).default;

// learn.microsoft.com/archive/blogs/avkashchauhan/how-the-size-of-an-entity-is-caclulated-in-windows-azure-table-storage
function size(entity) {
  let size = 4;
  for (const [name, value] of Object.entries(entity)) {
    if (name.endsWith("@odata.type")) continue;
    size += 8 + 2 * name.length;
    if (entity[`${name}@odata.type`] === "Edm.Binary") size += 4 + Buffer.byteLength(value, "base64");
    else size += typeof value === "string" ? 4 + 2 * value.length : 8;
  }
  return size;
}

const checkEntityLimit = Handler.prototype.checkEntityLimit;
Handler.prototype.checkEntityLimit = function (context, body) {
  return checkEntityLimit.call(this, context, body && "x".repeat(size(JSON.parse(body))));
};

const extractRequestPartitionKey = Batches.prototype.extractRequestPartitionKey;
Batches.prototype.extractRequestPartitionKey = function (request) {
  const between = /\(PartitionKey='((?:[^']|'')*)',RowKey='/.exec(decodeURIComponent(request.getUrl()));
  return between ? this.replaceDoubleTicks(between[1]) : extractRequestPartitionKey.call(this, request);
};

require(`${folder}/main`);
