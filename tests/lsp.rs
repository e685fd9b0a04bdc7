//! The language server as an editor knows it: a client that speaks over stdio with the program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use pretty_assertions::assert_eq;
use program::{Place, card, recipe};
use serde_json::{Value, json};

/// An editor.
struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next: i32,
    /// Notifications that came before an answer.
    heard: Vec<Value>,
}

impl Client {
    fn start(place: &Place, words: &[&str]) -> Client {
        let mut command = place.command(&[&["lsp"], words].concat());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Client {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            next: 0,
            heard: Vec::new(),
        }
    }

    /// One that said hello.
    fn open(place: &Place, words: &[&str]) -> Client {
        let mut client = Client::start(place, words);
        let hello = client.ask("initialize", json!({"capabilities": {}}));
        assert_eq!(hello["capabilities"]["positionEncoding"], "utf-16");
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        write!(stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        stdin.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
    }

    fn request(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let id = self.next;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send(&request.to_string());
        id
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.stdout.read_line(&mut line).unwrap() > 0,
                "the server is gone"
            );
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stdout.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The answer to a request, whole.
    fn answer(&mut self, id: i32) -> Value {
        loop {
            let message = self.receive();
            if message.get("id") == Some(&json!(id)) {
                return message;
            }
            self.heard.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    fn did_open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn did_change(&mut self, uri: &str, version: i32, change: Value) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": [change]});
        self.tell("textDocument/didChange", params);
    }

    /// The next diagnostics of a document.
    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        let of = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        };
        if let Some(at) = self.heard.iter().position(of) {
            return list(&self.heard.remove(at)["params"]["diagnostics"]);
        }
        loop {
            let message = self.receive();
            assert_ne!(message["method"], "window/logMessage", "{message}");
            if of(&message) {
                return list(&message["params"]["diagnostics"]);
            }
            self.heard.push(message);
        }
    }

    fn at(&mut self, method: &str, uri: &str, text: &str, what: &str) -> Value {
        let params = json!({"textDocument": {"uri": uri}, "position": position(text, what)});
        self.ask(method, params)
    }

