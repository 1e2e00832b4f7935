//! The delivery ledger: what was planned, what was received, and what each lesson counts as. Pure.
