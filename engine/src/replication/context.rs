//! What a box's own numbers are called across the pair.

use crate::config::EngineConfig;
use crate::interface::ZoneId;
use crate::policy::RuleHash;

use super::record::HaId;

/// Names of zones and rules that both boxes understand, made from one box's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordContext {
    /// Zone of each interface that has an `ha_id`, in the order of `ha_id`s.
    interfaces: Box<[(HaId, ZoneId)]>,
    /// Lowest `ha_id` of each zone; 0 for zones without one.
    zones: Box<[HaId; 256]>,
    rules: Box<[RuleHash]>,
}

impl RecordContext {
    /// The names of a box with this configuration.
    pub fn new(config: &EngineConfig) -> RecordContext {
        let named = |i: &crate::interface::Interface| Some((i.ha_id.filter(|&id| id != HaId(0))?, i.zone));
        let mut interfaces: Box<[(HaId, ZoneId)]> = config.interfaces.iter().filter_map(named).collect();
        interfaces.sort_unstable();
        let mut zones = Box::new([HaId(0); 256]);
        for &(id, zone) in interfaces.iter().rev() {
            zones[usize::from(zone.0)] = id;
        }
        RecordContext {
            interfaces,
            zones,
            rules: config.rules.rules().iter().map(|rule| rule.hash()).collect(),
        }
    }

    /// An interface of a zone: the one with the lowest `ha_id`. 0 if none has one.
    pub fn ha_id(&self, zone: ZoneId) -> HaId {
        self.zones[usize::from(zone.0)]
    }

    /// The zone of an interface; `None` when no interface here has this `ha_id`.
    pub fn zone(&self, id: HaId) -> Option<ZoneId> {
        let at = self.interfaces.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        self.interfaces.get(at).map(|&(_, zone)| zone)
    }

    /// Hash of the rule at `index`; 0, which no rule has, for an index of no rule.
    pub fn rule_hash(&self, index: u32) -> RuleHash {
        self.rules.get(index as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::testkit::topology::{DMZ, INSIDE, OUTSIDE, Setup, zone};

    #[test]
    fn a_zone_goes_by_its_lowest_interface_and_every_interface_leads_to_its_zone() {
        let mut config = Setup::default().config();
        config.interfaces[0].ha_id = Some(HaId(9));
        config.interfaces[1].ha_id = Some(HaId(4));
        config.interfaces[2].ha_id = Some(HaId(0));
        config.interfaces[1].zone = zone(INSIDE);
        let context = RecordContext::new(&config);
        assert_eq!(context.ha_id(zone(INSIDE)), HaId(4));
        assert_eq!((context.ha_id(zone(OUTSIDE)), context.ha_id(zone(DMZ))), (HaId(0), HaId(0)));
        assert_eq!((context.zone(HaId(9)), context.zone(HaId(4))), (Some(zone(INSIDE)), Some(zone(INSIDE))));
        assert_eq!((context.zone(HaId(0)), context.zone(HaId(5))), (None, None));
        assert_eq!(context.rule_hash(0), config.rules.rules()[0].hash());
        assert_eq!(context.rule_hash(77), RuleHash(0));
    }
}