    fn labels(&mut self, uri: &str, text: &str, what: &str) -> Vec<String> {
        let found = self.at("textDocument/completion", uri, text, what);
        let labels = list(&found["items"]);
        labels
            .iter()
            .map(|item| item["label"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Says goodbye, and how that ended.
    fn close(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap().code()
    }
}

fn list(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value}"))
        .clone()
}

/// The position of the end of `what` in units of UTF-16.
fn position(text: &str, what: &str) -> Value {
    let at = text.find(what).unwrap_or_else(|| panic!("no `{what}`")) + what.len();
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    json!({"line": line, "character": text[start..at].encode_utf16().count()})
}

fn range(text: &str, what: &str) -> Value {
    let at = text.find(what).unwrap();
    let start = position(&text[..at], "");
    let end = position(text, what);
    // The beginning is the end of what stands before it.
    let line = text[..at].matches('\n').count();
    let from = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let start = match at {
        0 => start,
        _ => json!({"line": line, "character": text[from..at].encode_utf16().count()}),
    };
    json!({"start": start, "end": end})
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

/// A catalog with a card and a recipe, and the recipe's URI.
fn catalog(place: &Place, text: &str) -> String {
    place.write("site/models/acme/small.yaml", card("acme/small"));
    let path = place.write("site/recipes/small.yaml", text);
    format!("file://{}", path.display())
}

fn right() -> String {
    recipe("small", "acme/small", "MI300X", "bf16", 1)
}

#[test]
fn what_is_wrong_is_told_as_it_is_typed() {
    let place = Place::new();
    let uri = catalog(&place, "");
    // The disk has an empty file: what is checked is what the editor has. Non-ASCII before the place.
    let wrong = right().replace(
        "hardware: MI300X",
        "description: {ä: \"𝄞\"}\n\"hardware\": \"MI300\"",
    );
    let wrong = wrong.replace("8192\n", "8192\n      \"--tensor-parallel-size\": 2 # ü\n");
    let wrong = wrong.replace(
        "1_gpu:\n    enabled: true",
        "1_gpu: {enabled: true, env: {Ä𝄞: 1}}\n  2_gpu:\n    enabled: true",
    );
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &wrong);
    let found = client.diagnostics(&uri);
    let hardware = found.iter().find(|one| one["code"] == "AIM201").unwrap();
    assert_eq!(hardware["range"], range(&wrong, "\"MI300\""));
    assert_eq!(hardware["severity"], 1);
    assert_eq!(hardware["source"], "aim-engine");
    let name = found.iter().find(|one| {
        one["message"]
            .as_str()
            .unwrap()
            .contains("environment variable")
    });
    assert_eq!(name.unwrap()["range"], range(&wrong, "Ä𝄞"));

    // Mended bit by bit, and then whole.
    client.did_change(
        &uri,
        2,
        json!({"range": range(&wrong, "\"MI300\""), "text": "MI300X"}),
    );
    let found = client.diagnostics(&uri);
    assert!(!codes(&found).contains(&"AIM201"), "{found:?}");
    client.did_change(&uri, 3, json!({"text": right()}));
    let found = client.diagnostics(&uri);
    let errors: Vec<_> = found.iter().filter(|one| one["severity"] == 1).collect();
    assert_eq!(errors, Vec::<&Value>::new());
    // What is no YAML is told too.
    client.did_change(&uri, 4, json!({"text": "a: [1\nb: }"}));
    assert!(codes(&client.diagnostics(&uri))[0].starts_with("AIM0"));
    client.tell(
        "textDocument/didClose",
        json!({"textDocument": {"uri": uri}}),
    );
    assert_eq!(client.diagnostics(&uri), Vec::<Value>::new());
    assert_eq!(client.close(), Some(0));
}

#[test]
fn columns_are_bytes_where_the_editor_can_count_them() {
    let place = Place::new();
    let text = format!("{}\"ä\": {{hardware: 1, \"é\": 2}}\n", right());
    let uri = catalog(&place, &text);
    let mut client = Client::start(&place, &[]);
    let general = json!({"positionEncodings": ["utf-8", "utf-16"]});
    let hello = client.ask("initialize", json!({"capabilities": {"general": general}}));
    assert_eq!(hello["capabilities"]["positionEncoding"], "utf-8");
    client.did_open(&uri, &text);
    let found = client.diagnostics(&uri);
    let unknown = found
        .iter()
        .find(|one| one["message"].as_str().unwrap().contains("`ä`"))
        .unwrap();
    assert_eq!(unknown["range"]["end"]["character"], 4);
    assert_eq!(client.close(), Some(0));
}

#[test]
fn flags_and_fields_and_names_are_explained() {
    let place = Place::new();
    let text = right() + "      --kv-cache-dtype: fp9\n      --max-batch-size: 1\n";
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    for (what, said) in [
        ("--kv-cache", "`auto`"),
        ("--kv-cache", "vLLM 0."),
        ("fp9", "`fp9` is none of its values"),
        ("--max-batch", "`--max-num-seqs`"),
        ("enabled", "Whether the block may be chosen"),
        ("precisio", "Precision of the weights"),
        ("acme/sm", "8.0 billion"),
        ("MI300X", "gfx942"),
        ("vllm_serve", "the section of vLLM"),
    ] {
        let hover = client.at("textDocument/hover", &uri, &text, what);
        let value = hover["contents"]["value"].as_str().unwrap();
        assert!(value.contains(said), "{what}: {value}");
    }
    let hover = client.at("textDocument/hover", &uri, &text, "--kv-cache");
    assert_eq!(hover["range"], range(&text, "--kv-cache-dtype"));
    assert_eq!(client.close(), Some(0));
}

#[test]
fn what_may_be_written_is_offered() {
    let place = Place::new();
    let text = right().replace("    args:", "    en\n    args:");
    let text = text
        + "      --kv-cache-dtype: \n      --enforce-eager: \n      --ma\nmetric: \nprecision: fp\nvl\n";
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    let has = |labels: &[String], wanted: &[&str]| {
        for one in wanted {
            assert!(
                labels.iter().any(|label| label == one),
                "no {one} in {labels:?}"
            );
        }
    };
    has(
        &client.labels(&uri, &text, "--enforce-eager: \n      --ma"),
        &["--max-num-seqs", "--kv-cache-dtype"],
    );
    has(
        &client.labels(&uri, &text, "--kv-cache-dtype: "),
        &["auto", "fp8"],
    );
    has(
        &client.labels(&uri, &text, "--enforce-eager: "),
        &["true", "false"],
    );
    has(
        &client.labels(&uri, &text, "metric: "),
        &["latency", "throughput"],
    );
    has(
        &client.labels(&uri, &text, "precision: fp"),
        &["bf16", "fp8"],
    );
    has(
        &client.labels(&uri, &text, "hardware: "),
        &["MI300X", "MI355X"],
    );
    has(
        &client.labels(&uri, &text, "huggingface_id: "),
        &["acme/small"],
    );
    has(
        &client.labels(&uri, &text, "\nvl"),
        &["vllm_serve", "sglang_serve", "env"],
    );
    has(&client.labels(&uri, &text, "    en"), &["env", "image"]);
    assert!(
        !client
            .labels(&uri, &text, "--kv-cache-dtype: ")
            .contains(&"--dtype".to_owned())
    );
    // It takes the place of the word.
    let found = client.at(
        "textDocument/completion",
        &uri,
        &text,
        "--enforce-eager: \n      --ma",
    );
    let items = list(&found["items"]);
    assert!(
        items[0]["textEdit"]["newText"]
            .as_str()
            .unwrap()
            .contains(": ")
    );
    assert_eq!(client.close(), Some(0));
}

/// A text with the edits of a code action.
fn applied(text: &str, uri: &str, action: &Value) -> String {
    let byte = |position: &Value| {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let units = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
        let chars = text[start..].char_indices();
        let mut left = units;
        for (at, c) in chars {
            if left == 0 {
                return start + at;
            }
            left -= c.len_utf16();
        }
        text.len()
    };
    let mut edits = list(&action["edit"]["changes"][uri]);
    edits.sort_by_key(|edit| std::cmp::Reverse(byte(&edit["range"]["start"])));
    let mut text = text.to_owned();
    for edit in edits {
        let (start, end) = (byte(&edit["range"]["start"]), byte(&edit["range"]["end"]));
        text.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    text
}

#[test]
fn an_action_puts_the_name_that_was_meant() {
    let place = Place::new();
    let text = format!("# ä𝄞\n{}", right()).replace("MI300X\n", "'MI30X' # ä\n");
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    let range = range(&text, "MI30X");
    let params =
        json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": []}});
    let actions = list(&client.ask("textDocument/codeAction", params));
    let action = actions
        .iter()
        .find(|one| one["diagnostics"][0]["code"] == "AIM201")
        .unwrap();
    assert_eq!(action["kind"], "quickfix");
    let fixed = applied(&text, &uri, action);
    assert_eq!(fixed, text.replace("'MI30X'", "'MI300X'"));
    client.did_change(&uri, 2, json!({"text": fixed}));
    // That of the text before comes first.
    client.diagnostics(&uri);
    assert!(!codes(&client.diagnostics(&uri)).contains(&"AIM201"));
    assert_eq!(client.close(), Some(0));
}

#[test]
fn a_model_leads_to_its_card() {
    let place = Place::new();
    let text = right();
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    let found = client.at("textDocument/definition", &uri, &text, "acme/sm");
    let card = format!("file://{}", place.text("site/models/acme/small.yaml"));
    assert_eq!(found["uri"], card);
    // What is inside the program has no file.
    let found = client.at("textDocument/definition", &uri, &text, "MI300X");
    assert_eq!(found, Value::Null);
    let found = client.at("textDocument/definition", &uri, &text, "enabled");
    assert_eq!(found, Value::Null);
    assert_eq!(client.close(), Some(0));
}

#[test]
fn a_file_by_itself_is_judged_within_the_built_in_catalog() {
    let place = Place::new();
    let text = recipe("mine", "Qwen/Qwen3-32B", "MI300X", "bf16", 2).replace("MI300X", "MI300Y");
    let mut client = Client::open(&place, &[]);
    for uri in ["untitled:Untitled-1", "file:///nowhere/a%20b.yaml"] {
        client.did_open(uri, &text);
        assert!(codes(&client.diagnostics(uri)).contains(&"AIM201"));
        let hover = client.at("textDocument/hover", uri, &text, "Qwen/Qwen3");
        assert!(
            hover["contents"]["value"]
                .as_str()
                .unwrap()
                .contains("billion")
        );
    }
    assert_eq!(client.close(), Some(0));
}

#[test]
fn two_open_files_are_judged_together() {
    let place = Place::new();
    let uri = catalog(&place, &right());
    let other = uri.replace("small.yaml", "other.yaml");
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &right());
    let alone = client.diagnostics(&uri);
    // A new file that the disk does not have, with the same id.
    client.did_open(&other, &right());
    let both = [client.diagnostics(&uri), client.diagnostics(&other)].concat();
    assert!(both.len() > alone.len(), "{both:?}");
    assert!(both.iter().any(|one| one["code"] == "AIM101"), "{both:?}");
    assert_eq!(client.close(), Some(0));
}

#[test]
fn mistakes_of_an_editor_are_answered_and_end_nothing() {
    let place = Place::new();
    let mut client = Client::start(&place, &[]);
    let id = client.request("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32002);
    client.ask("initialize", json!({"capabilities": {}}));
    client.send("{nonsense");
    assert_eq!(client.receive()["error"]["code"], -32700);
    client.send("[1, 2]");
    assert_eq!(client.receive()["error"]["code"], -32600);
    let id = client.request("textDocument/hover", json!({"position": "here"}));
    assert_eq!(client.answer(id)["error"]["code"], -32602);
    let id = client.request("textDocument/rename", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32601);
    client.tell("textDocument/didChange", json!({"contentChanges": 1}));
    client.tell("$/unheard", json!(null));
    let uri = "file:///nowhere/a.yaml";
    let position = json!({"line": 4_000_000, "character": 4_000_000});
    let place_of = json!({"textDocument": {"uri": uri}, "position": position});
    assert_eq!(
        client.ask("textDocument/hover", place_of.clone()),
        Value::Null
    );
    for text in [
        "",
        "\u{feff}a: \u{1}",
        "- - - ? [",
        ":\n:\n",
        "a: &a [*a, *a]",
        "vllm_serve:\r\n  1_gpu: {args: {: }}",
    ] {
        client.did_open(uri, text);
        client.diagnostics(uri);
        for line in 0..3 {
            for character in 0..12 {
                let position = json!({"line": line, "character": character});
                let place = json!({"textDocument": {"uri": uri}, "position": position});
                for method in ["hover", "completion", "definition"] {
                    client.ask(&format!("textDocument/{method}"), place.clone());
                }
            }
        }
        client.ask("textDocument/completion", place_of.clone());
    }
    let backwards =
        json!({"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}});
    client.did_change(uri, 2, json!({"range": backwards, "text": "x"}));
    client.diagnostics(uri);
    assert_eq!(client.close(), Some(0));
}

#[test]
fn what_is_cancelled_is_not_worked_on() {
    let place = Place::new();
    let uri = catalog(&place, &right());
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &right());
    // The first one opens the catalog, and meanwhile the others are there.
    let ask = |id: i32| {
        let position = json!({"line": 0, "character": 0});
        let params = json!({"textDocument": {"uri": uri}, "position": position});
        json!({"jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": params})
    };
    let cancel = json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 102}});
    let messages = [ask(101), ask(102), cancel, ask(103)];
    let all: String = messages
        .iter()
        .map(|message| {
            let text = message.to_string();
            format!("Content-Length: {}\r\n\r\n{text}", text.len())
        })
        .collect();
    let stdin = client.stdin.as_mut().unwrap();
    stdin.write_all(all.as_bytes()).unwrap();
    stdin.flush().unwrap();
    let mut answers = Vec::new();
    while answers.len() < 3 {
        let message = client.receive();
        if message.get("id").is_some() {
            answers.push(message);
        }
    }
    let of = |id: i32| answers.iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(of(102)["error"]["code"], -32800);
    assert!(of(101).get("error").is_none() && of(103).get("error").is_none());
    assert_eq!(client.close(), Some(0));
}

#[test]
fn the_exit_code_tells_whether_the_editor_said_goodbye() {
    let place = Place::new();
    let mut client = Client::open(&place, &[]);
    drop(client.stdin.take());
    assert_eq!(client.child.wait().unwrap().code(), Some(1));

    let mut client = Client::open(&place, &[]);
    client.tell("exit", Value::Null);
    assert_eq!(client.child.wait().unwrap().code(), Some(1));

    let mut client = Client::open(&place, &[]);
    let again = client.request("initialize", json!({"capabilities": {}}));
    assert_eq!(client.answer(again)["error"]["code"], -32600);
    client.ask("shutdown", Value::Null);
    let late = client.request("textDocument/hover", json!({}));
    assert_eq!(client.answer(late)["error"]["code"], -32600);
    client.tell("exit", Value::Null);
    assert_eq!(client.child.wait().unwrap().code(), Some(0));
}

/// The code actions for a stretch of a document.
fn actions(client: &mut Client, uri: &str, range: &Value, only: Option<&str>) -> Vec<Value> {
    let mut context = json!({"diagnostics": []});
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
    list(&client.ask("textDocument/codeAction", params))
}

fn action<'a>(actions: &'a [Value], code: &str, title: &str) -> &'a Value {
    let is_it = |one: &&Value| {
        one["diagnostics"][0]["code"] == code && one["title"].as_str().unwrap().contains(title)
    };
    let found = actions.iter().find(is_it);
    found.unwrap_or_else(|| panic!("no {code} {title} in {actions:?}"))
}

