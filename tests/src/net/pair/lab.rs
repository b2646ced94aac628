//! Namespaces, switches, hosts and boxes put together.

use super::config::{Key, PairConfig, addresses};
use super::inject::HaLink;
use super::node::PairBox;
use super::state::SessionSet;
use super::switch::{Side, Switch, Which};
use crate::net::addresses::{BOX_INSIDE6, BOX_OUTSIDE6, CLIENT, CLIENT6, SERVER, SERVER6};
use crate::net::error::{IoContext, LabResult};
use crate::net::firewall::run_here;
use crate::net::lab::prepare;
use crate::net::namespace::Namespace;
use crate::net::wait::{Look, wait_until};
use crate::net::wire::{Host, without_ipv6};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The client's gateway: virtual, group 1.
pub const VIRTUAL_INSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);
/// The server's gateway: virtual, group 2.
pub const VIRTUAL_OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 1);

/// Time two idle boxes may take until they agree on every session.
const EQUAL_LIMIT: Duration = Duration::from_secs(20);

/// Client – two boxes – server. Fields drop in order: boxes, namespaces, directory.
#[derive(Debug)]
pub struct PairLab {
    /// Box a.
    pub a: PairBox,
    /// Box b.
    pub b: PairBox,
    /// The switches.
    pub switch: Switch,
    /// The client's namespace.
    pub client: Namespace,
    /// The server's namespace.
    pub server: Namespace,
    dir: TempDir,
}

impl PairLab {
    /// Builds everything and writes the configuration files; starts no box.
    pub fn new(config: &PairConfig) -> LabResult<PairLab> {
        let keys = |dir: &Path| [dir.join("ha.key"), dir.join("other.key")];
        let lab = PairLab::unconfigured()?;
        let [shared, own] = keys(lab.dir());
        let uses =
            |key| Which::BOTH.iter().any(|w| config.node(*w).ha.as_ref().is_some_and(|ha| ha.key == key));
        for (file, key) in [(&shared, Key::Shared), (&own, Key::Own)] {
            if uses(key) {
                keygen(file)?;
            }
        }
        for which in Which::BOTH {
            let node = lab.node(which);
            let text = config.node(which).to_toml(node.socket(), [&shared, &own]);
            std::fs::write(node.file(), text).doing("writing a box's configuration")?;
        }
        Ok(lab)
    }

    /// Builds everything; the boxes' configuration files ([`PairBox::file`]) are the caller's to write.
    pub fn unconfigured() -> LabResult<PairLab> {
        let (name, dir) = prepare()?;
        let lab = PairLab {
            a: PairBox::new(Which::A, Namespace::create(&name, "a")?, dir.path()),
            b: PairBox::new(Which::B, Namespace::create(&name, "b")?, dir.path()),
            switch: Switch::create(&name)?,
            client: Namespace::create(&name, "client")?,
            server: Namespace::create(&name, "server")?,
            dir,
        };
        for which in Which::BOTH {
            without_ipv6(&lab.node(which).namespace)?;
        }
        lab.ha().create()?;
        for (side, host) in [(Side::Inside, &lab.client), (Side::Outside, &lab.server)] {
            lab.switch.plug_host(side, host)?;
            for which in Which::BOTH {
                lab.switch.plug_box(side, which, &lab.node(which).namespace)?;
            }
        }
        for (namespace, v4, v6, gateway4, gateway6) in [
            (&lab.client, CLIENT, CLIENT6, VIRTUAL_INSIDE, BOX_INSIDE6),
            (&lab.server, SERVER, SERVER6, VIRTUAL_OUTSIDE, BOX_OUTSIDE6),
        ] {
            Host { namespace, v4, v6, gateway4, gateway6 }.configure()?;
        }
        Ok(lab)
    }

    /// A lab with both boxes running: a active, b standby and hot.
    pub fn running(config: &PairConfig) -> LabResult<PairLab> {
        let mut lab = PairLab::new(config)?;
        lab.start_both()?;
        Ok(lab)
    }

    /// The default pair, running.
    pub fn standard() -> LabResult<PairLab> {
        PairLab::running(&PairConfig::default())
    }

    /// Starts a, waits until it is active, starts b, waits until it is hot.
    pub fn start_both(&mut self) -> LabResult {
        self.a.start()?;
        self.a.wait_role("active")?;
        self.b.start()?;
        self.b.wait_role("standby")?;
        self.b.wait_hot()
    }

    /// The kernel as a plain IPv4 router in place of box `which`, with the virtual addresses: the control of the
    /// lab's own tests.
    pub fn route_by_kernel(&self, which: Which) -> LabResult {
        let namespace = &self.node(which).namespace;
        for (side, address) in Side::BOTH.into_iter().zip([VIRTUAL_INSIDE, VIRTUAL_OUTSIDE]) {
            namespace.ip(["addr", "add", &format!("{address}/24"), "dev", side.interface()])?;
        }
        namespace.sysctl("net.ipv4.ip_forward", "1")
    }

    /// One of the boxes.
    pub fn node(&self, which: Which) -> &PairBox {
        match which {
            Which::A => &self.a,
            Which::B => &self.b,
        }
    }

    /// One of the boxes, to start or stop it.
    pub fn node_mut(&mut self, which: Which) -> &mut PairBox {
        match which {
            Which::A => &mut self.a,
            Which::B => &mut self.b,
        }
    }

    /// The cable between the boxes.
    pub fn ha(&self) -> HaLink<'_> {
        HaLink { ends: [&self.a.namespace, &self.b.namespace] }
    }

    /// A box's own IPv4 address on a side.
    pub fn address(&self, side: Side, which: Which) -> Ipv4Addr {
        let [inside, outside] = addresses(which);
        match side {
            Side::Inside => inside.0,
            Side::Outside => outside.0,
        }
    }

    /// This lab's directory; it goes with the lab.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Waits until both boxes hold the same sessions in the same states and the boxes themselves say so too.
    /// Meant for quiet moments: live traffic opens and closes sessions between the two looks.
    pub fn wait_equal(&self) -> LabResult<SessionSet> {
        wait_until("both boxes to hold the same sessions", EQUAL_LIMIT, || {
            let (a, b) = (self.a.session_set()?, self.b.session_set()?);
            let said = [self.a.redundancy()?.tables_equal, self.b.redundancy()?.tables_equal];
            if a == b && said.iter().all(|equal| *equal == Some(true)) {
                return Ok(Look::Done(a));
            }
            Ok(Look::NotYet(format!("{}; tables_equal {said:?}", a.difference(&b))))
        })
    }

    /// Keeps both boxes' logs out of the output, for demonstrations.
    pub fn quiet(&mut self) {
        self.a.quiet = true;
        self.b.quiet = true;
    }
}

/// `holdfast keygen FILE`.
pub fn keygen(file: &Path) -> LabResult {
    run_here(&["keygen", &file.display().to_string()])?.success().map(drop)
}
