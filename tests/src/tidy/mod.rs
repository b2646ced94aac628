//! Style rules as tests.