#[test]
fn an_action_is_the_fix_of_a_finding() {
    let place = Place::new();
    // Windows' lines, and characters outside of the plane of UTF-16's single units before the place.
    let text = right().replace(
        "      --max-model-len: 8192\n",
        "      \"--served-model-name\": \"𝄞ä\"\n      --tensor-parallel-size: '2' # 𝄞\n",
    );
    let text = text.replace('\n', "\r\n");
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    assert!(codes(&client.diagnostics(&uri)).contains(&"AIM301"));
    let range = range(&text, "'2'");
    let offered = actions(&mut client, &uri, &range, None);
    let fix = action(&offered, "AIM301", "replace `2` with `1`");
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["isPreferred"], true);
    assert_eq!(applied(&text, &uri, fix), text.replace("'2' #", "'1' #"));
    // What is asked for when a file is saved is something else.
    assert_eq!(
        actions(&mut client, &uri, &range, Some("source.fixAll")),
        Vec::<Value>::new()
    );
    assert!(!actions(&mut client, &uri, &range, Some("quickfix")).is_empty());
    // Elsewhere nothing of it is offered.
    let elsewhere =
        json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    let offered = actions(&mut client, &uri, &elsewhere, None);
    assert!(
        offered
            .iter()
            .all(|one| one["diagnostics"][0]["code"] != "AIM301")
    );
    let fixed = text.replace("'2' #", "'1' #");
    client.did_change(&uri, 2, json!({"range": range, "text": "'1'"}));
    assert!(!codes(&client.diagnostics(&uri)).contains(&"AIM301"));
    assert_ne!(fixed, text);
    assert_eq!(client.close(), Some(0));
}

