//! Chat templates, as transformers' apply_chat_template renders them, in a sandbox: a template reaches nothing but
//! what it is given here, includes nothing, and pays with fuel for its steps and the text that it makes.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use minijinja::syntax::SyntaxConfig;
use minijinja::{context, AutoEscape, Environment, Error, ErrorKind, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Steps and bytes. Templates of real models take some ten thousand for a short chat.
const FUEL: u64 = 1_000_000;
const MOST_CALLS: usize = 100;
const STACK_BYTES: usize = 16 << 20;
/// Fuel does not count how often a list of itself is walked.
const MOST_TIME: Duration = Duration::from_secs(5);
const TOO_MUCH: &str = "it takes too long or makes too much text";

pub struct Message {
    pub role: String,
    pub content: String,
}

pub struct Chat {
    pub messages: Vec<Message>,
    pub bos_token: String,
    pub eos_token: String,
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, format!("it refuses this chat: {message}")))
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MOST_CALLS);
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.add_function("raise_exception", raise_exception);
    Ok(environment)
}

fn render_here(template: &str, chat: Chat) -> Result<String, Error> {
    let environment = environment()?;
    let message = |m: Message| context! { role => m.role, content => m.content };
    let messages: Vec<Value> = chat.messages.into_iter().map(message).collect();
    let none = Value::from(());
    environment.template_from_named_str("chat_template", template)?.render(context! {
        messages => messages,
        bos_token => chat.bos_token,
        eos_token => chat.eos_token,
        add_generation_prompt => true,
        tools => none.clone(),
        documents => none,
    })
}

fn explain(error: Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => TOO_MUCH.to_string(),
        _ => error.to_string(),
    }
}

/// The chat with the start of the answer that is to be made. In a thread of its own, which has a stack of a known size
/// and is left behind where it does not come to an end.
pub fn render(template: String, chat: Chat) -> Result<String, String> {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        let _ = sender.send(render_here(&template, chat).map_err(explain));
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).map_err(|error| error.to_string())?;
    match receiver.recv_timeout(MOST_TIME) {
        Ok(rendered) => rendered,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(TOO_MUCH.to_string()),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("the renderer failed".to_string()),
    }
}
