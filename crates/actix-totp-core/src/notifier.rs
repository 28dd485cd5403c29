//! How events reach the application: through one bounded queue, to a thread that does nothing else.
//!
//! 1. An event is queued after its write, those of one user in the order of the writes. No operation waits for the application's
//!    function.
//! 2. It is delivered at most once. Where the queue is full, or too much of it is about one user, it is dropped; a function that
//!    panics has missed its event. Both are logged and counted.
//! 3. What is queued is still delivered when the last handle of the service is gone, if the process lives on.

use std::{
    collections::HashMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tracing::Span;

use crate::{
    device::UserId,
    event::{Event, EventContext},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
        thread::{self, ThreadId},
    },
};

/// So many events of one user may wait, however small the queue is.
const MIN_OF_ONE_USER: usize = 16;

/// A function that receives every event.
pub(crate) type Handler = Box<dyn Fn(&Event, &EventContext) + Send>;

/// Where events are queued. Without handlers there is no thread, and events are only logged.
#[derive(Default)]
pub(crate) struct Notifier(Option<Queue>);

struct Queue {
    notifications: SyncSender<Box<Notification>>,
    max_of_one_user: usize,
    counts: Arc<Counts>,
    thread: ThreadId,
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

#[derive(Default)]
struct Count {
    undelivered: usize,
    /// The same of each user.
    of_user: HashMap<UserId, usize>,
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
        let started = thread::Builder::new()
            .name("actix-totp-events".into())
            .spawn(move || deliver(&handlers, &queued, &of_thread))?;
        Ok(Self(Some(Queue {
            notifications,
            max_of_one_user: (capacity / 16).max(MIN_OF_ONE_USER),
            counts,
            thread: started.thread().id(),
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
        let user = event.user().clone();
        if !queue.counts.begin(&user, queue.max_of_one_user) {
            return;
        }
        let queued = queue.notifications.try_send(Box::new(Notification {
            event,
            context: context.map(Arc::clone),
            span: Span::current(),
        }));
        if queued.is_err() {
            queue.counts.end(&user, true);
        }
    }

    /// How many events were not delivered: dropped, or lost in a panic.
    pub(crate) fn missed(&self) -> u64 {
        self.0.as_ref().map_or(0, |queue| queue.counts.now().missed)
    }

    /// Waits until all that was queued is delivered. A handler that asks for it does not wait: it would wait for itself.
    pub(crate) fn flush(&self) {
        let Some(Queue { counts, thread, .. }) = &self.0 else {
            return;
        };
        if thread::current().id() == *thread {
            return;
        }
        let mut now = counts.now();
        while now.undelivered > 0 {
            let waited = counts.delivered.wait(now);
            now = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Counts {
    /// Counts an event of this user as under way, if there are not too many: one account's flood leaves room for the others.
    fn begin(&self, user: &UserId, max_of_one_user: usize) -> bool {
        let mut now = self.now();
        let of_user = now.of_user.entry(user.clone()).or_default();
        if *of_user >= max_of_one_user {
            now.miss();
            return false;
        }
        *of_user += 1;
        now.undelivered += 1;
        true
    }

    /// One less is under way.
    fn end(&self, user: &UserId, is_missed: bool) {
        let mut now = self.now();
        if let Some(of_user) = now.of_user.get_mut(user) {
            *of_user -= 1;
            if *of_user == 0 {
                now.of_user.remove(user);
            }
        }
        now.undelivered -= 1;
        if is_missed {
            now.miss();
        }
        self.delivered.notify_all();
    }
}

impl Count {
    fn miss(&mut self) {
        self.missed += 1;
        // In a flood not every one is worth a line.
        if self.missed.is_power_of_two() {
            tracing::error!(
                missed = self.missed,
                "events were missed: the function given to on_event is too slow, or panicked"
            );
        }
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
        // Each by itself: one that panics costs the others nothing.
        let mut is_missed = false;
        for handler in handlers {
            let delivered = catch_unwind(AssertUnwindSafe(|| handler(&event, context)));
            is_missed |= delivered.is_err();
        }
        if is_missed {
            tracing::error!("the function given to on_event panicked");
        }
        counts.end(event.user(), is_missed);
    }
}
