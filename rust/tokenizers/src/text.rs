//! Bytes with a length, as C passes and receives them; texts may contain NUL.

use std::ffi::c_char;
use std::ptr;

/// Owned by the receiver, who gives it back to incipit_text_free. `data` null: nothing there.
#[repr(C)]
pub struct Text {
    data: *mut c_char,
    size: usize,
}

impl Text {
    pub const NONE: Text = Text { data: ptr::null_mut(), size: 0 };

    /// # Safety
    /// `self` comes from `owned_text` and is freed once.
    pub unsafe fn free(self) {
        if !self.data.is_null() {
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(self.data.cast::<u8>(), self.size)));
        }
    }
}

/// Never null, even when empty.
pub fn owned_text(text: String) -> Text {
    let bytes = text.into_bytes().into_boxed_slice();
    let size = bytes.len();
    Text { data: Box::into_raw(bytes).cast(), size }
}

/// # Safety
/// `data` is null only where `size` is 0, and else points to `size` bytes that outlive the call.
pub unsafe fn as_bytes<'a>(data: *const c_char, size: usize) -> &'a [u8] {
    if size == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data.cast(), size)
    }
}

/// # Safety
/// As `as_bytes`.
pub unsafe fn as_str<'a>(data: *const c_char, size: usize, what: &str) -> Result<&'a str, String> {
    std::str::from_utf8(as_bytes(data, size))
        .map_err(|error| format!("the {what} is not valid UTF-8 at byte {}", error.valid_up_to()))
}
