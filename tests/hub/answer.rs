//! What the hub answers.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::{Fault, LARGE, Model, Request, State, blob, git_blob, sha256};

/// Answers a request; nothing when the connection is to end.
pub fn answer(state: &State, request: &Request, stream: &TcpStream) -> Option<()> {
    let fault = state.fault(&request.path);
    match &fault {
        Some(Fault::Status(status, headers)) => return head(stream, *status, headers, b"no"),
        Some(Fault::Redirect(to)) => {
            return head(stream, 302, &[("location", to.clone())], b"");
        }
        Some(Fault::Garbage) => return head(stream, 200, &[], b"<html>no hub</html>"),
        Some(Fault::HangUp) => return None,
        _ => {}
    }
    if request.to_files {
        let models = state.models.lock().unwrap().clone();
        let wanted = request.path.trim_start_matches('/').split('?').next()?;
        let mut files = models
            .values()
            .flat_map(|model| model.commits.values())
            .flatten();
        let (_, bytes) = files.find(|(_, bytes)| sha256(bytes) == wanted)?;
        return file(state, request, stream, &bytes.clone(), &[], fault.as_ref());
    }
    let path = request.path.split('?').next()?;
    if let Some(rest) = path.strip_prefix("/api/models/") {
        let steps: Vec<&str> = rest.split('/').collect();
        let at = steps
            .iter()
            .position(|step| ["revision", "tree"].contains(step))?;
        let id = steps[..at].join("/");
        let model = match found(state, request, &id, true) {
            Ok(model) => model,
            Err((status, headers)) => return head(stream, status, &headers, b"{}"),
        };
        let revision = steps[at + 1..].join("/").replace("%2F", "/");
        let Some((commit, files)) = commit(&model, &revision) else {
            let headers = [("x-error-code", "RevisionNotFound".to_owned())];
            return head(stream, 404, &headers, b"{}");
        };
        return match steps[at] {
            "revision" => info(stream, &id, &model, &commit, &files),
            _ => tree(state, request, stream, &files),
        };
    }
    let (id, rest) = path.trim_start_matches('/').split_once("/resolve/")?;
    let (revision, name) = rest.split_once('/')?;
    let model = match found(state, request, id, false) {
        Ok(model) => model,
        Err((status, headers)) => return head(stream, status, &headers, b""),
    };
    let none = || {
        let headers = [("x-error-code", "EntryNotFound".to_owned())];
        head(stream, 404, &headers, b"")
    };
    let Some((commit, files)) = commit(&model, revision) else {
        return none();
    };
    let Some(bytes) = files.get(&name.replace("%20", " ")) else {
        return none();
    };
    let mut headers = vec![
        ("x-repo-commit", commit),
        ("etag", format!("\"{}\"", blob(bytes))),
    ];
    if bytes.len() < LARGE {
        return file(state, request, stream, bytes, &headers, fault.as_ref());
    }
    let to = state.files_address.lock().unwrap().unwrap();
    headers.push(("x-linked-etag", format!("\"{}\"", sha256(bytes))));
    headers.push(("x-linked-size", bytes.len().to_string()));
    // The hub's own tools may fetch it in another way, by this name.
    headers.push(("x-xet-hash", sha256(sha256(bytes).as_bytes())));
    let auth = "<https://hub.invalid/api/models/x/xet-read-token/main>; rel=\"xet-auth\"";
    headers.push(("link", auth.to_owned()));
    headers.push((
        "location",
        format!("http://{to}/{}?X-Signature=secret-of-a-link", sha256(bytes)),
    ));
    if let Some(fault) = fault {
        // It is meant for the file, and this is only where it is.
        state.faults.lock().unwrap().insert(
            0,
            super::Planned {
                path: sha256(bytes),
                times: 1,
                fault,
            },
        );
    }
    head(stream, 302, &headers, b"")
}

