//! What the threads of the runner share, and the time they wait for. The tests of interleavings replace this file by one over
//! shuttle.

pub(crate) use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};
