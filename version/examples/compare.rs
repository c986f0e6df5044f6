//! The order of pairs of versions, `A<TAB>B` a line, as `<`, `=`, `>` or `?`: what `cargo xtask versions` holds against the
//! reference programs. `plimsoll compare-versions` answers the same; this compiles in seconds.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::cmp::Ordering;
use std::io::Read;

use version::{Scheme, compare};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scheme: Scheme = std::env::args().nth(1).unwrap_or_default().parse()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    for line in text.lines() {
        let (a, b) = line.split_once('\t').unwrap_or((line, ""));
        println!(
            "{}",
            match compare(scheme, a, b) {
                Ok(Ordering::Less) => '<',
                Ok(Ordering::Equal) => '=',
                Ok(Ordering::Greater) => '>',
                Err(_) => '?',
            }
        );
    }
    Ok(())
}
