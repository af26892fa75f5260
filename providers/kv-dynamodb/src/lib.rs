//! `wasi:keyvalue` on Amazon DynamoDB: pairs are items, in one table for all buckets or in a table for each.

mod config;
mod places;
mod store;
mod wire;

plugboard_keyvalue::export!(store::Dynamo<plugboard_http::Wasi>);
