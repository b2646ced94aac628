//! What may follow a command: `| json`, `| include TEXT`, `| exclude TEXT`, `| count`.

use super::parse::ParseError;

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Show JSON instead of text.
    Json,
    /// Keep the lines that contain the text.
    Include(String),
    /// Keep the lines that do not.
    Exclude(String),
    /// The number of lines that are not blank, instead of them.
    Count,
}

/// The words for stages, with their help; the order of completion.
pub(super) const STAGES: [(&str, &str); 4] = [
    ("json", "As JSON, on one line"),
    ("include", "Only lines that contain a text"),
    ("exclude", "Only lines that do not contain a text"),
    ("count", "Only the number of lines"),
];

/// Splits `line` into its command and the stages after it.
pub(super) fn split_stages(line: &str) -> Result<(&str, Vec<Stage>), ParseError> {
    let mut parts = line.split('|');
    let command = parts.next().unwrap_or_default();
    let mut at = command.len();
    let mut stages = Vec::new();
    for part in parts {
        at += 1;
        stages.push(stage(part, at)?);
        at += part.len();
    }
    Ok((command, stages))
}

/// Reads one stage that begins at byte `at` of the line.
fn stage(part: &str, at: usize) -> Result<Stage, ParseError> {
    let word = part.trim_start();
    let word_at = at + part.len() - word.len();
    let (name, text) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
    let text = text.trim();
    let text_at = word_at + name.len() + 1;
    if name.is_empty() {
        return Err(ParseError::Incomplete);
    }
    // No two stages begin with the same letter.
    let Some((whole, _)) = STAGES.iter().find(|(whole, _)| whole.starts_with(name)) else {
        return Err(ParseError::Invalid { at: word_at });
    };
    match (*whole, text.is_empty()) {
        ("json", true) => Ok(Stage::Json),
        ("count", true) => Ok(Stage::Count),
        ("json" | "count", false) => Err(ParseError::Invalid { at: text_at }),
        (_, true) => Err(ParseError::Incomplete),
        ("include", false) => Ok(Stage::Include(text.to_owned())),
        (_, false) => Ok(Stage::Exclude(text.to_owned())),
    }
}

/// Sends `text` through `stages` in order; [`Stage::Json`] was heeded when the text was made.
pub(super) fn apply(stages: &[Stage], mut text: String) -> String {
    for stage in stages {
        let mut kept = String::with_capacity(text.len());
        match stage {
            Stage::Json => continue,
            Stage::Include(wanted) => keep(&text, &mut kept, |line| line.contains(wanted.as_str())),
            Stage::Exclude(unwanted) => keep(&text, &mut kept, |line| !line.contains(unwanted.as_str())),
            Stage::Count => {
                kept = format!("{}\n", text.lines().filter(|line| !line.trim().is_empty()).count());
            }
        }
        text = kept;
    }
    text
}

fn keep(text: &str, kept: &mut String, wanted: impl Fn(&str) -> bool) {
    for line in text.lines().filter(|line| wanted(line)) {
        kept.push_str(line);
        kept.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_split_and_abbreviate() {
        let (command, stages) = split_stages("show arp | inc 10.0 0.1 | c").expect("valid");
        assert_eq!(command, "show arp ");
        assert_eq!(stages, [Stage::Include("10.0 0.1".into()), Stage::Count]);
        assert_eq!(split_stages("show arp|json").map(|(_, s)| s), Ok(vec![Stage::Json]));
    }

    #[test]
    fn wrong_stages_are_pointed_at() {
        assert_eq!(split_stages("show arp | grep x").unwrap_err(), ParseError::Invalid { at: 11 });
        assert_eq!(split_stages("show arp | json x").unwrap_err(), ParseError::Invalid { at: 16 });
        assert_eq!(split_stages("show arp | include").unwrap_err(), ParseError::Incomplete);
        assert_eq!(split_stages("show arp |").unwrap_err(), ParseError::Incomplete);
    }

    #[test]
    fn filters_and_counts() {
        let text = "a 1\n\nb 2\nab 3\n";
        let run = |stages: &[Stage]| apply(stages, text.to_owned());
        assert_eq!(run(&[Stage::Include("a".into())]), "a 1\nab 3\n");
        assert_eq!(run(&[Stage::Exclude("a".into())]), "\nb 2\n");
        assert_eq!(run(&[Stage::Count]), "3\n");
        assert_eq!(run(&[Stage::Include("b".into()), Stage::Count]), "2\n");
        assert_eq!(run(&[Stage::Include("zzz".into()), Stage::Count]), "0\n");
    }
}
