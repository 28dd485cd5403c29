//! What threads share. The tests of interleavings replace this file by one over shuttle.

pub(crate) use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};
