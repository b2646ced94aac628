//! The repository's text files in memory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One text file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path from the repository's root, with slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// All text files of the repository, in the order of their paths, and the names at its top level.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The files.
    pub files: Vec<SourceFile>,
    /// Names of files and folders at the top level.
    pub top_level: Vec<String>,
}

/// The repository could not be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {path}: {source}")]
pub struct TreeError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Folders with nothing of ours in them: build output, git's own, editors' and interpreters' leavings. `.gitignore`
/// says the same.
fn is_skipped(name: &str) -> bool {
    name == ".git" || name == "__pycache__" || name == "target" || name.starts_with("target-")
}

impl Tree {
    /// Reads the repository this crate is in.
    pub fn load() -> Result<Tree, TreeError> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut tree = Tree { files: Vec::new(), top_level: names(&root)? };
        let top_level = tree.top_level.clone();
        for name in top_level.iter().filter(|n| !is_skipped(n)) {
            tree.read(&root, name)?;
        }
        Ok(tree)
    }

    /// A tree of the given files, for rules' own tests.
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let files =
            files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() });
        Tree { files: files.collect(), top_level: Vec::new() }
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|f| f.path.ends_with(".rs"))
    }

    fn read(&mut self, root: &Path, relative: &str) -> Result<(), TreeError> {
        let path = root.join(relative);
        if path.is_dir() {
            for name in names(&path)?.iter().filter(|n| !is_skipped(n)) {
                self.read(root, &format!("{relative}/{name}"))?;
            }
            return Ok(());
        }
        let bytes = fs::read(&path).map_err(|source| TreeError { path, source })?;
        // What is not UTF-8 is data (captures, corpora), not text.
        if let Ok(text) = String::from_utf8(bytes) {
            self.files.push(SourceFile { path: relative.to_owned(), text });
        }
        Ok(())
    }
}

fn names(dir: &Path) -> Result<Vec<String>, TreeError> {
    let failed = |source| TreeError { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
