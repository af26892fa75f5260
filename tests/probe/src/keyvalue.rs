//! What the runner and the probe say to each other about `wasi:keyvalue`.

use serde::{Deserialize, Serialize};

use crate::Bytes;

/// The two versions of `wasi:keyvalue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draft {
    Draft,
    Draft2,
}

/// One call, or one thing done to the handles. A handle keeps the draft it was opened with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    Open {
        draft: Draft,
        identifier: String,
        handle: String,
    },
    Get {
        bucket: String,
        key: String,
    },
    Set {
        bucket: String,
        key: String,
        value: Bytes,
    },
    Delete {
        bucket: String,
        key: String,
    },
    Exists {
        bucket: String,
        key: String,
    },
    ListKeys {
        bucket: String,
        cursor: Option<Cursor>,
    },
    Increment {
        bucket: String,
        key: String,
        delta: i128,
    },
    GetMany {
        bucket: String,
        keys: Vec<String>,
    },
    SetMany {
        bucket: String,
        pairs: Vec<(String, Bytes)>,
    },
    DeleteMany {
        bucket: String,
        keys: Vec<String>,
    },
    CasNew {
        bucket: String,
        key: String,
        handle: String,
    },
    CasCurrent {
        cas: String,
    },
    /// Consumes the handle; `failed` names the one that comes with `cas-failed`.
    CasSwap {
        cas: String,
        value: Bytes,
        failed: String,
    },
    /// Adds one to the number at the key by snapshot and swap, again and again until it is in.
    CasCount {
        bucket: String,
        key: String,
    },
    Drop {
        handle: String,
    },
    /// Hands the outcomes since the last barrier to `http://<runner>/<session>`, whose answer is the next steps.
    Barrier {
        runner: String,
        session: String,
    },
}

/// draft counts, draft2 has words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cursor {
    Number(u64),
    Text(String),
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    Value(Option<Bytes>),
    Exists(bool),
    Keys {
        keys: Vec<String>,
        cursor: Option<Cursor>,
    },
    Number(i128),
    /// get-many, exactly: the shape of draft has no key where there is no value, the shape of draft2 has it.
    Pairs(Vec<(Option<String>, Option<Bytes>)>),
    CasFailed,
    Failed(Failure),
}

/// The interface's error variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    NoSuchStore,
    AccessDenied,
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_json() {
        for delta in [i128::from(u64::MAX), i128::from(i64::MIN), 0] {
            let json = serde_json::to_string(&Outcome::Number(delta)).unwrap();
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), Outcome::Number(delta));
        }
    }
}
