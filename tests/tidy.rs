//! The laws of the tree, read off the tree: what must be absent, where things may be, and how files look.
//!
//! Every law is one function over [`File`]s that returns what it found, so that each can be shown, on a few lines made
//! for it, to be able to fail. The test below it runs it on all that git tracks.

#![expect(clippy::unwrap_used, reason = "a test may stop where it finds something impossible")]

#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/looks.rs"]
mod looks;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/purity.rs"]
mod purity;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/web.rs"]
mod web;
