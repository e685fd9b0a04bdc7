//! A model hub on loopback, with models of a test's own, that misbehaves when it is told to.
//!
//! It is two servers, as the real one is: large files are on a second host, to which the first one redirects.
#![allow(dead_code)]

mod answer;
pub mod client;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

/// Files of this size and above are large ones.
pub const LARGE: usize = 10_000;

/// A hub that answers until the process ends.
pub struct Hub {
    pub address: SocketAddr,
    pub files_address: SocketAddr,
    state: Arc<State>,
}

/// What the hub does wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// So many bytes of the body, and then the connection ends.
    Truncate(usize),
    /// So many bytes of the body, and then nothing for ever.
    Stall(usize),
    /// A pause after each piece of so many bytes.
    Slow(usize, Duration),
    /// Whole files only, whatever was asked for.
    NoRanges,
    /// A byte of the file is another one.
    WrongByte(usize),
    /// A file of another size.
    Longer,
    /// A redirect to this address.
    Redirect(String),
    /// Something that is no JSON.
    Garbage,
    /// The connection ends without an answer.
    HangUp,
}

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whether to the host of large files.
    pub to_files: bool,
    pub method: String,
    pub path: String,
    /// The first byte of the range.
    pub from: Option<u64>,
    pub range: Option<String>,
    pub token: Option<String>,
}

#[derive(Default)]
struct State {
    models: Mutex<BTreeMap<String, Model>>,
    faults: Mutex<Vec<Planned>>,
    log: Mutex<Vec<Request>>,
    /// Bytes of files that were sent.
    sent: AtomicU64,
    files_address: Mutex<Option<SocketAddr>>,
    /// Entries of a page of a list.
    page: Mutex<Option<usize>>,
}

struct Planned {
    /// Part of the paths that it is for.
    path: String,
    times: usize,
    fault: Fault,
}

/// A model with its revisions.
#[derive(Clone, Default)]
pub struct Model {
    pub gated: bool,
    pub private: bool,
    /// The token that may read it, where not everybody may.
    pub token: Option<String>,
    /// Branches and their commits.
    pub refs: BTreeMap<String, String>,
    pub commits: BTreeMap<String, BTreeMap<String, Arc<Vec<u8>>>>,
}

impl Hub {
    pub fn start() -> Hub {
        let state = Arc::new(State::default());
        let files_address = serve(state.clone(), true);
        *state.files_address.lock().unwrap() = Some(files_address);
        Hub {
            address: serve(state.clone(), false),
            files_address,
            state,
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a commit, which `main` names from then on; gives its hash.
    pub fn add(&self, model: &str, files: &[(&str, Vec<u8>)]) -> String {
        let mut models = self.state.models.lock().unwrap();
        let entry = models.entry(model.to_owned()).or_default();
        let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        context.update(model.as_bytes());
        for (path, bytes) in files {
            context.update(path.as_bytes());
            context.update(bytes);
        }
        let commit = hex(context.finish().as_ref());
        let files = files
            .iter()
            .map(|(path, bytes)| ((*path).to_owned(), Arc::new(bytes.clone())));
        entry.commits.insert(commit.clone(), files.collect());
        entry.refs.insert("main".to_owned(), commit.clone());
        commit
    }

    pub fn change(&self, model: &str, change: impl FnOnce(&mut Model)) {
        change(self.state.models.lock().unwrap().get_mut(model).unwrap());
    }

    /// The next so many requests whose path has this in it go wrong.
    pub fn fault(&self, path: &str, times: usize, fault: Fault) {
        let path = path.to_owned();
        self.state
            .faults
            .lock()
            .unwrap()
            .push(Planned { path, times, fault });
    }

    pub fn mend(&self) {
        self.state.faults.lock().unwrap().clear();
    }

    /// Lists of files come in pages of so many.
    pub fn page(&self, entries: usize) {
        *self.state.page.lock().unwrap() = Some(entries);
    }

    /// The requests since this was last asked.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.log.lock().unwrap())
    }

    /// Bytes of files that were sent so far.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }
}

impl State {
    /// What goes wrong with a request, if anything.
    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let planned = faults
            .iter_mut()
            .find(|planned| planned.times > 0 && path.contains(&planned.path))?;
        planned.times -= 1;
        Some(planned.fault.clone())
    }
}

fn serve(state: Arc<State>, is_files: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = state.clone();
            thread::spawn(move || converse(&state, is_files, stream));
        }
    });
    address
}

/// Answers the requests of a connection until one of both ends it.
fn converse(state: &State, is_files: bool, stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut first = String::new();
        if lines.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut words = first.split_whitespace();
        let mut request = Request {
            to_files: is_files,
            method: words.next()?.to_owned(),
            path: words.next()?.to_owned(),
            from: None,
            range: None,
            token: None,
        };
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let value = value.trim().to_owned();
            match name.to_lowercase().as_str() {
                "range" => {
                    request.from = value
                        .strip_prefix("bytes=")?
                        .split('-')
                        .next()?
                        .parse()
                        .ok();
                    request.range = Some(value);
                }
                "authorization" => request.token = Some(value),
                _ => {}
            }
        }
        state.log.lock().unwrap().push(request.clone());
        answer::answer(state, &request, &stream)?;
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    hex(context.finish().as_ref())
}

pub fn git_blob(bytes: &[u8]) -> String {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(format!("blob {}\0", bytes.len()).as_bytes());
    context.update(bytes);
    hex(context.finish().as_ref())
}

/// The name of a content: as large files have it, or small ones.
pub fn blob(bytes: &[u8]) -> String {
    match bytes.len() >= LARGE {
        true => sha256(bytes),
        false => git_blob(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many bytes that follow no pattern, the same for the same seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
