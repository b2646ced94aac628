//! Where the box's program is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::BenchError;

/// The program at `named`, else the one beside this program, which is where cargo puts both.
///
/// # Errors
/// [`BenchError::NoBinary`] with the places looked at.
pub fn find_binary(named: Option<&Path>) -> Result<PathBuf, BenchError> {
    let looked = match named {
        Some(path) => path.to_owned(),
        None => {
            let own =
                std::env::current_exe().map_err(BenchError::system("finding this program's own path"))?;
            own.with_file_name("holdfast")
        }
    };
    if looked.is_file() { Ok(looked) } else { Err(BenchError::NoBinary { looked: vec![looked] }) }
}

/// What `holdfast --version` prints.
///
/// # Errors
/// [`BenchError::System`] when it cannot be run.
pub fn version(binary: &Path) -> Result<String, BenchError> {
    let output = Command::new(binary)
        .arg("--version")
        .output()
        .map_err(BenchError::system(format!("running {} --version", binary.display())))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_to_do() {
        let error = find_binary(Some(Path::new("/nowhere/holdfast"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere/holdfast") && error.contains("cargo build"), "{error}");
    }
}
