//! Deleting many objects.

use plugboard_error::{Error, Result};

use crate::{Object, Store};

/// The names that an error tells.
const NAMED: usize = 3;

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
    use plugboard_error::Kind;

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
