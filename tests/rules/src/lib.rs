//! What the rules are checked with. The rules themselves are the tests of this package.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::root;

/// Compares with the file below golden/, or writes it where `PLUGBOARD_BLESS` is set (`cargo xtask bless`).
pub fn golden(name: &str, text: &str) -> Result<()> {
    golden_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name), text)
}

/// The same with a file that has its place elsewhere.
pub fn golden_file(path: &Path, text: &str) -> Result<()> {
    if std::env::var_os("PLUGBOARD_BLESS").is_some() {
        return std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()));
    }
    let expected = std::fs::read_to_string(path).with_context(|| format!("{} is missing", path.display()))?;
    ensure!(
        expected == text,
        "{} differs; if that is meant, run `cargo xtask bless`\n--- expected\n{expected}--- found\n{text}",
        path.display()
    );
    Ok(())
}

/// The folders below `folder`, by name.
pub fn folders(folder: &str) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    found.sort();
    ensure!(!found.is_empty(), "there is nothing in {folder}/");
    Ok(found)
}
