//! The binary: parses the command line and runs the program.
fn main() {}
