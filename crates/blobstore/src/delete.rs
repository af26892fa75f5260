//! Deleting many objects.

use plugboard_error::{Error, Kind, Result};

use crate::{Object, Store};

/// The names that an error tells.
const NAMED: usize = 3;
/// Deletions under way at the same time.
const AT_ONCE: usize = 16;

/// Deletes all that is in the container.
pub fn clear<S: Store>(store: &S, container: &str) -> Result<()> {
    let mut after = None;
    loop {
        let page = store.list(container, after.as_deref())?;
        if !page.names.is_empty() {
            store.delete_many(container, &page.names)?;
        }
        if page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}

/// Deletes each in a request of its own, many at a time; the names of those that could not be, and why. `begin` and
/// `finish` are such a request, which [`Store::pump`] moves; `is_late` says whether there is no time left.
pub fn side_by_side<'a, S: Store>(
    store: &S,
    names: impl IntoIterator<Item = &'a str>,
    begin: impl Fn(&str) -> Result<S::Block>,
    finish: impl Fn(S::Block) -> Result<()>,
    is_late: impl Fn() -> bool,
) -> Vec<(&'a str, Error)> {
    let mut names = names.into_iter();
    let mut failed = Vec::new();
    let mut late = None;
    loop {
        // All of them are begun before the first is waited for, and none once one failed with no time left.
        let some = names.by_ref().take(AT_ONCE);
        let begun =
            some.map(|name| (name, late.clone().map_or_else(|| begin(name), Err))).collect::<Vec<_>>();
        if begun.is_empty() {
            return failed;
        }
        for (name, block) in begun {
            let outcome = block.and_then(|mut block| match &late {
                Some(error) if !store.pump(&mut block) => Err(Error::clone(error)),
                _ => finish(block),
            });
            match outcome {
                Err(error) if error.kind != Kind::NoSuchObject => {
                    if error.kind == Kind::Timeout || is_late() {
                        late.get_or_insert_with(|| error.clone());
                    }
                    failed.push((name, error));
                }
                _ => {}
            }
        }
    }
}

/// Deletes each, also after one could not be.
pub(crate) fn one_by_one<S: Store>(store: &S, container: &str, names: &[String]) -> Result<()> {
    let failed = names.iter().filter_map(|name| {
        let error = store.delete(Object { container, name }).err()?;
        Some((name.as_str(), error))
    });
    summary(names.len(), failed)
}

/// The one error of all that could not be deleted: the kind is that of the first.
pub fn summary<'a>(all: usize, failed: impl IntoIterator<Item = (&'a str, Error)>) -> Result<()> {
    let mut count = 0usize;
    let mut first: Option<Error> = None;
    let mut named = String::new();
    for (name, error) in failed {
        if count < NAMED {
            named.push_str(if count == 0 { "`" } else { ", `" });
            named.push_str(name);
            named.push('`');
        }
        count += 1;
        first.get_or_insert(error);
    }
    let Some(Error { kind, sentence }) = first else { return Ok(()) };
    let more = if count > NAMED { " and others" } else { "" };
    Err(Error::new(kind, format!("{count} of {all} could not be deleted, {named}{more}: {sentence}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_first_and_counts_all() {
        let failed = |names: &[&'static str]| {
            let failed =
                names.iter().map(|name| (*name, Error::new(Kind::Unavailable, format!("no {name}"))));
            summary(9, failed.collect::<Vec<_>>()).map_err(|error| error.to_string())
        };
        assert_eq!(failed(&[]), Ok(()));
        assert_eq!(failed(&["a"]).unwrap_err(), "unavailable: 1 of 9 could not be deleted, `a`: no a");
        assert_eq!(
            failed(&["a", "b", "c", "d"]).unwrap_err(),
            "unavailable: 4 of 9 could not be deleted, `a`, `b`, `c` and others: no a"
        );
    }
}
