//! What a failover cost, in a table and as a verdict.

use holdfast_tests::net::pair::traffic::Ledger;
use std::time::Duration;

/// Longest gap a failover may cost: the examples' hold time and 100 ms.
const GAP_MAX: Duration = Duration::from_millis(900);

/// One failover, as the traffic saw it.
pub struct Failover {
    /// What happened.
    pub name: &'static str,
    /// Whether it was planned: then no packet may be lost.
    pub planned: bool,
    /// The probe streams: to the server, to the client.
    pub probes: [Ledger; 2],
    /// Sessions before it.
    pub sessions: usize,
    /// Those of them that the new active does not have.
    pub sessions_lost: usize,
}

impl Failover {
    fn gap(&self) -> Duration {
        self.probes.iter().map(|p| p.blackout).max().unwrap_or_default()
    }

    fn lost(&self) -> u64 {
        self.probes.iter().map(Ledger::lost).sum()
    }

    fn sent(&self) -> u64 {
        self.probes.iter().map(|p| p.sent).sum()
    }

    fn held(&self) -> bool {
        self.sessions > 0
            && self.sessions_lost == 0
            && self.gap() <= GAP_MAX
            && (!self.planned || self.lost() == 0)
    }
}

/// Everything that must have held.
pub struct Summary {
    /// The failovers, in order.
    pub failovers: Vec<Failover>,
    /// Whether the download's SHA-256 was right, and its first digits.
    pub download: (bool, String),
    /// TCP segments with RST that either host saw.
    pub resets: u64,
    /// Changes of a gateway's MAC address that a host noticed.
    pub moved: usize,
    /// Whether every connection still carried its bytes at the end.
    pub connections: Result<usize, String>,
}

impl Summary {
    /// Prints the table; returns whether all held.
    pub fn print(&self) -> bool {
        println!();
        print!("{:<34}", "");
        self.failovers.iter().for_each(|f| print!("{:>22}", f.name));
        println!();
        self.row("longest gap", |f| format!("{} ms", f.gap().as_millis()));
        self.row("probe packets lost, both directions", |f| format!("{} of {}", f.lost(), f.sent()));
        self.row("sessions lost", |f| format!("{} of {}", f.sessions_lost, f.sessions));
        let word = |held| if held { "right" } else { "WRONG" };
        println!("{:<36}{}, SHA-256 {}…", "download", word(self.download.0), self.download.1);
        println!(
            "{:<36}{}",
            "TCP connections at the end",
            match &self.connections {
                Ok(count) => format!("{count}, all of them alive"),
                Err(error) => format!("BROKEN: {error}"),
            }
        );
        println!("{:<36}{}", "RST seen by client or server", self.resets);
        println!("{:<36}{}", "gateway MAC changes seen by them", self.moved);
        let held = self.failovers.iter().all(Failover::held)
            && self.download.0
            && self.connections.is_ok()
            && self.resets == 0
            && self.moved == 0;
        let limit = GAP_MAX.as_millis();
        println!();
        match held {
            true => println!(
                "Everything held: no session lost, no gap over {limit} ms, no packet lost when planned."
            ),
            false => {
                println!("It did NOT hold. Limits: no session lost, gap {limit} ms, planned without loss.")
            }
        }
        held
    }

    fn row(&self, name: &str, value: impl Fn(&Failover) -> String) {
        print!("{name:<36}");
        self.failovers.iter().for_each(|f| print!("{:>22}", value(f)));
        println!();
    }
}