#[test]
fn an_action_writes_a_comment_that_leaves_a_finding_out() {
    let place = Place::new();
    let text = right().replace("MI300X\n", "MI30X # ä\n").replace(
        "      --max-model-len: 8192\n",
        "      --tensor-parallel-size: 2\n",
    );
    let text = format!("# 𝄞\r\n{}", text.replace('\n', "\r\n"));
    let uri = catalog(&place, &text);
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &text);
    client.diagnostics(&uri);
    let mut now = text.clone();
    for (version, code, what) in [(2, "AIM201", "MI30X"), (3, "AIM301", "size: 2")] {
        let offered = actions(&mut client, &uri, &range(&now, what), None);
        let ignore = action(&offered, code, "ignore");
        assert_eq!(ignore["title"], format!("ignore {code} here"));
        assert_eq!(ignore.get("isPreferred"), None);
        now = applied(&now, &uri, ignore);
        client.did_change(&uri, version, json!({"text": now}));
        let found = client.diagnostics(&uri);
        let told = codes(&found);
        assert!(!told.contains(&code), "{found:?}");
        assert!(
            !told.iter().any(|code| code.starts_with("AIM09")),
            "{found:?}"
        );
    }
    assert!(now.contains(
        "      # aim-engine: ignore[AIM301] TODO: say why\r\n      --tensor-parallel-size: 2\r\n"
    ));
    assert!(now.contains("# aim-engine: ignore[AIM201] TODO: say why\r\nhardware: MI30X"));
    assert_eq!(client.close(), Some(0));
}

