//! The hub as the library asks it: parts of files, small files, proxies.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod hub;
mod program;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use aim_engine::hub::{FilePath, Hub as Client, HubError, HubSettings, ModelId, Revision};
use hub::client::{MODEL, command};
use hub::{Fault, Hub, noise};
use program::{Place, ran};

fn client(hub: &Hub) -> Client {
    let mut settings = HubSettings::of_this_process();
    settings.endpoint = hub.endpoint();
    settings.token = None;
    settings.offline = false;
    settings.patience.first_wait = Duration::from_millis(1);
    Client::new(settings).unwrap()
}

/// A safetensors file: its header's length, its header, its weights.
fn safetensors(header: &str, weights: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(noise(1, weights));
    bytes
}

#[test]
fn the_header_of_a_large_file_is_read_without_the_rest() {
    let hub = Hub::start();
    let header =
        "{\"lm_head.weight\": {\"dtype\": \"BF16\", \"shape\": [8, 4], \"data_offsets\": [0, 64]}}";
    let file = safetensors(header, 5_000_000);
    hub.add(
        MODEL,
        &[
            ("config.json", b"{\"num_hidden_layers\": 2}".to_vec()),
            ("model.safetensors", file.clone()),
        ],
    );
    let client = client(&hub);
    let model = ModelId::parse(MODEL).unwrap();
    let info = client.info(&model, &Revision::default()).unwrap();
    assert!(!info.gated);
    assert_eq!(info.all["id"], MODEL);
    let read = |path: &str, range| {
        client.read_range(&model, &info.commit, &FilePath::parse(path).unwrap(), range)
    };
    // With and without a host that knows ranges, and when the connection breaks on the way.
    for fault in [
        None,
        Some(Fault::NoRanges),
        Some(Fault::Truncate(3)),
        Some(Fault::Status(502, vec![])),
    ] {
        if let Some(fault) = fault {
            hub.fault("model.safetensors", 1, fault);
        }
        let length = read("model.safetensors", 0..8).unwrap();
        let length = u64::from_le_bytes(length.try_into().unwrap());
        let found = read("model.safetensors", 8..8 + length).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), header);
    }
    assert!(hub.sent() < 5_000_000, "{}", hub.sent());
    let size = file.len() as u64;
    assert_eq!(
        read("model.safetensors", size - 2..size + 9).unwrap(),
        &file[file.len() - 2..]
    );
    assert!(read("model.safetensors", 5..5).unwrap().is_empty());
    let path = FilePath::parse("config.json").unwrap();
    let config = client
        .read_small(&model, &info.commit, &path, 1000)
        .unwrap();
    assert_eq!(config, b"{\"num_hidden_layers\": 2}");
    let large = client
        .read_small(&model, &info.commit, &path, 5)
        .unwrap_err();
    assert!(matches!(large, HubError::Answer { .. }), "{large}");
    let none = FilePath::parse("none.json").unwrap();
    let none = client
        .read_small(&model, &info.commit, &none, 5)
        .unwrap_err();
    assert!(matches!(none, HubError::NoFile { .. }), "{none}");
}

/// A proxy that lets everything through and says what it was asked.
fn proxy() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, heard) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let asked = asked.clone();
            thread::spawn(move || -> Option<()> {
                let mut lines = BufReader::new(stream.try_clone().ok()?);
                let mut first = String::new();
                lines.read_line(&mut first).ok()?;
                let mut line = String::new();
                while lines.read_line(&mut line).ok()? > 2 {
                    line.clear();
                }
                let to = first.split_whitespace().nth(1)?;
                let mut beyond = TcpStream::connect(to).ok()?;
                asked.send(first.trim().to_owned()).ok()?;
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
                let (mut up, mut down) = (stream.try_clone().ok()?, beyond.try_clone().ok()?);
                thread::spawn(move || std::io::copy(&mut down, &mut up));
                std::io::copy(&mut stream, &mut beyond).ok()?;
                Some(())
            });
        }
    });
    (address, heard)
}

#[test]
fn a_proxy_is_asked_but_for_hosts_that_need_none() {
    let (place, hub) = (Place::new(), Hub::start());
    hub.add(MODEL, &[("model.safetensors", noise(1, 20_000))]);
    let (address, heard) = proxy();
    let add = |none_for: &str| {
        let mut command = command(&place, &hub, &["add", MODEL]);
        command
            .env("http_proxy", format!("http://{address}"))
            .env("no_proxy", none_for);
        ran(&mut command).exits(0);
        heard.try_iter().collect::<Vec<String>>()
    };
    assert_eq!(add("127.0.0.1,localhost"), Vec::<String>::new());
    std::fs::remove_dir_all(place.path("models")).unwrap();
    let asked = add("");
    for to in [hub.address, hub.files_address] {
        assert!(
            asked.contains(&format!("CONNECT {to} HTTP/1.1")),
            "{asked:?}"
        );
    }
    let mut command = command(&place, &hub, &["add", MODEL]);
    ran(command.env("http_proxy", "http://127.0.0.1:1"))
        .exits(3)
        .says("hub::unreachable");
    ran(command.env("http_proxy", "://"))
        .exits(2)
        .says("hub::proxy");
}
