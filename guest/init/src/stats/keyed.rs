//! The kernel's small text files: `key value` lines, `key=value` lists, single numbers. Pure.

use std::collections::HashMap;

use crate::proto::{DeviceIo, Pressure, PressureLine};

/// A file of `key value` lines (cpu.stat, memory.stat, memory.events, /proc/vmstat); `/proc/meminfo`'s `key: value kB` too.
#[derive(Debug, Default)]
pub struct Keyed<'a>(HashMap<&'a str, u64>);

impl<'a> Keyed<'a> {
    pub fn parse(text: &'a str) -> Self {
        Self(text.lines().filter_map(keyed_line).collect())
    }

    /// 0 for what the kernel does not have.
    pub fn get(&self, key: &str) -> u64 {
        self.0.get(key).copied().unwrap_or(0)
    }
}

fn keyed_line(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_whitespace();
    let key = words.next()?.trim_end_matches(':');
    let value = words.next()?.parse().ok()?;
    Some((key, value))
}

/// A file of one number; None for `max` (no limit) and for anything else.
pub fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// cpu.pressure, memory.pressure, io.pressure: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
pub fn pressure(text: &str) -> Pressure {
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(pressure_line);
    Pressure { some: line("some "), full: line("full ") }
}

fn pressure_line(line: &str) -> PressureLine {
    let value = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key));
    let average = |key: &str| value(key).and_then(|text| text.parse().ok()).unwrap_or(0.0);
    PressureLine {
        avg10: average("avg10="),
        avg60: average("avg60="),
        avg300: average("avg300="),
        total_us: value("total=").and_then(number).unwrap_or(0),
    }
}

/// io.stat: `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`, a device per line.
pub fn devices(text: &str) -> Vec<DeviceIo> {
    text.lines().filter_map(device).collect()
}

fn device(line: &str) -> Option<DeviceIo> {
    let (id, rest) = line.split_once(' ')?;
    let (major, minor) = id.split_once(':')?;
    let value =
        |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key)).and_then(number).unwrap_or(0);
    Some(DeviceIo {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
        read_bytes: value("rbytes="),
        written_bytes: value("wbytes="),
        reads: value("rios="),
        writes: value("wios="),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_key() {
        let stat = Keyed::parse("usage_usec 120\nuser_usec 80\ngarbage\nbad value\nMemTotal:  500 kB\n");
        assert_eq!([stat.get("usage_usec"), stat.get("user_usec"), stat.get("MemTotal")], [120, 80, 500]);
        assert_eq!([stat.get("garbage"), stat.get("bad"), stat.get("absent")], [0, 0, 0]);
    }

    #[test]
    fn max_is_no_number() {
        assert_eq!([number("max\n"), number("42\n"), number(""), number("-1")], [None, Some(42), None, None]);
    }

    #[test]
    fn pressure_has_two_lines_or_one() {
        let text = "some avg10=1.50 avg60=0.25 avg300=0.00 total=77\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=9\n";
        let both = pressure(text);
        assert_eq!(both.some.map(|line| (line.avg10, line.avg60, line.total_us)), Some((1.5, 0.25, 77)));
        assert_eq!(both.full.map(|line| line.total_us), Some(9));
        assert_eq!(pressure("some avg10=x\n"), Pressure { some: Some(PressureLine::default()), full: None });
    }

    #[test]
    fn devices_that_make_no_sense_are_left_out() {
        let all = devices("254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n7:0\nnonsense here\n8:16 rbytes=9\n");
        let shown: Vec<_> = all.iter().map(|io| (io.major, io.minor, io.read_bytes, io.writes)).collect();
        assert_eq!(shown, [(254, 0, 1, 4), (8, 16, 9, 0)]);
    }
}
