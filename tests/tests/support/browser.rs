//! A client with cookies of its own that sends exactly the given bytes: no library tidies a path or a header.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// No answer comes later: the plugin gives up after 4 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Browser {
    pub address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookies: BTreeMap::new(),
        }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&mut self, path: &str, json: &Value) -> Answer {
        let body = json.to_string();
        self.send(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            body.as_bytes(),
        )
    }

    pub fn token(&mut self, path: &str, token: &str) -> Answer {
        self.post(path, &serde_json::json!({ "token": token }))
    }

    /// The same browser, at another instance of the service.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self {
            address,
            cookies: self.cookies.clone(),
        }
    }

    pub fn try_token(&mut self, path: &str, token: &str) -> io::Result<Answer> {
        let body = serde_json::json!({ "token": token }).to_string();
        let kind = [("Content-Type", "application/json")];
        self.try_send("POST", path, &kind, body.as_bytes())
    }

    pub fn form(&mut self, path: &str, form: &str) -> Answer {
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &kind, form.as_bytes())
    }

    /// Sends a request with its cookies, and keeps those that it is given.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// As [`send`](Self::send), where there may be no whole answer: the server dies, or says nothing for half a minute.
    pub fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let head = self.head(method, path, headers, body.len());
        let answer = self.try_raw(&[head.as_bytes(), b"\r\n", body].concat())?;
        self.keep_cookies(&answer);
        Ok(answer)
    }

    /// Keeps the cookies that an answer sets, and drops those that it takes away.
    pub fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.all("set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value);
            }
        }
    }

    /// The head of a request up to the blank line.
    pub fn head(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        length: usize,
    ) -> String {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request += &format!("Host: {}\r\n", self.address);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request += &format!("Cookie: {}\r\n", pairs.join("; "));
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if length > 0 {
            request += &format!("Content-Length: {}\r\n", length);
        }
        request
    }

    /// Sends bytes and reads the whole answer, as long as it says that it is: a server that has not read all that was
    /// sent may keep the connection open for some seconds.
    pub fn raw(&self, request: &[u8]) -> Answer {
        self.try_raw(request)
            .unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    fn try_raw(&self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // A server that refuses early may close before all is sent; what it answered counts.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let mut chunk = [0; 16_384];
        let has_body = !request.starts_with(b"HEAD ");
        while !Answer::is_whole(&bytes, has_body) {
            match stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => bytes.extend_from_slice(&chunk[..read]),
            }
        }
        Ok(Answer::parse(&bytes))
    }

    /// The session cookie's value.
    pub fn session(&self) -> String {
        self.cookies.get("id").cloned().unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|it| it == b"\r\n\r\n")
            .unwrap_or_else(|| {
                panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
            });
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            status,
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// Whether these bytes are an answer with as much of a body as its head announces.
    pub fn is_whole(bytes: &[u8], has_body: bool) -> bool {
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
            return false;
        };
        let length = Self::parse(bytes)
            .header("content-length")
            .and_then(|it| it.parse::<usize>().ok());
        !has_body || length.is_some_and(|length| bytes.len() >= end + 4 + length)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = name.to_owned();
        self.headers
            .iter()
            .filter(move |header| header.0 == name)
            .map(|header| header.1.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body of a success.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.assert_protected();
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body of a refusal, which must have the shape that every refusal has.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{} {}", self.status, self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        self.assert_protected();
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{problem}"
        );
        problem
    }

    #[track_caller]
    fn assert_protected(&self) {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), Some(value), "{self:?}");
        }
    }
}
