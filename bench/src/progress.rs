//! Progress on standard error: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `steps` steps.
pub fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    // A template with a mistake would leave indicatif's own.
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {wide_msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(core::time::Duration::from_millis(250));
    bar
}
