//! The pair: what hosts notice of a failure, and what an observer of the boxes sees.

mod lab;
