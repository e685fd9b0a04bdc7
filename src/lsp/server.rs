//! The loop: messages in, answers and diagnostics out.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use lsp_types::{
    CodeActionKind, CodeActionParams, CompletionItem, CompletionParams, CompletionTextEdit,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    Documentation, GotoDefinitionParams, HoverParams, InitializeParams, Location, MarkupContent,
    MarkupKind, Position, PositionEncodingKind, Range, TextDocumentContentChangeEvent, TextEdit,
    Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::lint::Finding;
use crate::policy::PolicyError;

use super::Settings;
use super::catalog::{Catalog, Home, Texts};
use super::findings::Files;
use super::question::Question;
use super::text::{self, Encoding};
use super::transport::{Incoming, write};
use super::{completion, hover, uri};

/// How long nobody types before the checks run.
const PAUSE: Duration = Duration::from_millis(150);
/// The most completions in one answer; more are asked for as more is typed.
const MAX_OFFERS: usize = 1000;

/// An open document.
#[derive(Debug)]
struct Document {
    uri: Uri,
    path: PathBuf,
    /// Its path as findings show it.
    name: String,
    home: Home,
    version: i32,
    text: String,
    /// What was found in the text as it is; nothing while the checks have not run.
    findings: Option<Vec<Finding>>,
}

/// Where the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Serving,
    ShutDown,
}

/// Why a request cannot be answered.
type Refusal = (ErrorCode, String);

/// The server.
pub(super) struct Server<W> {
    settings: Settings,
    out: W,
    stage: Stage,
    encoding: Encoding,
    documents: BTreeMap<String, Document>,
    catalogs: BTreeMap<Home, Catalog>,
    /// The catalogs whose texts changed since the checks ran.
    changed: BTreeSet<Home>,
    /// What came in and is not answered.
    waiting: VecDeque<Incoming>,
}

impl<W: Write> Server<W> {
    pub(super) fn new(settings: Settings, out: W) -> Self {
        Server {
            settings,
            out,
            stage: Stage::New,
            encoding: Encoding::default(),
            documents: BTreeMap::new(),
            catalogs: BTreeMap::new(),
            changed: BTreeSet::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Serves until the editor leaves; whether it said goodbye first.
    pub(super) fn run(mut self, incoming: &Receiver<Incoming>) -> io::Result<bool> {
        loop {
            if self.waiting.is_empty() {
                let next = match self.changed.is_empty() {
                    true => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    false => incoming.recv_timeout(PAUSE),
                };
                match next {
                    Ok(next) => self.waiting.push_back(next),
                    Err(RecvTimeoutError::Timeout) => self.check()?,
                    Err(RecvTimeoutError::Disconnected) => return Ok(self.stage == Stage::ShutDown),
                }
            }
            // All that came meanwhile, so that what is cancelled is not worked on.
            while let Ok(next) = incoming.try_recv() {
                self.waiting.push_back(next);
            }
            self.cancel()?;
            match self.waiting.pop_front() {
                None | Some(Incoming::Message(Message::Response(_))) => {}
                Some(Incoming::Malformed(error)) => write(&mut self.out, &error)?,
                Some(Incoming::Message(Message::Request(request))) => self.answer(request)?,
                Some(Incoming::Message(Message::Notification(told))) if told.method == "exit" => {
                    return Ok(self.stage == Stage::ShutDown);
                }
                Some(Incoming::Message(Message::Notification(told))) => self.hear(told)?,
            }
        }
    }

    /// Answers the waiting requests that were cancelled.
    fn cancel(&mut self) -> io::Result<()> {
        let is_cancel = |one: &Incoming| match one {
            Incoming::Message(Message::Notification(told)) if told.method == "$/cancelRequest" => {
                serde_json::from_value::<RequestId>(told.params.get("id")?.clone()).ok()
            }
            _ => None,
        };
        let cancelled: Vec<RequestId> = self.waiting.iter().filter_map(is_cancel).collect();
        for id in cancelled {
            let asks = |one: &Incoming| matches!(one, Incoming::Message(Message::Request(request)) if request.id == id);
            if let Some(at) = self.waiting.iter().position(asks) {
                self.waiting.remove(at);
                let refusal = (
                    ErrorCode::RequestCanceled,
                    "the request was cancelled".to_owned(),
                );
                self.reply(&id, Err(refusal))?;
            }
        }
        Ok(())
    }

    fn reply(&mut self, id: &RequestId, result: Result<Value, Refusal>) -> io::Result<()> {
        let message = match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message)) => {
                let error = json!({"code": code as i32, "message": message});
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        };
        write(&mut self.out, &message)
    }

