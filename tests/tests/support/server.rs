//! A server in a thread of its own, on a real socket, until it is dropped.

use std::{
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread::JoinHandle,
};

use actix_web::dev::{Server, ServerHandle};

use super::browser::Browser;

pub struct RunningServer {
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl RunningServer {
    pub fn start(
        make: impl AsyncFnOnce(TcpListener) -> anyhow::Result<Server> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 4_096).unwrap(); // std lets 128 wait; more are asked to come again in a second
        let address = listener.local_addr().unwrap();
        let (send, receive) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = make(listener).await.expect("the server starts");
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receive.recv().expect("the server has started");
        Self {
            address,
            handle,
            thread: Some(thread),
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false)); // the command is sent at once
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves an `App` on a real socket: `serve!(App::new().wrap(…))`. What it uses is cloned inside of the expression.
macro_rules! serve {
    ($app:expr) => {
        $crate::support::RunningServer::start(async move |listener| {
            let server = actix_web::HttpServer::new(move || $app)
                .workers(1)
                .disable_signals()
                .listen(listener)?;
            Ok(server.run())
        })
    };
}
pub(crate) use serve;
