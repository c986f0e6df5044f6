//! Tests that a given value passes, or nearly: the words of random questions.

use super::dice::Dice;
use super::moment::{self, DAY};
use super::print::span_text;
use super::table::Kind;
use super::text;
use super::tree::{Quotes, Sign, Span, Test, Word};

/// What a test is to be about.
pub(super) struct Phrasing<'a> {
    pub(super) kind: Kind,
    /// A value that is there; `None` if there is none.
    pub(super) value: Option<&'a str>,
    pub(super) now: i64,
}

const COMPARISONS: [Sign; 6] =
    [Sign::Equal, Sign::NotEqual, Sign::Less, Sign::LessEqual, Sign::Greater, Sign::GreaterEqual];

impl Phrasing<'_> {
    pub(super) fn test(&self, dice: &mut Dice) -> Test {
        match self.kind {
            Kind::Number | Kind::Date => self.measured(dice),
            Kind::InUse if dice.percent(15) => {
                Test::Is(Word::new(*dice.pick(&["true", "TRUE"]), Quotes::None))
            }
            Kind::InUse => match dice.below(3) {
                0 => Test::Compare(*dice.pick(&[Sign::GreaterEqual, Sign::Less]), self.date(dice)),
                _ => self.span(dice),
            },
            Kind::Address => match dice.below(6) {
                0 => Test::OneOf(vec![self.address(dice, true), Word::new("203.0.113.9", Quotes::None)]),
                1 => self.span(dice),
                2 => Test::Compare(*dice.pick(&[Sign::Equal, Sign::NotEqual]), self.address(dice, false)),
                _ => Test::Is(self.address(dice, true)),
            },
            Kind::Flag => {
                let text = *dice.pick(&["true", "true", "True", "false", "FALSE"]);
                Test::Is(Word::new(text, Quotes::None))
            }
            _ => match dice.below(10) {
                0 | 1 => {
                    let mut words = vec![self.word(dice)];
                    let other = Phrasing { value: None, ..*self };
                    (0..dice.below(3)).for_each(|_| words.push(other.word(dice)));
                    Test::OneOf(words)
                }
                2 | 3 => Test::Compare(*dice.pick(&[Sign::Equal, Sign::NotEqual]), self.whole(dice)),
                _ => Test::Is(self.word(dice)),
            },
        }
    }

    /// Numbers and dates: equal, compared, listed, or between two.
    fn measured(&self, dice: &mut Dice) -> Test {
        match dice.below(10) {
            0 | 1 => Test::Is(self.amount(dice)),
            2 => Test::OneOf((0..1 + dice.below(3)).map(|_| self.amount(dice)).collect()),
            3 if self.kind == Kind::Number && !self.shown().contains('.') => {
                let from = self.shown().parse::<i64>().unwrap_or(3).unsigned_abs();
                let range =
                    format!("{}-{}", from.saturating_sub(dice.below(3) as u64), from + dice.below(3) as u64);
                Test::OneOf(vec![Word::new(range, Quotes::None)])
            }
            3..=6 => Test::Compare(*dice.pick(&COMPARISONS), self.amount(dice)),
            _ => self.span(dice),
        }
    }

    fn shown(&self) -> &str {
        self.value.unwrap_or_default()
    }

    fn amount(&self, dice: &mut Dice) -> Word {
        match self.kind {
            Kind::Number => self.number(dice),
            Kind::Address => self.address(dice, false),
            _ => self.date(dice),
        }
    }

    fn span(&self, dice: &mut Dice) -> Test {
        let is_address = self.kind == Kind::Address;
        let end = |dice: &mut Dice| {
            let word = self.amount(dice);
            (word, is_address || dice.percent(70))
        };
        let mut ends = [end(dice), end(dice)];
        if is_address || dice.percent(80) {
            ends.sort_by_key(|(word, _)| self.rank(word));
        }
        let [from, to] = ends;
        let span = match dice.below(8) {
            0 => Span { from: Some(from), to: None },
            1 => Span { from: None, to: Some(to) },
            _ => Span { from: Some(from), to: Some(to) },
        };
        if is_address || dice.percent(70) {
            return Test::Within(span);
        }
        // a quoted span has no quotes inside
        let plain = |end: Option<(Word, bool)>| {
            end.map(|(word, inclusive)| (Word::new(word.text, Quotes::None), inclusive))
        };
        let span = Span { from: plain(span.from), to: plain(span.to) };
        let quotes = *dice.pick(&[Quotes::Back, Quotes::Single]);
        Test::Is(Word::new(span_text(&span, dice), quotes))
    }

    fn rank(&self, word: &Word) -> i128 {
        match self.kind {
            Kind::Number => word.text.parse::<f64>().map_or(0, |number| (number * 10.0) as i128),
            Kind::Address => super::address::Address::of(&word.text)
                .map_or(0, |address| i128::from(address.bits) << 64 | (address.number >> 64) as i128),
            _ => moment::period(&word.text, self.now).map_or(0, |(from, _)| i128::from(from)),
        }
    }

    fn number(&self, dice: &mut Dice) -> Word {
        let off = if dice.percent(50) { 0 } else { dice.between(-2, 2) };
        let text = match self.shown() {
            decimal if decimal.contains('.') => {
                let number = decimal.parse::<f64>().unwrap_or(5.0) + off as f64;
                if dice.percent(30) { format!("{number:.0}") } else { format!("{number:.1}") }
            }
            whole => match whole.parse::<i64>() {
                Ok(number) => (number + off).to_string(),
                Err(_) => dice.between(0, 9).to_string(),
            },
        };
        let quotes = *dice.pick(&[
            Quotes::None,
            Quotes::None,
            Quotes::None,
            Quotes::None,
            Quotes::Back,
            Quotes::Double,
        ]);
        Word::new(text, quotes)
    }

    fn date(&self, dice: &mut Dice) -> Word {
        let known = self.shown().parse::<i64>().ok().filter(|at| *at > 0);
        let mut at = known.unwrap_or_else(|| dice.between(1_672_531_200_000, self.now));
        if dice.percent(50) {
            at += *dice.pick(&[-1, 1, -3_600_000, 3_600_000, -DAY, DAY, 40 * DAY]);
        }
        let (year, month, day) = moment::date_of(at.div_euclid(DAY));
        let second = at.rem_euclid(DAY) / 1_000;
        let clock = |second: i64| format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
        let text = match dice.below(10) {
            0 => year.to_string(),
            1 => format!("{year}-{month:02}"),
            2 | 3 => format!("{year}-{month:02}-{day:02}"),
            4 => format!("{year}-{month:02}-{day:02}T{}Z", clock(second)),
            5 => format!("{year}-{month:02}-{day:02}T{}.{:03}Z", clock(second), at.rem_euclid(1_000)),
            6 => format!("{year}-{month:02}-{day:02}T{}+02:00", clock(second)),
            7 => {
                let (unit, length) = *dice.pick(&[
                    ("s", 1_000),
                    ("m", 60_000),
                    ("h", 3_600_000),
                    ("d", DAY),
                    ("w", 7 * DAY),
                    ("M", 30 * DAY),
                    ("y", 365 * DAY),
                ]);
                let count = (self.now - at) / length;
                let rounding = *dice.pick(&["", "", "/d", "/h"]);
                if count >= 0 {
                    format!("now-{count}{unit}{rounding}")
                } else {
                    format!("now+{}{unit}{rounding}", -count)
                }
            }
            _ => at.to_string(),
        };
        let quotes = *dice.pick(&[
            Quotes::None,
            Quotes::None,
            Quotes::None,
            Quotes::Back,
            Quotes::Double,
            Quotes::Single,
        ]);
        Word::new(text, quotes)
    }

    fn address(&self, dice: &mut Dice, with_blocks: bool) -> Word {
        let value = if self.shown().is_empty() { "10.0.0.8" } else { self.shown() };
        let text = match (value.parse::<std::net::IpAddr>(), dice.below(4)) {
            (Ok(address), 0) if with_blocks => {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                format!("{address}/{}", dice.between(bits / 4, bits))
            }
            (Ok(std::net::IpAddr::V6(address)), 1) => {
                let parts: Vec<String> =
                    address.segments().iter().map(|part| format!("{part:04X}")).collect();
                parts.join(":")
            }
            (Ok(std::net::IpAddr::V4(address)), 1) => {
                std::net::Ipv4Addr::from(u32::from(address).wrapping_add(dice.below(3) as u32)).to_string()
            }
            _ => value.to_owned(),
        };
        let quotes = *dice.pick(&[Quotes::None, Quotes::None, Quotes::Back, Quotes::Double]);
        Word::new(text, quotes)
    }

    /// The value as a whole, or what is not quite it.
    fn whole(&self, dice: &mut Dice) -> Word {
        let mut text = if self.shown().is_empty() { "zz-none".to_owned() } else { self.shown().to_owned() };
        match self.kind {
            Kind::Closed(words) if self.value.is_none() || dice.percent(20) => {
                text = (*dice.pick(words)).to_owned()
            }
            Kind::Closed(_) => {}
            _ if dice.percent(10) => drop(text.pop()),
            _ => {}
        }
        let text = if text.trim().is_empty() { "zz".to_owned() } else { text };
        let bare = is_bare(&text);
        let quotes = match dice.below(4) {
            0 | 1 if bare => Quotes::None,
            2 if self.kind != Kind::Text => Quotes::Double,
            3 if text.trim() == text => Quotes::Single,
            _ => Quotes::Back,
        };
        let padded = quotes == Quotes::Single && dice.percent(30);
        Word::new(if padded { format!(" {text} ") } else { text }, quotes)
    }

    fn word(&self, dice: &mut Dice) -> Word {
        if self.kind == Kind::Text {
            return match dice.below(10) {
                0..=4 => self.bare_text(dice),
                5 | 6 => self.part(dice),
                7 if dice.percent(30) => Word::new("*", Quotes::None),
                _ => self.whole(dice),
            };
        }
        let mut word = self.whole(dice);
        let any_case = matches!(self.kind, Kind::Hex | Kind::Short | Kind::Choice | Kind::Closed(_));
        if any_case
            && dice.percent(25)
            && (word.quotes == Quotes::None || !matches!(self.kind, Kind::Choice | Kind::Closed(_)))
        {
            word.text = if dice.percent(50) { word.text.to_uppercase() } else { word.text.to_lowercase() };
        }
        if word.quotes == Quotes::None && word.text.is_ascii() && dice.percent(15) {
            word.text.truncate(1 + dice.below(word.text.len()));
            word.text.push('*');
        }
        word
    }

    /// Beginnings of one or two words of the value.
    fn bare_text(&self, dice: &mut Dice) -> Word {
        let pieces: Vec<&str> =
            self.shown().split(|c: char| !is_plain(c)).filter(|piece| is_bare(piece)).collect();
        if pieces.is_empty() {
            return Word::new(*dice.pick(&["web", "prod", "1", "zz"]), Quotes::None);
        }
        let piece = *dice.pick(&pieces);
        let mut text = cut(dice, piece);
        if dice.percent(25) {
            let piece = *dice.pick(&pieces);
            let second = cut(dice, piece);
            if !second.contains([':', '=']) {
                text = format!("{text} {second}");
            }
        }
        if dice.percent(20) {
            text = text.to_uppercase();
        }
        if !text.split(' ').all(is_bare) {
            text = "web".to_owned();
        }
        if dice.percent(10) {
            text.push('*');
        }
        Word::new(text, Quotes::None)
    }

    /// A stretch of the value between double quotes.
    fn part(&self, dice: &mut Dice) -> Word {
        let characters: Vec<char> = self.shown().chars().collect();
        let starts: Vec<usize> =
            (0..characters.len()).filter(|at| *at == 0 || !characters[*at - 1].is_alphanumeric()).collect();
        if starts.is_empty() {
            return Word::new("team web", Quotes::Double);
        }
        let start = *dice.pick(&starts);
        let end = start + 1 + dice.below(characters.len() - start);
        let text: String = characters[start..end].iter().collect();
        if text::words(&text).is_empty() {
            Word::new("web", Quotes::Double)
        } else {
            Word::new(text, Quotes::Double)
        }
    }
}

fn cut(dice: &mut Dice, word: &str) -> String {
    let length = word.chars().count();
    let kept = if dice.percent(50) { length } else { 1 + dice.below(length) };
    word.chars().take(kept).collect()
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_./:@+~#=-".contains(c)
}

/// Whether a text can stand without quotes as one word.
fn is_bare(text: &str) -> bool {
    let is_keyword = ["and", "or", "not", "is", "null"].iter().any(|word| text.eq_ignore_ascii_case(word));
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(is_plain)
        && !is_keyword
        && !text.contains("..")
}