    fn tell(&mut self, method: &str, params: Value) -> io::Result<()> {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        write(&mut self.out, &message)
    }

    fn answer(&mut self, request: Request) -> io::Result<()> {
        let Request { id, method, params } = request;
        let result = match (self.stage, method.as_str()) {
            (Stage::New, "initialize") => read(params).map(|params| self.initialize(&params)),
            (Stage::New, _) => Err((
                ErrorCode::ServerNotInitialized,
                "`initialize` comes first".to_owned(),
            )),
            (Stage::ShutDown, _) => Err((
                ErrorCode::InvalidRequest,
                "the server is shut down".to_owned(),
            )),
            (Stage::Serving, "initialize") => Err((
                ErrorCode::InvalidRequest,
                "the server is initialized".to_owned(),
            )),
            (Stage::Serving, "shutdown") => {
                self.stage = Stage::ShutDown;
                Ok(Value::Null)
            }
            (Stage::Serving, "textDocument/hover") => {
                read(params).and_then(|params| self.hover(&params))
            }
            (Stage::Serving, "textDocument/completion") => {
                read(params).and_then(|params| self.completion(&params))
            }
            (Stage::Serving, "textDocument/definition") => {
                read(params).and_then(|params| self.definition(&params))
            }
            (Stage::Serving, "textDocument/codeAction") => match read(params) {
                Ok(params) => self.actions(&params)?,
                Err(refusal) => Err(refusal),
            },
            (Stage::Serving, _) => {
                let text = format!("`{method}` is not served");
                Err((ErrorCode::MethodNotFound, text))
            }
        };
        self.reply(&id, result)
    }

    fn initialize(&mut self, params: &InitializeParams) -> Value {
        let general = params.capabilities.general.as_ref();
        let offered = general.and_then(|general| general.position_encodings.as_ref());
        if offered.is_some_and(|all| all.contains(&PositionEncodingKind::UTF8)) {
            self.encoding = Encoding::Utf8;
        }
        self.stage = Stage::Serving;
        let encoding = match self.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        };
        json!({
            "capabilities": {
                "positionEncoding": encoding,
                "textDocumentSync": {"openClose": true, "change": 2, "save": true},
                "hoverProvider": true,
                "definitionProvider": true,
                "completionProvider": {"triggerCharacters": ["-", ":", " "]},
                "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            },
            "serverInfo": {"name": "aim-engine", "version": env!("CARGO_PKG_VERSION")},
        })
    }

