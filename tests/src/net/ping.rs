//! ping and traceroute.

use super::error::{LabError, LabResult};
use super::namespace::Namespace;
use super::process::Finished;
use std::net::IpAddr;
use std::time::Duration;

/// Answers to `count` echo requests with `extra` options; waits at most two seconds for each.
pub fn ping(from: &Namespace, to: IpAddr, count: u32, extra: &[&str]) -> LabResult<Finished> {
    let (count_text, target) = (count.to_string(), to.to_string());
    let mut line = vec!["ping", "-n", "-i", "0.05", "-W", "2", "-c", &count_text];
    line.extend(extra);
    line.push(&target);
    from.run(&line, Duration::from_secs(10 + 3 * u64::from(count)))
}

/// Number of answers in ping's summary line.
pub fn received(finished: &Finished) -> LabResult<u32> {
    let summary = finished.stdout.lines().find(|l| l.contains(" packets transmitted"));
    let field = summary.and_then(|l| l.split(", ").find_map(|f| f.strip_suffix(" received")));
    field.and_then(|f| f.parse().ok()).ok_or_else(|| LabError::Missing {
        what: "received count".into(),
        text: format!("{}{}", finished.stdout, finished.stderr),
    })
}

/// The hops `traceroute` with UDP probes sees, in order; a hop that did not answer is `None`.
pub fn traceroute(from: &Namespace, to: IpAddr) -> LabResult<Vec<Option<IpAddr>>> {
    let target = to.to_string();
    let line = ["traceroute", "-n", "-q", "1", "-w", "2", "-m", "4", &target];
    let finished = from.run(&line, Duration::from_secs(60))?.success()?;
    Ok(hops(&finished.stdout))
}

fn hops(output: &str) -> Vec<Option<IpAddr>> {
    let lines = output.lines().skip(1);
    lines.map(|line| line.split_whitespace().nth(1).and_then(|field| field.parse().ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_in_order() {
        let output = "traceroute to 10.0.2.9 (10.0.2.9), 4 hops max\n 1  10.0.1.2  0.1 ms\n 2  *\n 3  10.0.2.9  0.2 ms\n";
        let expected = [Some("10.0.1.2"), None, Some("10.0.2.9")].map(|h| h.map(|a| a.parse().unwrap()));
        assert_eq!(hops(output), expected);
    }
}
