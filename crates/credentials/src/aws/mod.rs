//! Amazon Web Services, and what takes its signatures.
