//! Keys and values in the database.

use redb::{ReadableTable, Table, TableDefinition};

use super::commands::{Result, WRONG_TYPE};
use super::scripts::Scripts;

/// (place in the scan order, key)
type Place<'a> = (u64, &'a [u8]);
/// (is a list, deadline, items); a string is one item.
type Record<'a> = (bool, Option<u64>, Vec<&'a [u8]>);

pub(super) const TABLE: TableDefinition<Place, Record> = TableDefinition::new("keys");

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
}

impl Value {
    /// What TYPE answers.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "string",
            Value::List(_) => "list",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// Milliseconds since the Unix epoch after which the key is gone.
    pub(super) deadline: Option<u64>,
}

/// The database as one command, script or transaction sees it. Time stands still for its duration.
pub(super) struct Db<'a> {
    table: Table<'a, Place<'static>, Record<'static>>,
    pub(super) scripts: &'a mut Scripts,
    pub(super) now: u64,
    pub(super) changed: bool,
}

impl<'a> Db<'a> {
    pub(super) fn new(
        table: Table<'a, Place<'static>, Record<'static>>,
        scripts: &'a mut Scripts,
        now: u64,
    ) -> Self {
        Db { table, scripts, now, changed: false }
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Result<Option<Entry>> {
        let entry = self.table.get((place(key), key))?.map(|record| read(record.value()));
        if entry.as_ref().is_some_and(|entry| expired(entry.deadline, self.now)) {
            self.remove(key)?;
            return Ok(None);
        }
        Ok(entry)
    }

    /// The value and deadline of a string.
    pub(super) fn string(&mut self, key: &[u8]) -> Result<Option<(Vec<u8>, Option<u64>)>> {
        match self.get(key)? {
            None => Ok(None),
            Some(Entry { value: Value::String(bytes), deadline }) => Ok(Some((bytes, deadline))),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    /// The items and deadline of a list; a missing one is empty.
    pub(super) fn list(&mut self, key: &[u8]) -> Result<(Vec<Vec<u8>>, Option<u64>)> {
        match self.get(key)? {
            None => Ok((Vec::new(), None)),
            Some(Entry { value: Value::List(items), deadline }) => Ok((items, deadline)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    pub(super) fn put(&mut self, key: &[u8], value: &Value, deadline: Option<u64>) -> Result<()> {
        let (is_list, items): (bool, Vec<&[u8]>) = match value {
            Value::String(bytes) => (false, vec![bytes]),
            Value::List(items) => (true, items.iter().map(Vec::as_slice).collect()),
        };
        self.table.insert((place(key), key), (is_list, deadline, items))?;
        self.changed = true;
        Ok(())
    }

    pub(super) fn put_string(&mut self, key: &[u8], bytes: &[u8], deadline: Option<u64>) -> Result<()> {
        self.put(key, &Value::String(bytes.to_vec()), deadline)
    }

    /// Whether there was something to remove.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<bool> {
        let removed = self.table.remove((place(key), key))?.is_some();
        self.changed |= removed;
        Ok(removed)
    }

    pub(super) fn clear(&mut self) -> Result<()> {
        self.changed = true;
        Ok(self.table.retain(|_, _| false)?)
    }

    /// The keys that have not expired, in scan order from a place on, each with its place and its entry.
    pub(super) fn keys(&self, from: u64) -> Result<impl Iterator<Item = Result<(u64, Vec<u8>, Entry)>>> {
        let now = self.now;
        let entries = self.table.range((from, &[][..])..)?.map(|record| {
            let (key, value) = record?;
            let (place, key) = key.value();
            Ok((place, key.to_vec(), read(value.value())))
        });
        Ok(entries.filter(move |entry| !matches!(entry, Ok((.., entry)) if expired(entry.deadline, now))))
    }
}

fn read((is_list, deadline, items): Record) -> Entry {
    let mut items = items.into_iter().map(<[u8]>::to_vec);
    let value = match is_list {
        false => Value::String(items.next().unwrap_or_default()),
        true => Value::List(items.collect()),
    };
    Entry { value, deadline }
}

fn expired(deadline: Option<u64>, now: u64) -> bool {
    deadline.is_some_and(|deadline| deadline < now)
}

/// A key's place in the scan order: a hash (FNV-1a, the same for ever, since it is stored) of 48 bits, which
/// every client's number type can hold. A cursor is the place to go on from; it does not depend on which other
/// keys come and go, and it survives a restart.
fn place(key: &[u8]) -> u64 {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 16
}
