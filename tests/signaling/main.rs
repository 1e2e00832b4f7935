//! The program as its operator and its clients meet it: processes, HTTP and the WebSocket. No media.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code outside test functions")]

mod classroom;
mod program;
mod server;
