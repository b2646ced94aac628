//! Trials of one figure, reduced.

use serde::Serialize;

/// Median and extremes of some trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The median; of an even number of trials the mean of the middle two.
    #[serde(skip)]
    pub median: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// How many.
    pub trials: usize,
}

impl Figure {
    /// Reduces `trials`; all zero when there are none.
    pub fn of(trials: &[f64]) -> Figure {
        let mut sorted: Vec<f64> = trials.iter().map(|&trial| round(trial)).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let count = sorted.len();
        let median = match count % 2 {
            0 => round((at((count / 2).wrapping_sub(1)) + at(count / 2)) / 2.0),
            _ => at(count / 2),
        };
        Figure { median, min: at(0), max: at(count.saturating_sub(1)), trials: count }
    }
}

/// To three decimals: more would be noise that looks like knowledge.
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_no_trials() {
        assert_eq!(Figure::of(&[3.0, 1.0, 2.0]), Figure { median: 2.0, min: 1.0, max: 3.0, trials: 3 });
        assert_eq!(Figure::of(&[4.0, 1.0, 2.0, 3.0]), Figure { median: 2.5, min: 1.0, max: 4.0, trials: 4 });
        assert_eq!(Figure::of(&[]), Figure { median: 0.0, min: 0.0, max: 0.0, trials: 0 });
    }
}
