//! What reaches the application's function, however its thread and those that notify it take turns.

use std::sync::{Mutex, PoisonError};

use crate::{
    event::Event,
    in_many_orders,
    notifier::Notifier,
    sync::{Arc, mpsc, thread},
};

const THREADS: usize = 2;
const EVENTS: usize = 3;

/// The events that the application was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    fn now(&self) -> Vec<Event> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }

    fn of(&self, thread: usize) -> Vec<usize> {
        let told = self.now().into_iter().filter(|it| it.0 == thread);
        told.map(|it| it.1).collect()
    }
}

/// Two threads notify, and each waits for its events. The notifier is gone when they are.
fn notify_and_flush(capacity: usize) -> (Told, u64) {
    let (told, (ended, end)) = (Told::default(), mpsc::channel::<()>());
    let of_handler = told.clone();
    let handler = move |event: &Event, _: &_| {
        let _held_as_long_as_the_thread_lives = &ended;
        thread::yield_now();
        of_handler.0.lock().unwrap().push(*event);
    };
    let notifier = Arc::new(Notifier::start(vec![Box::new(handler)], capacity).unwrap());
    let notifying = (0..THREADS).map(|n| {
        let (notifier, told) = (Arc::clone(&notifier), told.clone());
        thread::spawn(move || {
            for event in 0..EVENTS {
                notifier.notify(Event(n, event), None);
            }
            notifier.flush();
            let of_this_one = told.of(n).len();
            let missed = notifier.missed() as usize;
            assert!(of_this_one + missed >= EVENTS, "flush came back too early");
        })
    });
    for thread in notifying.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    notifier.notify(Event(THREADS, 0), None); // nobody waits for this one
    let missed = notifier.missed();
    drop(notifier);
    assert!(end.recv().is_err(), "its thread has ended");
    (told, missed)
}

/// What each thread told arrived in its order, and nothing twice.
fn assert_in_order(told: &Told) {
    for thread in 0..=THREADS {
        let told = told.of(thread);
        assert!(told.is_sorted_by(|one, next| one < next), "{told:?}");
    }
}

#[test]
fn every_event_is_delivered_once_in_order_also_when_the_last_handle_is_gone() {
    in_many_orders(|| {
        let (told, missed) = notify_and_flush(THREADS * EVENTS + 1);
        assert_in_order(&told);
        assert_eq!((told.now().len(), missed), (THREADS * EVENTS + 1, 0));
    });
}

#[test]
fn where_the_queue_is_full_each_event_is_delivered_once_or_counted_as_missed() {
    in_many_orders(|| {
        let (told, missed) = notify_and_flush(1);
        assert_in_order(&told);
        assert_eq!(
            told.now().len() as u64 + missed,
            (THREADS * EVENTS + 1) as u64
        );
    });
}