#[test]
fn a_card_leads_to_its_recipes_and_names_lead_to_files() {
    let place = Place::new();
    let uri = catalog(&place, &right().replace("MI300X", "MI999"));
    let hardware = place.write(
        "site/hardware/mi999.yaml",
        "hardware: MI999\ngfx: gfx942\nvram_mib: 196608\n",
    );
    let text = format!(
        "{}aim_recipes:\n  - {{recipe_file: recipes/small.yaml}}\n  - {{recipe_file: configs/small.yaml}}\n  - {{recipe_file: recipes/none.yaml}}\n",
        card("acme/small")
    );
    let card = format!(
        "file://{}",
        place.write("site/models/acme/small.yaml", &text).display()
    );
    let mut client = Client::open(&place, &[]);
    client.did_open(&uri, &right().replace("MI300X", "MI999"));
    client.did_open(&card, &text);
    let of = |client: &mut Client, uri: &str, text: &str, what: &str| {
        client.at("textDocument/definition", uri, text, what)["uri"].clone()
    };
    let recipe = right().replace("MI300X", "MI999");
    assert_eq!(
        of(&mut client, &uri, &recipe, "MI9"),
        format!("file://{}", hardware.display())
    );
    assert_eq!(of(&mut client, &card, &text, "recipes/sma"), uri);
    // A path that is out of date, of a recipe that is there.
    assert_eq!(of(&mut client, &card, &text, "configs/sma"), uri);
    assert_eq!(of(&mut client, &card, &text, "recipes/no"), Value::Null);
    // What may be written there.
    let offered = client.labels(&card, &text, "recipe_file: ");
    assert!(
        offered.iter().any(|one| one.ends_with("small.yaml")),
        "{offered:?}"
    );
    // The name that was meant keeps the folder and the ending.
    let wrong = text.replace("recipes/none.yaml", "recipes/smal.yaml");
    client.did_change(&card, 2, json!({"text": wrong}));
    let range = range(&wrong, "recipes/smal.yaml");
    let offered = actions(&mut client, &card, &range, None);
    let change = action(&offered, "AIM701", "change to");
    assert_eq!(
        applied(&wrong, &card, change),
        text.replace("recipes/none.yaml", "recipes/small.yaml")
    );
    assert_eq!(client.close(), Some(0));
}

