//! Calls of etcd's JSON gateway and their answers (etcd.io/docs: "Why gRPC gateway", "etcd API").

pub(crate) mod answer;
mod call;
pub(crate) mod failure;

pub(crate) use call::{Call, Condition, Op, check, chunks};
