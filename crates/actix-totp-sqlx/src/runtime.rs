//! The runtime that drives the connections of a store, and how a thread waits for them.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot, task};

/// A runtime on a thread of its own. It ends with its last clone.
#[derive(Clone)]
pub(crate) struct Runtime {
    handle: Handle,
    /// The thread runs until this is dropped.
    _alive: Arc<oneshot::Sender<()>>,
}

impl Runtime {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        thread::Builder::new()
            .name("actix-totp-sqlx".into())
            .spawn(move || runtime.block_on(ended).is_ok())?;
        Ok(Self {
            handle,
            _alive: Arc::new(alive),
        })
    }

    /// Waits on this thread for a future whose sockets the runtime drives. `None`: it took longer than `limit`.
    ///
    /// `Handle::block_on` panics on a thread that belongs to another runtime; this does not, as it only polls. It is
    /// unconstrained: a task of the application that blocks here gives no budget back, and a future that has used it up
    /// would never be ready.
    pub(crate) fn wait<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let _inside = self.handle.enter();
        let mut future = pin!(task::unconstrained(future));
        let until = Instant::now() + limit;
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(done);
            }
            while !woken.is.swap(false, SeqCst) {
                let left = until.checked_duration_since(Instant::now())?;
                thread::park_timeout(left); // it may return for somebody else's reason
            }
        }
    }
}

/// Says that the thread that waits shall poll again.
struct Woken {
    is: AtomicBool,
    thread: Thread,
}

impl Default for Woken {
    fn default() -> Self {
        Self {
            is: AtomicBool::new(false),
            thread: thread::current(),
        }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is.store(true, SeqCst);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A socket that is opened and read here: on a runtime that is blocked it would never be ready.
    async fn a_byte_over_a_socket() -> u8 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = async {
            let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
            client.write_all(&[7]).await.unwrap();
            client
        };
        let (accepted, _client) = tokio::join!(listener.accept(), client);
        let (server, _) = accepted.unwrap();
        server.readable().await.unwrap();
        let mut byte = [0];
        server.try_read(&mut byte).unwrap();
        byte[0]
    }

    #[test]
    fn sockets_are_driven_while_the_one_thread_of_another_runtime_waits() {
        let application = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        application.block_on(async {
            let runtime = Runtime::start().unwrap();
            assert_eq!(runtime.wait(LONG, a_byte_over_a_socket()), Some(7));
        });
        let runtime = Runtime::start().unwrap();
        assert_eq!(runtime.wait(LONG, a_byte_over_a_socket()), Some(7));
    }

    #[test]
    fn a_task_that_has_no_budget_left_gets_its_answer() {
        let application = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        application.block_on(async {
            let runtime = Runtime::start().unwrap();
            let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
            let received = runtime.wait(LONG, async {
                for number in 0..1_000 {
                    send.send(number).unwrap();
                    receive.recv().await.unwrap();
                }
            });
            assert!(received.is_some());
        });
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let runtime = Runtime::start().unwrap();
        let never = std::future::pending::<()>();
        assert_eq!(runtime.wait(Duration::from_millis(10), never), None);
    }
}
