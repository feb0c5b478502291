//! Turns errors and panics into values. A panic must not cross into C++, and must not write to stderr either.

use std::any::Any;
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::sync::Once;

use crate::text::{owned_text, Text};

static QUIET: Once = Once::new();

fn caught<T>(body: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    QUIET.call_once(|| set_hook(Box::new(|_| {})));
    catch_unwind(AssertUnwindSafe(body))
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown reason")
}

/// Errors are read as one line.
fn one_line(message: &str) -> String {
    message.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The body's error as a text, `Text::NONE` where there was none.
pub fn guard(body: impl FnOnce() -> Result<(), String>) -> Text {
    match caught(body) {
        Ok(Ok(())) => Text::NONE,
        Ok(Err(message)) => owned_text(one_line(&message)),
        Err(panic) => owned_text(one_line(&format!("the tokenizer failed: {}", panic_message(&*panic)))),
    }
}

pub fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    caught(body).unwrap_or(otherwise)
}
