//! How fast one core seals and opens. `cargo test -p holdfast-ha --release -- --ignored --nocapture throughput`

use core::hint::black_box;
use core::time::Duration;

use super::network::*;
use crate::link::Received;

const DATAGRAMS: u32 = 300_000;

/// Time this thread has computed; what other processes take does not count.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
}

#[test]
#[ignore = "a measurement"]
fn throughput_of_one_core() {
    let mut pair = Pair::new(1);
    pair.connect();
    for bytes in [100_usize, 1_400, 8_900] {
        let plaintext = vec![3; bytes];
        let (mut datagram, mut opened) = (Vec::new(), Vec::new());
        let [alpha, beta] = &mut pair.links;
        let begin = computed();
        for _ in 0..DATAGRAMS {
            alpha.seal(pair.now, black_box(&plaintext), &mut datagram).unwrap();
            black_box(&datagram);
        }
        let sealed = computed() - begin;
        let begin = computed();
        for _ in 0..DATAGRAMS {
            alpha.seal(pair.now, black_box(&plaintext), &mut datagram).unwrap();
            assert_eq!(beta.handle_datagram(pair.now, &datagram, &mut opened), Received::Plaintext);
        }
        let both = computed() - begin;
        let rate = |time: Duration| f64::from(DATAGRAMS) / time.as_secs_f64();
        let gbit = |rate: f64| rate * bytes as f64 * 8.0 / 1e9;
        println!(
            "{bytes} bytes: seal {:.0}/s ({:.2} Gbit/s), seal and open {:.0}/s ({:.2} Gbit/s)",
            rate(sealed),
            gbit(rate(sealed)),
            rate(both),
            gbit(rate(both)),
        );
    }
}
