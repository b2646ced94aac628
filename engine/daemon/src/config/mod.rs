//! The configuration file: one TOML document per box.
//!
//! Reading has two phases. `sections.rs` walks the parsed document with its spans and reads every value; all wrong
//! types, values out of range and unknown keys are reported together. Only a document without such errors goes to
//! `check.rs`, which compares values with each other, so that one typing error does not bring a dozen others along.
//! serde's derive would stop at the first error and knows neither key paths nor what was expected, which is why the
//! document is walked by hand.

mod check;
mod error;
mod model;
mod pair;
mod places;
mod reader;
mod sections;
mod values;
mod write;

use std::path::Path;

pub use error::{ConfigError, ConfigErrorKind, ConfigErrors};
pub use model::{
    Config, ConfigWarning, EalConfig, InspectSettings, InterfaceConfig, LogConfig, LogFormat, LogLevel,
    NeighbourConfig, PollMode, PortRange, Replicate, RouteConfig, RouteTarget, RuleConfig, WorkersConfig,
};
pub use pair::{HaConfig, HaMode, PreemptConfig, Secret, StandbyAuthentication, StandbyConfig, TrackConfig};
pub use write::Secrets;

/// Largest configuration file in bytes; 10,000 rules take about two million.
pub const CONFIG_BYTES_MAX: u64 = 16 << 20;

impl Config {
    /// Reads and checks the file at `path`.
    pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
        let unreadable = |source| ConfigErrors::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > CONFIG_BYTES_MAX {
            return Err(ConfigErrors::TooLarge { path: path.to_owned(), bytes });
        }
        let raw = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(raw).map_err(|error| ConfigErrors::NotUtf8 {
            path: path.to_owned(),
            at: error.utf8_error().valid_up_to(),
        })?;
        Config::parse(&text, path)
    }

    /// Reads and checks `text`; `path` is only for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigErrors> {
        let problems = reader::Problems::new(text);
        let (document, syntax) = toml::de::DeTable::parse_recoverable(text);
        for error in &syntax {
            problems.syntax(error);
        }
        if syntax.is_empty() {
            let config = sections::read(&document, &problems);
            if problems.is_empty() {
                check::check(&config, &places::Places::new(document.get_ref(), &problems));
            }
            if problems.is_empty() {
                return Ok(config);
            }
        }
        Err(ConfigErrors::Invalid { path: path.to_owned(), errors: problems.into_errors() })
    }
}
