//! The names in a container, page by page.

use std::collections::VecDeque;

use plugboard_error::{Error, Kind, Result};

use crate::{Page, Store};

/// The most names in one answer, which is in memory: whoever asks for more asks again.
const MOST: u64 = 100_000;

pub(crate) struct Listing<S: 'static> {
    store: &'static S,
    container: String,
    /// Fetched, and not given away.
    names: VecDeque<String>,
    rest: Rest,
}

/// What the service has beyond the names that are here.
enum Rest {
    All,
    After(String),
    Nothing,
}

impl<S: Store> Listing<S> {
    pub(crate) fn new(store: &'static S, container: &str) -> Self {
        Listing { store, container: container.to_owned(), names: VecDeque::new(), rest: Rest::All }
    }

    /// At most so many names, and whether nothing is left.
    pub(crate) fn read(&mut self, most: u64) -> Result<(Vec<String>, bool)> {
        let mut names = Vec::new();
        let most = most.min(MOST);
        let last = self.take(most, |name| names.push(name))?;
        Ok((names, last))
    }

    /// Leaves out so many names; says how many there were, and whether nothing is left.
    pub(crate) fn skip(&mut self, count: u64) -> Result<(u64, bool)> {
        let mut skipped = 0;
        let last = self.take(count, |_| skipped += 1)?;
        Ok((skipped, last))
    }

    fn take(&mut self, most: u64, mut give: impl FnMut(String)) -> Result<bool> {
        let mut left = most;
        // One more than is asked for has to be known of, to tell the last from the others.
        loop {
            match self.fetch() {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                // What was taken is not lost: the error is that of the next call, should it still be there.
                Err(_) if left < most => return Ok(false),
                Err(error) => return Err(error),
            }
            if left == 0 {
                return Ok(false);
            }
            if let Some(name) = self.names.pop_front() {
                give(name);
                left -= 1;
            }
        }
    }

    /// Makes sure that there is a name, if the service has one.
    fn fetch(&mut self) -> Result<bool> {
        while self.names.is_empty() {
            let after = match &self.rest {
                Rest::All => None,
                Rest::After(last) => Some(last.as_str()),
                Rest::Nothing => return Ok(false),
            };
            let page = page(self.store, &self.container, after)?;
            self.names.extend(page.names);
            self.rest = page.next.map_or(Rest::Nothing, Rest::After);
        }
        Ok(true)
    }
}

/// The next page. One that leads to itself would never end.
pub(crate) fn page<S: Store>(store: &S, container: &str, after: Option<&str>) -> Result<Page> {
    let page = store.list(container, after)?;
    if page.next.is_some() && page.next.as_deref() == after {
        return Err(Error::new(Kind::Protocol, "the service gave a page of names that leads to itself"));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    fn page(names: &str, next: Option<&str>) -> Page {
        Page { names: names.split_whitespace().map(str::to_owned).collect(), next: next.map(str::to_owned) }
    }

    fn read(listing: &mut Listing<fake::Fake>, most: u64) -> (String, bool) {
        let (names, last) = listing.read(most).unwrap();
        (names.join(" "), last)
    }

    #[test]
    fn the_last_name_comes_with_the_end_and_no_other_does() {
        let store = fake::store();
        store.pages(vec![page("a b", Some("1")), page("", Some("2")), page("c", Some("3")), page("", None)]);
        let mut listing = Listing::new(store, "c");
        assert_eq!(store.calls(), [""; 0]);
        assert_eq!(read(&mut listing, 0), (String::new(), false));
        assert_eq!(store.calls(), ["list c None"]);
        assert_eq!(read(&mut listing, 1), ("a".into(), false));
        assert_eq!(read(&mut listing, 1), ("b".into(), false));
        assert_eq!(listing.skip(5), Ok((1, true)));
        assert_eq!(read(&mut listing, 5), (String::new(), true));
        let pages = ["list c None", "list c Some(\"1\")", "list c Some(\"2\")", "list c Some(\"3\")"];
        assert_eq!(store.calls(), pages);
    }

    #[test]
    fn an_empty_container_ends_at_once() {
        let store = fake::store();
        store.pages(vec![page("", None)]);
        assert_eq!(Listing::new(store, "c").skip(0), Ok((0, true)));
    }

    #[test]
    fn a_page_that_leads_to_itself_is_an_error() {
        let store = fake::store();
        store.pages(vec![page("", Some("1")), page("", Some("1"))]);
        assert_eq!(Listing::new(store, "c").skip(5).unwrap_err().kind, Kind::Protocol);
    }

    #[test]
    fn names_are_not_lost_when_the_next_page_fails() {
        let store = fake::store();
        store.pages(vec![page("a b", Some("1"))]);
        store.fail("list c Some(\"1\")");
        let mut listing = Listing::new(store, "c");
        assert_eq!(read(&mut listing, 9), ("a b".into(), false));
        assert!(listing.read(9).is_err());
        store.mend();
        store.pages(vec![page("c", None)]);
        assert_eq!(read(&mut listing, 9), ("c".into(), true));
    }
}
