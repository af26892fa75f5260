//! The one table, for people and as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::measured::Measured;

#[derive(Debug, Serialize)]
pub struct Row {
    pub what: String,
    pub unit: &'static str,
    /// The composition.
    pub plugged: Measured,
    /// The same by the hand-written component, where there is one.
    pub by_hand: Option<Measured>,
    /// plugged / by hand
    pub ratio: Option<Measured>,
    pub goal: Option<Goal>,
}

#[derive(Debug, Serialize)]
pub struct Goal {
    pub text: String,
    pub met: bool,
}

impl Row {
    pub fn new(what: impl Into<String>, unit: &'static str, samples: &[f64]) -> Row {
        let plugged = Measured::of(samples);
        Row { what: what.into(), unit, plugged, by_hand: None, ratio: None, goal: None }
    }

    /// Both sides, sample by sample taken next to each other.
    pub fn pair(what: impl Into<String>, unit: &'static str, plugged: &[f64], by_hand: &[f64]) -> Row {
        Row {
            by_hand: Some(Measured::of(by_hand)),
            ratio: Some(Measured::ratio(plugged, by_hand)),
            ..Row::new(what, unit, plugged)
        }
    }

    /// Each sample is to be exactly this.
    pub fn exactly(mut self, number: f64) -> Row {
        let met = [self.plugged.low, self.plugged.median, self.plugged.high].iter().all(|n| *n == number);
        self.goal = Some(Goal { text: format!("= {}", show(number)), met });
        self
    }

    pub fn at_most(mut self, number: f64) -> Row {
        self.goal = Some(Goal { text: format!("≤ {}", show(number)), met: self.plugged.median <= number });
        self
    }

    pub fn ratio_at_least(mut self, number: f64) -> Row {
        let met = self.ratio.is_some_and(|ratio| ratio.median >= number);
        self.goal = Some(Goal { text: format!("ratio ≥ {}", show(number)), met });
        self
    }
}

pub fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["what", "unit", "plugged in", "by hand", "ratio", "goal"]);
    for row in rows {
        let cell = |measured: &Option<Measured>| measured.as_ref().map(with_spread).unwrap_or_default();
        let goal = row.goal.as_ref().map_or_else(String::new, |goal| {
            format!("{}: {}", goal.text, if goal.met { "met" } else { "NOT met" })
        });
        let cells = [with_spread(&row.plugged), cell(&row.by_hand), cell(&row.ratio), goal];
        table.add_row([row.what.clone(), row.unit.to_owned()].into_iter().chain(cells));
    }
    for column in 2..5 {
        table.column_mut(column).expect("there are six").set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// `median [low – high]`, or the number alone where every sample is the same.
fn with_spread(measured: &Measured) -> String {
    if measured.low == measured.high {
        return show(measured.median);
    }
    format!("{} [{} – {}]", show(measured.median), show(measured.low), show(measured.high))
}

/// Three digits that count, or all of a whole number.
fn show(number: f64) -> String {
    let decimals = match number.abs() {
        n if n.fract() == 0.0 || n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 3,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_whether_it_is_met() {
        let met = |row: Row| row.goal.unwrap().met;
        assert!(met(Row::new("requests", "", &[1.0, 1.0]).exactly(1.0)));
        assert!(!met(Row::new("requests", "", &[1.0, 2.0]).exactly(1.0)));
        assert!(met(Row::new("size", "", &[110.0]).at_most(110.0)));
        assert!(!met(Row::new("size", "", &[111.0]).at_most(110.0)));
        assert!(met(Row::pair("rate", "", &[96.0], &[100.0]).ratio_at_least(0.95)));
        assert!(!met(Row::pair("rate", "", &[94.0], &[100.0]).ratio_at_least(0.95)));
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        assert_eq!([812.4, 12.34, 1.234, 0.1234].map(show), ["812", "12.3", "1.23", "0.123"]);
        assert_eq!([179_928.0, 1.0, 0.0].map(show), ["179928", "1", "0"]);
    }

    #[test]
    fn a_row_is_shown_with_its_spread_and_its_goal() {
        let text = render(&[Row::pair("rate", "1/s", &[90.0, 93.0, 96.0], &[100.0; 3]).ratio_at_least(0.95)]);
        for part in ["93 [91.5 – 94.5]", "0.930 [0.915 – 0.945]", "ratio ≥ 0.950: NOT met"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
