//! Packets that wait for a neighbour's answer: short queues over one pool, all allocated at start.

const NONE: u32 = u32::MAX;

/// One neighbour's queue: a list through the pool of a [`WaitingPackets`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    head: u32,
    tail: u32,
    len: u16,
}

impl Queue {
    pub const EMPTY: Queue = Queue { head: NONE, tail: NONE, len: 0 };

    /// Packets in it.
    pub fn len(&self) -> u16 {
        self.len
    }
}

#[derive(Debug)]
struct Node<P> {
    packet: Option<P>,
    next: u32,
}

/// The pool.
#[derive(Debug)]
pub(super) struct WaitingPackets<P> {
    nodes: Vec<Node<P>>,
    free: u32,
    queue_packets_max: u16,
}

impl<P> WaitingPackets<P> {
    pub fn new(queued_packets_total_max: u32, queue_packets_max: u16) -> WaitingPackets<P> {
        let link = |i| if i + 1 < queued_packets_total_max { i + 1 } else { NONE };
        let nodes = (0..queued_packets_total_max).map(|i| Node { packet: None, next: link(i) }).collect();
        let free = if queued_packets_total_max == 0 { NONE } else { 0 };
        WaitingPackets { nodes, free, queue_packets_max }
    }

    /// Appends `packet`; gives it back when the queue or the pool is full.
    pub fn push(&mut self, queue: &mut Queue, packet: P) -> Result<(), P> {
        if queue.len >= self.queue_packets_max || self.free == NONE {
            return Err(packet);
        }
        let index = self.free;
        let node = &mut self.nodes[index as usize];
        self.free = core::mem::replace(&mut node.next, NONE);
        node.packet = Some(packet);
        if queue.tail == NONE {
            queue.head = index;
        } else {
            self.nodes[queue.tail as usize].next = index;
        }
        queue.tail = index;
        queue.len += 1;
        Ok(())
    }

    /// Moves the whole queue, oldest first, to the end of `out`.
    pub fn drain(&mut self, queue: &mut Queue, out: &mut Vec<P>) {
        let mut index = core::mem::replace(queue, Queue::EMPTY).head;
        while index != NONE {
            let node = &mut self.nodes[index as usize];
            out.extend(node.packet.take());
            let next = core::mem::replace(&mut node.next, self.free);
            self.free = index;
            index = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn equals_bounded_deques(steps in prop::collection::vec((0usize..4, prop::bool::weighted(0.8)), 1..300)) {
            const TOTAL: usize = 7;
            const EACH: usize = 3;
            let mut pool = WaitingPackets::new(TOTAL as u32, EACH as u16);
            let mut queues = [Queue::EMPTY; 4];
            let mut model: [VecDeque<usize>; 4] = Default::default();
            for (step, (q, push)) in steps.into_iter().enumerate() {
                if push {
                    let total: usize = model.iter().map(VecDeque::len).sum();
                    let fits = model[q].len() < EACH && total < TOTAL;
                    prop_assert_eq!(pool.push(&mut queues[q], step), if fits { Ok(()) } else { Err(step) });
                    if fits {
                        model[q].push_back(step);
                    }
                } else {
                    let mut out = vec![];
                    pool.drain(&mut queues[q], &mut out);
                    prop_assert_eq!(out, model[q].drain(..).collect::<Vec<_>>());
                }
                prop_assert_eq!(usize::from(queues[q].len()), model[q].len());
            }
        }
    }

    #[test]
    fn an_empty_pool_takes_nothing() {
        let mut queue = Queue::EMPTY;
        assert_eq!(WaitingPackets::new(0, 3).push(&mut queue, 'p'), Err('p'));
    }
}