    fn hear(&mut self, told: Notification) -> io::Result<()> {
        if self.stage != Stage::Serving {
            return Ok(());
        }
        let Notification { method, params } = told;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(params) = read::<DidOpenTextDocumentParams>(params) {
                    let document = params.text_document;
                    self.open(document.uri, document.version, document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = read::<DidChangeTextDocumentParams>(params) {
                    self.change(params);
                }
            }
            "textDocument/didClose" => {
                if let Ok(params) = read::<DidCloseTextDocumentParams>(params) {
                    self.close(&params.text_document.uri)?;
                }
            }
            // What the disk has may have changed, rules and backends too.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.catalogs.clear();
                self.changed = self
                    .documents
                    .values()
                    .map(|one| one.home.clone())
                    .collect();
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, uri: Uri, version: i32, text: String) {
        let path = uri::path(&uri).unwrap_or_else(|| PathBuf::from(uri.as_str()));
        let home = match path.is_absolute() {
            true => Home::of(&path, &self.settings),
            false => Home::Alone(path.display().to_string()),
        };
        self.changed.insert(home.clone());
        let document = Document {
            name: path.display().to_string(),
            path,
            home,
            version,
            text,
            findings: None,
            uri,
        };
        self.documents
            .insert(document.uri.as_str().to_owned(), document);
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get_mut(params.text_document.uri.as_str()) else {
            return;
        };
        for change in params.content_changes {
            document.apply(change, self.encoding);
        }
        document.version = params.text_document.version;
        document.findings = None;
        self.changed.insert(document.home.clone());
    }

    fn close(&mut self, uri: &Uri) -> io::Result<()> {
        let Some(document) = self.documents.remove(uri.as_str()) else {
            return Ok(());
        };
        let is_left = !self
            .documents
            .values()
            .any(|other| other.home == document.home);
        if is_left {
            self.catalogs.remove(&document.home);
            self.changed.remove(&document.home);
        } else {
            self.changed.insert(document.home);
        }
        let params = json!({"uri": uri, "diagnostics": []});
        self.tell("textDocument/publishDiagnostics", params)
    }

    /// Runs the checks on what changed.
    fn check(&mut self) -> io::Result<()> {
        while let Some(home) = self.changed.pop_first() {
            if let Err(error) = self.bring_up(&home) {
                self.complain(&error.to_string())?;
                continue;
            }
            let complaint = self
                .catalogs
                .get_mut(&home)
                .and_then(|one| one.complaint.take());
            if let Some(complaint) = complaint {
                self.complain(&complaint)?;
            }
            let names = self.of(&home).map(|one| one.name.clone()).collect();
            let Some(catalog) = self.catalogs.get(&home) else {
                continue;
            };
            match catalog.findings(names) {
                Ok(found) => self.publish(&home, &found.findings)?,
                Err(error) => self.complain(&error.to_string())?,
            }
        }
        Ok(())
    }

    fn of<'s>(&'s self, home: &'s Home) -> impl Iterator<Item = &'s Document> {
        self.documents.values().filter(move |one| one.home == *home)
    }

    /// Opens a catalog where it is not, with the texts of its documents as they are.
    fn bring_up(&mut self, home: &Home) -> Result<(), PolicyError> {
        let texts: Texts = self
            .of(home)
            .map(|one| (one.path.clone(), Arc::from(one.text.as_bytes())))
            .collect();
        if !self.catalogs.contains_key(home) {
            let catalog = Catalog::open(home.clone(), &self.settings)?;
            self.catalogs.insert(home.clone(), catalog);
        }
        if let Some(catalog) = self.catalogs.get_mut(home) {
            catalog.follow(&texts)?;
        }
        Ok(())
    }

    fn publish(&mut self, home: &Home, found: &[Finding]) -> io::Result<()> {
        let mut all = Vec::new();
        let files = self.files();
        for document in self.of(home) {
            let diagnostics = found
                .iter()
                .filter_map(|one| files.diagnostic(one, &document.uri));
            let diagnostics: Vec<_> = diagnostics.collect();
            all.push(json!({
                "uri": document.uri,
                "version": document.version,
                "diagnostics": diagnostics,
            }));
        }
        for document in self.documents.values_mut().filter(|one| one.home == *home) {
            document.findings = Some(found.to_vec());
        }
        for params in all {
            self.tell("textDocument/publishDiagnostics", params)?;
        }
        Ok(())
    }

    fn complain(&mut self, text: &str) -> io::Result<()> {
        self.tell("window/logMessage", json!({"type": 1, "message": text}))
    }

    fn files(&self) -> Files<'_> {
        let open: HashMap<_, _> = self
            .documents
            .values()
            .map(|one| (one.name.as_str(), (&one.uri, one.text.as_str())))
            .collect();
        Files {
            open,
            encoding: self.encoding,
        }
    }