type Files = BTreeMap<String, Arc<Vec<u8>>>;
type Refusal = (u16, Vec<(&'static str, String)>);

/// The model, where whoever asks may see it.
fn found(state: &State, request: &Request, id: &str, metadata: bool) -> Result<Model, Refusal> {
    let models = state.models.lock().unwrap();
    let because = |status, code: &str| (status, vec![("x-error-code", code.to_owned())]);
    let anonymous = request.token.is_none();
    let Some(model) = models.get(id) else {
        return Err(because(if anonymous { 401 } else { 404 }, "RepoNotFound"));
    };
    let allowed = match &model.token {
        Some(token) => request.token.as_deref() == Some(&format!("Bearer {token}")),
        None => true,
    };
    if allowed {
        return Ok(model.clone());
    }
    match model.gated {
        // What it is may be seen, and its files may not.
        true if metadata => Ok(model.clone()),
        true => Err(because(if anonymous { 401 } else { 403 }, "GatedRepo")),
        false => Err(because(if anonymous { 401 } else { 404 }, "RepoNotFound")),
    }
}

fn commit(model: &Model, revision: &str) -> Option<(String, Files)> {
    let commit = model.refs.get(revision).map_or(revision, String::as_str);
    Some((commit.to_owned(), model.commits.get(commit)?.clone()))
}

fn info(stream: &TcpStream, id: &str, model: &Model, commit: &str, files: &Files) -> Option<()> {
    let siblings: Vec<_> = files
        .keys()
        .map(|path| serde_json::json!({"rfilename": path}))
        .collect();
    let body = serde_json::json!({
        "_id": "1", "id": id, "modelId": id, "sha": commit, "private": model.private, "tags": [],
        "gated": if model.gated { serde_json::json!("manual") } else { serde_json::json!(false) },
        "downloads": 0, "likes": 0, "siblings": siblings,
    });
    json(stream, &[], &body)
}

fn tree(state: &State, request: &Request, stream: &TcpStream, files: &Files) -> Option<()> {
    let entries: Vec<serde_json::Value> = files
        .iter()
        .map(|(path, bytes)| {
            let mut entry = serde_json::json!({
                "type": "file", "path": path, "size": bytes.len(), "oid": git_blob(bytes),
            });
            if bytes.len() >= LARGE {
                entry["lfs"] = serde_json::json!({
                    "oid": sha256(bytes), "size": bytes.len(), "pointerSize": 134,
                });
            }
            entry
        })
        .collect();
    let cursor = request
        .path
        .split("cursor=")
        .nth(1)
        .and_then(|text| text.parse().ok());
    let from: usize = cursor.unwrap_or(0);
    let Some(page) = *state.page.lock().unwrap() else {
        return json(stream, &[], &entries.into());
    };
    let rest = &entries[from..];
    let mut headers = Vec::new();
    if rest.len() > page {
        let path = request.path.split('?').next()?;
        let next = format!(
            "<{path}?recursive=true&cursor={}>; rel=\"next\"",
            from + page
        );
        headers.push(("link", next));
    }
    json(stream, &headers, &rest.iter().take(page).cloned().collect())
}

fn json(stream: &TcpStream, headers: &[(&str, String)], body: &serde_json::Value) -> Option<()> {
    let mut all = vec![("content-type", "application/json".to_owned())];
    all.extend(headers.iter().map(|(name, value)| (*name, value.clone())));
    head(stream, 200, &all, body.to_string().as_bytes())
}

fn head(
    mut stream: &TcpStream,
    status: u16,
    headers: &[(&str, String)],
    body: &[u8],
) -> Option<()> {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).ok()?;
    stream.write_all(body).ok()
}

/// A file from the byte that was asked for.
fn file(
    state: &State,
    request: &Request,
    mut stream: &TcpStream,
    bytes: &[u8],
    headers: &[(&str, String)],
    fault: Option<&Fault>,
) -> Option<()> {
    let mut bytes = bytes.to_vec();
    match fault {
        Some(Fault::WrongByte(place)) => bytes[*place] ^= 1,
        Some(Fault::Longer) => bytes.push(0),
        _ => {}
    }
    let whole = bytes.len();
    let from = match fault {
        Some(Fault::NoRanges) => None,
        _ => request.from,
    };
    let first = usize::try_from(from.unwrap_or(0)).unwrap();
    if first >= whole && from.is_some() {
        return head(stream, 416, &[], b"");
    }
    let end = request
        .range
        .as_deref()
        .filter(|_| from.is_some())
        .and_then(|range| range.rsplit('-').next()?.parse::<usize>().ok());
    let end = end.map_or(whole, |last| whole.min(last + 1));
    let body = &bytes[first..end];
    let mut text = match from {
        Some(_) => format!(
            "HTTP/1.1 206 X\r\ncontent-range: bytes {first}-{}/{whole}\r\n",
            end - 1
        ),
        None => "HTTP/1.1 200 X\r\n".to_owned(),
    };
    text.push_str(&format!(
        "content-length: {}\r\naccept-ranges: bytes\r\n",
        body.len()
    ));
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).ok()?;
    if request.method == "HEAD" {
        return Some(());
    }
    let (piece, pause) = match fault {
        Some(Fault::Slow(piece, pause)) => (*piece, *pause),
        _ => (1 << 16, Duration::ZERO),
    };
    let most = match fault {
        Some(Fault::Truncate(most) | Fault::Stall(most)) => *most,
        _ => body.len(),
    };
    for piece in body[..most.min(body.len())].chunks(piece) {
        stream.write_all(piece).ok()?;
        state.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
        thread::sleep(pause);
    }
    match fault {
        Some(Fault::Truncate(_)) => {
            let _ = stream.shutdown(Shutdown::Both);
            None
        }
        Some(Fault::Stall(_)) => {
            thread::sleep(Duration::from_secs(600));
            None
        }
        _ => Some(()),
    }
}
