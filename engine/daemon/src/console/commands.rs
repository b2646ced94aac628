//! Every command, as data: its words, its help, and the request it makes.

use core::time::Duration;

use holdfast_engine::io::BURST_PACKETS_MAX;

use super::control::{Control, ControlError, Ports};
use super::grammar::{Action, Argument, Arguments, Command, Word};
use super::pair;
use crate::report::{
    Format, InterfacesBrief, PortSummaries, RouteFamily, SESSIONS_SHOWN_MAX, SessionSelector, SessionsDetail,
    render,
};

use Argument::{
    Duration as DURATION, File as FILE, Mode as MODE, OnOff as ON_OFF, Ports as PORTS, Session as ID,
};

const BURST: Argument = Argument::Number { min: 1, max: BURST_PACKETS_MAX as u64 };
const VERBOSE: Argument = Argument::Number { min: 0, max: 1 };

/// Words as they are typed in the table below: literals are keywords, names are arguments.
macro_rules! words {
    (@ $keyword:literal) => { Word::Keyword($keyword) };
    (@ $argument:ident) => { Word::Argument($argument) };
    ($($word:tt)*) => { &[$(words!(@ $word)),*] };
}

/// A `show` that takes nothing and renders one report.
macro_rules! show {
    ($method:ident) => {
        Action::Show(|control, _, format| Ok(render(&control.$method()?, format)))
    };
    ($method:ident ports) => {
        Action::Show(|control, args, format| Ok(render(&control.$method(args.ports)?, format)))
    };
}

macro_rules! commands {
    ($([$($word:tt)*] $help:literal $action:expr;)*) => {
        &[$(Command { words: words!($($word)*), help: $help, action: $action }),*]
    };
}

