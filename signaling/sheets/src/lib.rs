//! Spreadsheets as bytes: read into cells of text, and written. Pure.
