//! Deleting many objects.

use plugboard_error::{Error, Kind, Result};

use crate::listing::page;
use crate::{Object, Store};

/// The names that an error tells.
const NAMED: usize = 3;
/// Deletions under way at the same time.
const AT_ONCE: usize = 16;

/// Deletes all that is in the container, also after something could not be.
pub fn clear<S: Store>(store: &S, container: &str) -> Result<()> {
    let (mut after, mut all, mut failed) = (None, 0usize, Failures::default());
    loop {
        let page = page(store, container, after.as_deref())?;
        if !page.names.is_empty() {
            all = all.saturating_add(page.names.len());
            store.delete_each(container, &page.names, true, &mut failed);
        }
        // Where the service has stopped to answer, it would be waited for with each page.
        let is_late = failed.first.as_ref().is_some_and(|error| error.kind == Kind::Timeout);
        if page.next.is_none() || is_late {
            return failed.summary(all);
        }
        after = page.next;
    }
}

/// Deletes each in a request of its own, many at a time. `begin` and `finish` are such a request, which [`Store::pump`]
/// moves; `is_late` says whether there is no time left.
pub fn side_by_side<'a, S: Store>(
    store: &S,
    names: impl IntoIterator<Item = &'a str>,
    begin: impl Fn(&str) -> Result<S::Block>,
    finish: impl Fn(S::Block) -> Result<()>,
    is_late: impl Fn() -> bool,
    failed: &mut Failures,
) {
    let mut names = names.into_iter();
    let mut late = None;
    loop {
        // All of them are begun before the first is waited for, and none once one failed with no time left.
        let some = names.by_ref().take(AT_ONCE);
        let begun =
            some.map(|name| (name, late.clone().map_or_else(|| begin(name), Err))).collect::<Vec<_>>();
        if begun.is_empty() {
            return;
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
                    failed.add(name, error);
                }
                _ => {}
            }
        }
    }
}

/// What of many could not be deleted. It says of how many, and of the first few which.
#[derive(Default)]
pub struct Failures {
    count: usize,
    first: Option<Error>,
    named: String,
}

impl Failures {
    pub fn add(&mut self, name: &str, error: Error) {
        if self.count < NAMED {
            self.named.push_str(if self.count == 0 { "`" } else { ", `" });
            self.named.push_str(name);
            self.named.push('`');
        }
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert(error);
    }

    /// The error of one that was to be deleted alone.
    pub fn single(self) -> Result<()> {
        self.first.map_or(Ok(()), Err)
    }

    /// The one error of all of them: the kind is that of the first.
    pub(crate) fn summary(self, all: usize) -> Result<()> {
        let Failures { count, first: Some(Error { kind, sentence }), named } = self else { return Ok(()) };
        let more = if count > NAMED { " and others" } else { "" };
        Err(Error::new(kind, format!("{count} of {all} could not be deleted, {named}{more}: {sentence}")))
    }
}

/// Deletes each, also after one could not be.
pub(crate) fn one_by_one<S: Store>(store: &S, container: &str, names: &[String], failed: &mut Failures) {
    for name in names {
        if let Err(error) = store.delete(Object { container, name }) {
            failed.add(name, error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Page, fake};

    #[test]
    fn an_error_names_the_first_and_counts_all() {
        let failed = |names: &[&'static str]| {
            let mut all = Failures::default();
            for name in names {
                all.add(name, Error::new(Kind::Unavailable, format!("no {name}")));
            }
            all.summary(9).map_err(|error| error.to_string())
        };
        assert_eq!(failed(&[]), Ok(()));
        assert_eq!(failed(&["a"]).unwrap_err(), "unavailable: 1 of 9 could not be deleted, `a`: no a");
        assert_eq!(
            failed(&["a", "b", "c", "d"]).unwrap_err(),
            "unavailable: 4 of 9 could not be deleted, `a`, `b`, `c` and others: no a"
        );
    }

    fn page(names: &[&str], next: Option<&str>) -> Page {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Page { names, next: next.map(str::to_owned) }
    }

    #[test]
    fn all_pages_are_cleared_though_something_could_not_be_deleted() {
        let store = fake::store();
        store.fail("delete c/b");
        store.pages(vec![page(&["a", "b"], Some("1")), page(&[], Some("2")), page(&["c", "b"], None)]);
        let error = clear(store, "c").unwrap_err().to_string();
        assert_eq!(error, "unavailable: 2 of 4 could not be deleted, `b`, `b`: delete c/b");
        assert_eq!(store.calls().iter().filter(|call| call.starts_with("delete")).count(), 4);
    }

    /// It would be asked for again and again.
    #[test]
    fn a_page_that_leads_to_itself_is_an_error() {
        let store = fake::store();
        store.pages(vec![page(&["a"], Some("1")), page(&[], Some("1"))]);
        assert_eq!(clear(store, "c").unwrap_err().kind, Kind::Protocol);
    }
}
