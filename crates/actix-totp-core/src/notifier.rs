//! How events reach the application: through one bounded queue, to a thread that does nothing else.
//!
//! 1. An event is queued after its write, those of one user in the order of the writes. No operation waits for the application's
//!    function.
//! 2. It is delivered at most once. Where the queue is full it is dropped; a function that panics has missed its event. Both
//!    are logged and counted.
//! 3. What is queued is still delivered when the last handle of the service is gone, if the process lives on.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tracing::Span;

use crate::{
    event::{Event, EventContext},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
        thread,
    },
};

/// A function that is told every event.
pub(crate) type Handler = Box<dyn Fn(&Event, &EventContext) + Send>;

/// Where events are queued. Without handlers there is no thread, and events are only logged.
#[derive(Default)]
pub(crate) struct Notifier(Option<Queue>);

struct Queue {
    notifications: SyncSender<Box<Notification>>,
    counts: Arc<Counts>,
}

struct Notification {
    event: Event,
    context: Option<Arc<EventContext>>,
    span: Span,
}

#[derive(Default)]
struct Counts {
    now: Mutex<Count>,
    delivered: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Count {
    undelivered: usize,
    missed: u64,
}

impl Counts {
    // A panic cannot leave a number half written.
    fn now(&self) -> MutexGuard<'_, Count> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier {
    /// Starts the thread, if there are handlers.
    pub(crate) fn start(handlers: Vec<Handler>, capacity: usize) -> io::Result<Self> {
        if handlers.is_empty() {
            return Ok(Self(None));
        }
        let (notifications, queued) = sync_channel(capacity);
        let counts = Arc::new(Counts::default());
        let of_thread = Arc::clone(&counts);
        thread::Builder::new()
            .name("actix-totp-events".into())
            .spawn(move || deliver(&handlers, &queued, &of_thread))?;
        Ok(Self(Some(Queue {
            notifications,
            counts,
        })))
    }

    /// Whether there are handlers.
    pub(crate) const fn has_handlers(&self) -> bool {
        self.0.is_some()
    }

    /// Logs the event and queues it. Never waits.
    pub(crate) fn notify(&self, event: Event, context: Option<&Arc<EventContext>>) {
        event.log();
        let Some(queue) = &self.0 else { return };
        queue.counts.now().undelivered += 1;
        let queued = queue.notifications.try_send(Box::new(Notification {
            event,
            context: context.map(Arc::clone),
            span: Span::current(),
        }));
        if queued.is_err() {
            let missed = queue.counts.missed();
            // In a flood not every one is worth a line.
            if missed.is_power_of_two() {
                tracing::error!(
                    missed,
                    "events were dropped: the function given to on_event is too slow"
                );
            }
        }
    }

    /// How many events the application was not told: dropped, or lost in a panic.
    pub(crate) fn missed(&self) -> u64 {
        self.0.as_ref().map_or(0, |queue| queue.counts.now().missed)
    }

    /// Waits until all that was queued is delivered.
    pub(crate) fn flush(&self) {
        let Some(Queue { counts, .. }) = &self.0 else {
            return;
        };
        let mut now = counts.now();
        while now.undelivered > 0 {
            let waited = counts.delivered.wait(now);
            now = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Counts {
    fn missed(&self) -> u64 {
        let mut now = self.now();
        now.missed += 1;
        self.delivered_one(now)
    }

    /// One less is under way.
    fn delivered_one(&self, mut now: MutexGuard<'_, Count>) -> u64 {
        now.undelivered -= 1;
        self.delivered.notify_all();
        now.missed
    }
}

fn deliver(handlers: &[Handler], queued: &Receiver<Box<Notification>>, counts: &Counts) {
    let nothing = EventContext::new();
    while let Ok(notification) = queued.recv() {
        let Notification {
            event,
            context,
            span,
        } = *notification;
        let _entered = span.entered();
        let context = context.as_deref().unwrap_or(&nothing);
        let told = catch_unwind(AssertUnwindSafe(|| {
            handlers.iter().for_each(|handler| handler(&event, context));
        }));
        if told.is_err() {
            tracing::error!("the function given to on_event panicked");
            counts.missed();
        } else {
            counts.delivered_one(counts.now());
        }
    }
}
