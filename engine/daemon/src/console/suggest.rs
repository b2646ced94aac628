//! What may come next: for `?`, for completion, and the list of `help`.

use super::commands::{COMMANDS, GROUPS};
use super::grammar::Word;
use super::parse::{narrow, split};
use super::pipe::STAGES;

/// Something that may be typed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The word, or a placeholder.
    pub text: String,
    /// What it is about.
    pub help: String,
    /// Whether `text` can be typed as it stands.
    pub literal: bool,
}

/// Where completion replaces and what may stand there: the byte at which the last word of `line` begins (the end of
/// `line` after a space) and the suggestions that begin with it.
pub fn suggest(line: &str) -> (usize, Vec<Suggestion>) {
    let at = line.rfind(|c: char| c.is_whitespace() || c == '|').map_or(0, |i| i + 1);
    let (before, partial) = line.split_at(at);
    if let Some((_, stage)) = before.rsplit_once('|') {
        let stages = if stage.trim().is_empty() { &STAGES[..] } else { &[] };
        let found = stages.iter().filter(|(name, _)| name.starts_with(partial));
        return (at, found.map(|(name, help)| literal(name, help)).collect());
    }
    let words = split(before);
    let Ok(fitting) = narrow(&words) else { return (at, Vec::new()) };
    let mut found: Vec<Suggestion> = Vec::new();
    for command in fitting {
        match command.words.get(words.len()) {
            Some(Word::Keyword(keyword)) if keyword.starts_with(partial) => {
                let help = group_help(&command.words[..=words.len()]).unwrap_or(command.help);
                found.push(literal(keyword, help));
            }
            Some(Word::Keyword(_)) => {}
            Some(Word::Argument(argument)) => {
                let choices = argument.choices();
                let matching = choices.iter().filter(|choice| choice.starts_with(partial));
                found.extend(matching.map(|choice| literal(choice, argument.help())));
                if partial.is_empty() && (choices.is_empty() || choices == ["all"]) {
                    let text = argument.placeholder().trim_start_matches("all|").to_owned();
                    found.push(Suggestion { text, help: argument.help().to_owned(), literal: false });
                }
            }
            None if partial.is_empty() => {
                let help = command.help.to_owned();
                found.push(Suggestion { text: "<cr>".to_owned(), help, literal: false });
            }
            None => {}
        }
    }
    found.sort_by(|a, b| (!a.literal, &a.text).cmp(&(!b.literal, &b.text)));
    found.dedup_by(|a, b| a.text == b.text);
    (at, found)
}

fn literal(text: &str, help: &str) -> Suggestion {
    Suggestion { text: text.to_owned(), help: help.to_owned(), literal: true }
}

/// Help of a word that begins several commands.
fn group_help(words: &[Word]) -> Option<&'static str> {
    let path: Vec<&str> = words
        .iter()
        .filter_map(|word| match word {
            Word::Keyword(keyword) => Some(*keyword),
            Word::Argument(_) => None,
        })
        .collect();
    let path = path.join(" ");
    GROUPS.iter().find(|(group, _)| *group == path).map(|(_, help)| *help)
}

/// The answer to `line?`.
pub(super) fn question(line: &str) -> Option<String> {
    let (_, found) = suggest(line);
    let width = found.iter().map(|suggestion| suggestion.text.len()).max()?;
    Some(found.iter().map(|s| format!("  {:<width$}  {}\n", s.text, s.help)).collect())
}

/// The list of `help`.
pub(super) fn list() -> String {
    let usages: Vec<String> = COMMANDS.iter().map(|command| command.usage()).collect();
    let width = usages.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::from(
        "Any unambiguous beginning of a word will do; `?` after any of them lists what may come next.\n\n",
    );
    for (usage, command) in usages.iter().zip(COMMANDS) {
        out.push_str(&format!("  {usage:<width$}  {}\n", command.help));
    }
    out.push_str("\nAfter a command:\n");
    for (name, help) in STAGES {
        out.push_str(&format!("  | {name:<8} {help}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> (usize, Vec<String>) {
        let (at, found) = suggest(line);
        (at, found.into_iter().map(|s| s.text).collect())
    }

    #[test]
    fn completes_from_the_grammar() {
        let of = |at: usize, words: &[&str]| (at, words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(texts("sh"), of(0, &["show"]));
        assert_eq!(texts("sh ip "), of(6, &["inspect", "route"]));
        assert_eq!(texts("show int"), of(5, &["interfaces"]));
        assert_eq!(texts("show interfaces "), of(16, &["brief", "<cr>"]));
        assert_eq!(texts("set fwd mac"), of(8, &["mac", "macswap"]));
        assert_eq!(texts("show port info "), of(15, &["all", "<port>"]));
        assert_eq!(texts("show arp | i"), of(11, &["include"]));
        assert_eq!(texts("show arp |"), of(10, &["json", "include", "exclude", "count"]));
        assert_eq!(texts("nonsense "), of(9, &[]));
    }

    #[test]
    fn every_word_that_begins_several_commands_has_its_own_help() {
        for command in COMMANDS {
            for length in 1..command.words.len() {
                let prefix = &command.words[..length];
                let several = COMMANDS.iter().filter(|c| c.words.starts_with(prefix)).count() > 1;
                let complete = COMMANDS.iter().any(|c| c.words == prefix);
                if several && !complete {
                    assert!(group_help(prefix).is_some(), "{}", command.usage());
                }
            }
        }
    }
}