/// The grammar, in the order of `help`.
pub static COMMANDS: &[Command] = commands! {
    // testpmd's.
    ["show" "port" "info" PORTS] "What ports are and how they are set up" show!(port_info ports);
    ["show" "port" "stats" PORTS] "Counters of the devices" show!(port_stats ports);
    ["show" "port" "xstats" PORTS] "Counters of the drivers' own" show!(port_xstats ports);
    ["show" "port" "summary" PORTS] "Ports, one line each" Action::Show(port_summary);
    ["show" "fwd" "stats" "all"] "What the workers did, and drop reasons" show!(forward_stats);
    ["show" "config" "fwd"] "Forwarding mode and streams" show!(config_fwd);
    ["show" "config" "rxtx"] "Burst size, queues, descriptors" show!(config_rxtx);
    ["show" "config" "cores"] "Lcores that forward" show!(config_cores);
    ["clear" "port" "stats" PORTS] "Set the counters of the devices to zero" Action::Change(clear_port_stats);
    ["clear" "fwd" "stats"] "Set the counters of the workers to zero" Action::Change(clear_forward_stats);
    ["clear" "fwd" "stats" "all"] "Set the counters of the workers to zero" Action::Change(clear_forward_stats);
    ["set" "fwd" MODE] "What the workers do with packets" Action::Change(set_forward_mode);
    ["set" "burst" BURST] "Packets a burst" Action::Change(set_burst);
    ["set" "verbose" VERBOSE] "Log packets; 0 is off" Action::Change(set_verbose);
    ["set" "promisc" PORTS ON_OFF] "Promiscuous mode" Action::Change(set_promiscuous);
    ["start"] "Start forwarding" Action::Change(start);
    ["stop"] "Stop forwarding" Action::Change(stop);
    ["port" "start" PORTS] "Start ports" Action::Change(port_start);
    ["port" "stop" PORTS] "Stop ports" Action::Change(port_stop);

    // IOS's.
    ["show" "ip" "inspect" "sessions"] "Sessions" Action::Show(sessions);
    ["show" "ip" "inspect" "sessions" "detail"] "Sessions with times, bytes, rules" Action::Show(sessions_detail);
    ["show" "ip" "inspect" "statistics"] "Counts of sessions" show!(inspect_statistics);
    ["show" "ip" "inspect" "config"] "Time-outs, limits, rules" show!(inspect_config);
    ["show" "ip" "inspect" "interfaces"] "Which rules concern which interface" show!(inspect_interfaces);
    ["show" "ip" "route"] "IPv4 routes" Action::Show(ip_route);
    ["show" "ipv6" "route"] "IPv6 routes" Action::Show(ipv6_route);
    ["show" "ipv6" "neighbors"] "IPv6 neighbours" show!(ipv6_neighbors);
    ["show" "arp"] "IPv4 neighbours" show!(arp);
    ["show" "interfaces"] "Interfaces with counters" show!(interfaces);
    ["show" "interfaces" "brief"] "Interfaces, one line an address" Action::Show(interfaces_brief);
    ["show" "running-config"] "The configuration in force, secrets masked" show!(running_config);
    ["show" "version"] "Versions and uptime" show!(version);
    ["show" "logging"] "The newest log lines" show!(logging);
    ["clear" "ip" "inspect" "sessions"] "Remove every session" Action::Change(clear_all_sessions);
    ["clear" "ip" "inspect" "sessions" "all"] "Remove every session" Action::Change(clear_all_sessions);
    ["clear" "ip" "inspect" "sessions" ID] "Remove one session" Action::Change(clear_one_session);
    ["show" "ip" "inspect" "ha" "sessions"] "Sessions, and what they are to the pair" Action::Show(pair::ha_sessions);
    ["show" "ip" "inspect" "ha" "sessions" "detail"] "The same with times, bytes, rules" Action::Show(pair::ha_sessions_detail);
    ["show" "ip" "inspect" "ha" "statistics"] "Counts of the replication" Action::Show(pair::ha_statistics);
    ["show" "standby"] "HSRP groups" Action::Show(pair::standby);
    ["show" "standby" "brief"] "HSRP groups, one line each" Action::Show(pair::standby_brief);
    ["show" "redundancy"] "Who is active, and whether the standby is ready" Action::Show(pair::redundancy);
    ["show" "redundancy" "states"] "Who is active, and whether the standby is ready" Action::Show(pair::redundancy);
    ["redundancy" "force-switchover"] "Hand over to the peer" Action::Change(pair::force_switchover);
    ["clear" "ip" "inspect" "ha"] "Have the standby start over with a complete copy" Action::Change(pair::clear_ha);
    ["clear" "arp"] "Forget learned IPv4 neighbours" Action::Change(clear_arp);
    ["clear" "ipv6" "neighbors"] "Forget learned IPv6 neighbours" Action::Change(clear_ipv6_neighbors);
    ["debug" "clock" "advance" DURATION] "Let the workers' clock jump ahead" Action::Change(advance_clock);
    ["debug" "standby"] "Log HSRP packets and state changes" Action::Change(pair::debug_standby);
    ["debug" "redundancy"] "Log roles, the HA link, the peer" Action::Change(pair::debug_redundancy);
    ["debug" "ip" "inspect" "ha"] "Log the replication of sessions" Action::Change(pair::debug_inspect_ha);
    ["undebug" "standby"] "No longer log HSRP" Action::Change(pair::undebug_standby);
    ["undebug" "redundancy"] "No longer log roles, the HA link, the peer" Action::Change(pair::undebug_redundancy);
    ["undebug" "ip" "inspect" "ha"] "No longer log the replication of sessions" Action::Change(pair::undebug_inspect_ha);
    ["undebug" "all"] "Switch debugging off" Action::Change(undebug_all);

    // The console's own.
    ["load" FILE] "Run the commands of a file" Action::Load;
    ["help"] "This list" Action::Help;
    ["quit"] "Leave the console" Action::Quit;
    ["exit"] "Leave the console" Action::Quit;
};

/// What the words are about that begin several commands.
pub(super) static GROUPS: &[(&str, &str)] = &[
    ("show", "Show what the box is doing"),
    ("show port", "Ports as devices"),
    ("show fwd", "Forwarding by the workers"),
    ("show fwd stats", "Counters of the workers"),
    ("show config", "How forwarding is set up"),
    ("show ip", "IPv4, and sessions of both families"),
    ("show ip inspect", "Stateful inspection"),
    ("show ip inspect ha", "Replication of sessions to the peer"),
    ("show ipv6", "IPv6"),
    ("redundancy", "The pair"),
    ("clear", "Set counters to zero, remove learned state"),
    ("clear port", "Ports as devices"),
    ("clear fwd", "Forwarding by the workers"),
    ("clear ip", "Sessions"),
    ("clear ip inspect", "Stateful inspection"),
    ("clear ipv6", "IPv6"),
    ("set", "Change how packets are forwarded"),
    ("port", "Start and stop ports"),
    ("debug", "Log more; aids for tests"),
    ("debug clock", "The workers' clock"),
    ("debug ip", "Sessions"),
    ("debug ip inspect", "Stateful inspection"),
    ("undebug", "Switch debugging off"),
    ("undebug ip", "Sessions"),
    ("undebug ip inspect", "Stateful inspection"),
];

