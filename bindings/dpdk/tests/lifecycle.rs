//! EAL's life: one start, one clean end, and nothing after it. A process of its own, and one test.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use dpdk::eal::{Eal, EalError, LogLevel, set_log_level, version};
use dpdk::lcore::{self, LcoreError, Registered, pin_current};
use dpdk::pool::Pool;
use dpdk::port::Port;

#[test]
fn eal_starts_once_and_ends_clean() {
    assert!(version().starts_with("DPDK 2"), "{}", version());
    set_log_level(LogLevel::Error).unwrap();
    let eal = Eal::init(&common::arguments(64)).unwrap();
    assert!(matches!(Eal::init(&common::arguments(64)), Err(EalError::AlreadyStarted)));

    // The thread that started EAL is an lcore and cannot register again.
    let main = lcore::current().unwrap();
    assert_eq!(Registered::register(&eal).unwrap_err(), LcoreError::AlreadyRegistered(main));

    // Two threads have two ids, give them back, and free through their caches.
    let pool = Pool::new(&eal, "lifecycle", 255, 32, 1024).unwrap();
    let handle = eal.handle();
    let mbuf = pool.alloc().unwrap();
    let pool_there = pool.clone();
    let id = std::thread::spawn(move || {
        assert_eq!(lcore::current(), None);
        let registered = Registered::register(&handle).unwrap();
        assert_eq!(lcore::current(), Some(registered.id()));
        assert_eq!(
            Registered::register(&handle).unwrap_err(),
            LcoreError::AlreadyRegistered(registered.id())
        );
        drop(mbuf);
        drop((0..32).map(|_| pool_there.alloc().unwrap()).collect::<Vec<_>>());
        let id = registered.id();
        drop(registered);
        assert_eq!(lcore::current(), None);
        id
    })
    .join()
    .unwrap();
    assert_ne!(id, main);
    assert_eq!(pool.in_use(), 0);

    // The name is free again as soon as the pool is gone, and only then.
    assert!(Pool::new(&eal, "lifecycle", 255, 32, 1024).is_err());
    drop(pool);
    let pool = Pool::new(&eal, "lifecycle", 255, 32, 1024).unwrap();

    // A pool with an mbuf out outlives its handle, and goes when the mbuf is back.
    let late = pool.alloc().unwrap();
    drop(pool);
    assert!(Pool::new(&eal, "lifecycle", 255, 32, 1024).is_err());
    assert_eq!(late.len(), 0);
    drop(late);
    let pool = Pool::new(&eal, "lifecycle", 255, 32, 1024).unwrap();

    // A device can come, go, and come again under its name.
    for _ in 0..2 {
        let port = Port::attach(&eal, "net_null_lifecycle").unwrap();
        assert!(Port::attach(&eal, "net_null_lifecycle").is_err());
        drop(port);
    }

    pin_current(0).unwrap();
    assert!(matches!(pin_current(usize::MAX), Err(LcoreError::Pin { .. })));

    let runtime_dir = eal.runtime_dir().to_owned();
    assert!(runtime_dir.is_dir());
    drop(pool);
    drop(eal);
    assert!(!runtime_dir.exists(), "EAL was cleaned up");
    assert!(matches!(Eal::init(&common::arguments(64)), Err(EalError::AlreadyStarted)));
}
