//! From trials to flat results.

use serde::Serialize;

use super::Mode;
use super::trial::Trial;
use crate::report::{Figure, round};
use crate::traffic::{Family, Plan, Transport};

/// One mode under one combination of parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForwardResult {
    /// Who forwards.
    pub system: &'static str,
    /// Forwarding mode.
    pub mode: Mode,
    /// Established sessions.
    pub sessions: u32,
    /// Bytes of a frame, with its check sequence.
    pub size: u16,
    /// Internet protocol version.
    pub family: Family,
    /// Transport protocol.
    pub protocol: Transport,
    /// Workers, each on a core of its own.
    pub workers: u32,
    /// Packets a burst.
    pub burst: u16,
    /// Whether the box's packet buffers were in hugepages.
    pub hugepages: bool,
    /// Length of a trial.
    pub seconds: u64,
    /// Million packets forwarded in a second of the worker's core: the median.
    pub mpps: f64,
    /// Extremes of `mpps`, and the number of trials.
    #[serde(flatten)]
    pub figure: Figure,
    /// 1000 / `mpps`.
    pub ns_per_packet: f64,
    /// Nanoseconds beyond those of `io` in the same run: what the mode itself costs.
    pub ns_over_io: Option<f64>,
    /// Median `mpps` by that of `io` in the same run.
    pub ratio_io: Option<f64>,
    /// Median `mpps` by that of `5tswap` in the same run.
    pub ratio_5tswap: Option<f64>,
    /// Million packets forwarded in a second of wall time: the median. The same as `mpps` on a core of its own.
    pub mpps_wall: f64,
    /// Share of the packets that were dropped: the largest of all trials.
    pub drop_percent: f64,
    /// Share of the time that the worker had its core: the smallest of all trials.
    pub cpu_share: Option<f64>,
    /// Bytes of memory one session takes when the table is full.
    pub bytes_per_session: f64,
}

/// What all results of one box have in common.
#[derive(Clone, Copy, Debug)]
pub struct Common {
    /// The traffic; its frame size is the one that was sent.
    pub plan: Plan,
    /// Packets a burst.
    pub burst: u16,
    /// Whether there were hugepages.
    pub hugepages: bool,
    /// Length of a trial.
    pub seconds: u64,
    /// As the box tells it.
    pub bytes_per_session: f64,
}

/// The results of one box; `trials` has the trials of each mode.
pub fn results(common: &Common, trials: &[(Mode, Vec<Trial>)]) -> Vec<ForwardResult> {
    let figure_of =
        |trials: &[Trial], of: fn(&Trial) -> f64| Figure::of(&trials.iter().map(of).collect::<Vec<_>>());
    let figure = |trials: &[Trial]| figure_of(trials, |t| t.mpps);
    let median = |mode: Mode| trials.iter().find(|(m, _)| *m == mode).map(|(_, t)| figure(t).median);
    let (io, five_tuple_swap) = (median(Mode::Io), median(Mode::FiveTupleSwap));
    let result = |(mode, trials): &(Mode, Vec<Trial>)| {
        let figure = figure(trials);
        let beside = |other: Mode, mpps: Option<f64>| mpps.filter(|_| *mode != other);
        let ratio = |other: Option<f64>| other.map(|other| round(figure.median / other));
        ForwardResult {
            system: "holdfast",
            mode: *mode,
            sessions: common.plan.sessions,
            size: common.plan.frame_bytes,
            family: common.plan.family,
            protocol: common.plan.transport,
            workers: 1,
            burst: common.burst,
            hugepages: common.hugepages,
            seconds: common.seconds,
            mpps: figure.median,
            figure,
            ns_per_packet: round(1000.0 / figure.median),
            ns_over_io: beside(Mode::Io, io).map(|io| round(1000.0 / figure.median - 1000.0 / io)),
            ratio_io: ratio(beside(Mode::Io, io)),
            ratio_5tswap: ratio(beside(Mode::FiveTupleSwap, five_tuple_swap)),
            mpps_wall: figure_of(trials, |t| t.mpps_wall).median,
            drop_percent: round(trials.iter().map(|t| t.drop_percent).fold(0.0, f64::max)),
            cpu_share: trials.iter().filter_map(|t| t.cpu_share).reduce(f64::min).map(round),
            bytes_per_session: round(common.bytes_per_session),
        }
    };
    trials.iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_medians_and_keys_are_flat() {
        let plan =
            Plan { sessions: 10, frame_bytes: 64, family: Family::V4, transport: Transport::Tcp, seed: 1 };
        let common = Common { plan, burst: 32, hugepages: false, seconds: 5, bytes_per_session: 124.8 };
        let trial =
            |mpps, share| Trial { mpps, mpps_wall: mpps * share, drop_percent: 0.01, cpu_share: Some(share) };
        let trials = [
            (Mode::Io, vec![trial(20.0, 1.0), trial(10.0, 0.5), trial(30.0, 0.9)]),
            (Mode::Firewall, vec![trial(5.0, 1.0), trial(4.0, 1.0), trial(6.0, 1.0)]),
        ];
        let [io, firewall] = results(&common, &trials).try_into().unwrap();
        assert_eq!((io.ratio_io, io.ns_over_io, io.cpu_share), (None, None, Some(0.5)));
        assert_eq!((io.mpps, io.mpps_wall), (20.0, 20.0), "20, 5 and 27 by wall time");
        assert_eq!((firewall.ratio_io, firewall.ratio_5tswap), (Some(0.25), None));
        assert_eq!((firewall.ns_per_packet, firewall.ns_over_io), (200.0, Some(150.0)));
        let json = crate::report::flat(&firewall).unwrap();
        let object = json.as_object().unwrap();
        assert!(object.values().all(|value| !value.is_object() && !value.is_array()), "{json}");
        assert_eq!(
            (&json["mpps"], &json["min"], &json["max"], &json["trials"]),
            (&5.0.into(), &4.0.into(), &6.0.into(), &3.into())
        );
        assert_eq!(
            (&json["mode"], &json["family"], &json["protocol"]),
            (&"firewall".into(), &"4".into(), &"tcp".into())
        );
    }
}