type Shown = Result<String, ControlError>;

fn port_summary(control: &mut dyn Control, args: &Arguments, format: Format) -> Shown {
    Ok(render(&PortSummaries(control.port_info(args.ports)?), format))
}

fn sessions(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&control.sessions(SESSIONS_SHOWN_MAX)?, format))
}

fn sessions_detail(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&SessionsDetail(control.sessions(SESSIONS_SHOWN_MAX)?), format))
}

fn ip_route(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&control.routes(RouteFamily::V4)?, format))
}

fn ipv6_route(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&control.routes(RouteFamily::V6)?, format))
}

fn interfaces_brief(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&InterfacesBrief(control.interfaces()?), format))
}

fn clear_port_stats(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.clear_port_stats(args.ports)?;
    Ok(format!("NIC statistics for {} cleared\n", of_ports(args.ports)))
}

fn clear_forward_stats(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.clear_forward_stats().map(|()| "Forward statistics cleared\n".to_owned())
}

fn clear_all_sessions(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.clear_sessions(SessionSelector::All).map(|count| counted(count, "session", "removed"))
}

fn clear_one_session(control: &mut dyn Control, args: &Arguments) -> Shown {
    let removed = control.clear_sessions(SessionSelector::One(args.session))?;
    Ok(counted(removed, "session", "removed"))
}

fn clear_arp(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.clear_arp().map(|count| counted(count, "neighbour", "forgotten"))
}

fn clear_ipv6_neighbors(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.clear_ipv6_neighbors().map(|count| counted(count, "neighbour", "forgotten"))
}

fn set_forward_mode(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.set_forward_mode(args.mode)?;
    Ok(format!("Set {} packet forwarding mode\n", args.mode.name()))
}

fn set_burst(control: &mut dyn Control, args: &Arguments) -> Shown {
    // The grammar has bounded the number by BURST_PACKETS_MAX, far below what saturates.
    control.set_burst(u16::try_from(args.number).unwrap_or(u16::MAX))?;
    Ok(format!("Number of packets per burst set to {}\n", args.number))
}

fn set_verbose(control: &mut dyn Control, args: &Arguments) -> Shown {
    let former = control.set_verbose(u8::try_from(args.number).unwrap_or(u8::MAX))?;
    Ok(format!("Change verbose level from {former} to {}\n", args.number))
}

fn set_promiscuous(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.set_promiscuous(args.ports, args.on)?;
    let state = if args.on { "enabled" } else { "disabled" };
    Ok(format!("Promiscuous mode {state} on {}\n", of_ports(args.ports)))
}

fn start(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.start()?;
    Ok(render(&control.config_fwd()?, Format::Text))
}

fn stop(control: &mut dyn Control, _: &Arguments) -> Shown {
    // testpmd prints the forward statistics when it stops; so do we, taken after the last packet.
    control.stop()?;
    Ok(render(&control.forward_stats()?, Format::Text))
}

fn port_start(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.port_start(args.ports).map(|()| format!("Started {}\n", of_ports(args.ports)))
}

fn port_stop(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.port_stop(args.ports).map(|()| format!("Stopped {}\n", of_ports(args.ports)))
}

fn advance_clock(control: &mut dyn Control, args: &Arguments) -> Shown {
    control.advance_clock(args.duration)?;
    Ok(format!("Clock advanced by {}\n", readable(args.duration)))
}

fn undebug_all(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.undebug_all().map(|()| "All possible debugging has been turned off\n".to_owned())
}

fn readable(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn of_ports(ports: Ports) -> String {
    match ports {
        Ports::All => "all ports".to_owned(),
        Ports::One(port) => format!("port {port}"),
    }
}

fn counted(count: u64, noun: &str, done: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural} {done}\n")
}