#[test]
fn edits_are_counted_in_units_of_utf_16() {
    let place = Place::new();
    let uri = catalog(&place, &right());
    let mut client = Client::open(&place, &[]);
    let start = right().replace(
        "hardware: MI300X",
        "description: \"𝄞𝄞 a\" \nhardware: MI3O0X",
    );
    client.did_open(&uri, &start);
    assert!(codes(&client.diagnostics(&uri)).contains(&"AIM201"));
    // Several in one message, each counted in the text that the one before it left.
    let line = start
        .lines()
        .position(|line| line.starts_with("description"))
        .unwrap();
    let at = |line: usize, from: usize, to: usize, text: &str| json!({"range": {"start": {"line": line, "character": from}, "end": {"line": line, "character": to}}, "text": text});
    let changes = json!([
        at(line, 14, 18, "ü"),
        at(line, 15, 17, "𝄞𝄞𝄞"),
        at(line + 1, 10, 16, "MI300X"),
    ]);
    let document = json!({"uri": uri, "version": 2});
    client.tell(
        "textDocument/didChange",
        json!({"textDocument": document, "contentChanges": changes}),
    );
    let found = client.diagnostics(&uri);
    assert!(
        !codes(&found)
            .iter()
            .any(|code| code.starts_with("AIM0") || *code == "AIM201"),
        "{found:?}"
    );
    // The text is what the editor has: the place of the next mistake is right.
    let text = start
        .replace("\"𝄞𝄞 a\"", "\"ü𝄞𝄞𝄞\"")
        .replace("MI3O0X", "MI300X");
    let wrong = json!({"range": range(&text, "bf16"), "text": "bf61"});
    client.did_change(&uri, 3, wrong);
    let found = client.diagnostics(&uri);
    let precision = found.iter().find(|one| one["code"] == "AIM203").unwrap();
    assert_eq!(precision["range"], range(&text, "bf16"));
    assert_eq!(client.close(), Some(0));
}