    /// Asks about a place of an open document.
    fn ask<T>(
        &mut self,
        uri: &Uri,
        position: Position,
        answer: impl FnOnce(&Question<'_>, Encoding) -> T,
    ) -> Result<Option<T>, Refusal> {
        let Some(home) = self.documents.get(uri.as_str()).map(|one| one.home.clone()) else {
            return Ok(None);
        };
        if !self.catalogs.contains_key(&home) {
            let failed = |error: PolicyError| (ErrorCode::RequestFailed, error.to_string());
            self.bring_up(&home).map_err(failed)?;
        }
        let document = self.documents.get(uri.as_str());
        let Some((document, catalog)) = document.zip(self.catalogs.get(&home)) else {
            return Ok(None);
        };
        let at = text::offset(&document.text, position, self.encoding);
        let question = Question::new(catalog, &document.path, &document.text, at);
        Ok(Some(answer(&question, self.encoding)))
    }

    fn hover(&mut self, params: &HoverParams) -> Result<Value, Refusal> {
        let place = &params.text_document_position_params;
        let said = self.ask(
            &place.text_document.uri,
            place.position,
            |question, encoding| {
                let (value, bytes) = hover::hover(question)?;
                let range = text::range(question.text, bytes, encoding);
                Some(json!({"contents": {"kind": "markdown", "value": value}, "range": range}))
            },
        )?;
        Ok(said.flatten().unwrap_or_default())
    }

    fn completion(&mut self, params: &CompletionParams) -> Result<Value, Refusal> {
        let place = &params.text_document_position;
        let said = self.ask(
            &place.text_document.uri,
            place.position,
            |question, encoding| {
                let (offers, bytes) = completion::completion(question)?;
                let range = text::range(question.text, bytes, encoding);
                let items = offers
                    .into_iter()
                    .take(MAX_OFFERS)
                    .map(|offer| CompletionItem {
                        filter_text: Some(offer.label.clone()),
                        label: offer.label,
                        kind: Some(offer.kind),
                        detail: Some(offer.detail).filter(|text| !text.is_empty()),
                        documentation: Some(offer.says).filter(|text| !text.is_empty()).map(
                            |value| {
                                Documentation::MarkupContent(MarkupContent {
                                    kind: MarkupKind::Markdown,
                                    value,
                                })
                            },
                        ),
                        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                            range,
                            new_text: offer.text,
                        })),
                        ..CompletionItem::default()
                    });
                Some(json!({"isIncomplete": false, "items": items.collect::<Vec<_>>()}))
            },
        )?;
        Ok(said.flatten().unwrap_or_default())
    }

    fn definition(&mut self, params: &GotoDefinitionParams) -> Result<Value, Refusal> {
        let place = &params.text_document_position_params;
        let found = self.ask(&place.text_document.uri, place.position, |question, _| {
            question.definition()
        })?;
        let location = found.flatten().and_then(|path| location(&path));
        Ok(json!(location))
    }

    fn actions(&mut self, params: &CodeActionParams) -> io::Result<Result<Value, Refusal>> {
        let key = params.text_document.uri.as_str();
        // Typed a moment ago: what is to be done is told of the text as it is.
        let is_old = |one: &Document| one.findings.is_none();
        if self.documents.get(key).is_some_and(is_old) {
            self.check()?;
        }
        // Editors ask for what they run by themselves too, such as sorting imports on saving.
        let is_wanted = |kind: &CodeActionKind| {
            kind == &CodeActionKind::EMPTY || kind == &CodeActionKind::QUICKFIX
        };
        let only = params.context.only.as_ref();
        if only.is_some_and(|only| !only.iter().any(is_wanted)) {
            return Ok(Ok(json!([])));
        }
        let files = self.files();
        let document = self.documents.get(key);
        let found = document.and_then(|one| one.findings.as_ref());
        let found = found.into_iter().flatten();
        let actions =
            found.flat_map(|one| files.actions(one, &params.text_document.uri, params.range));
        Ok(Ok(json!(actions.collect::<Vec<_>>())))
    }
}

impl Document {
    fn apply(&mut self, change: TextDocumentContentChangeEvent, encoding: Encoding) {
        let Some(range) = change.range else {
            self.text = change.text;
            return;
        };
        let start = text::offset(&self.text, range.start, encoding);
        let end = text::offset(&self.text, range.end, encoding).max(start);
        self.text.replace_range(start..end, &change.text);
    }
}

fn location(path: &Path) -> Option<Location> {
    Some(Location {
        uri: uri::of(path)?,
        range: Range::default(),
    })
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| {
        let text = format!("the parameters cannot be read: {error}");
        (ErrorCode::InvalidParams, text)
    })
}
