//! What the runner and the probe say to each other.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// Bytes in JSON: base64, or where all are the same `{"repeat": [byte, count]}`, so that programs about huge
/// values stay small.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Base64(String),
    Repeat { repeat: (u8, usize) },
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = match self.0.first() {
            Some(first) if self.0.len() > 64 && self.0.iter().all(|byte| byte == first) => {
                Wire::Repeat { repeat: (*first, self.0.len()) }
            }
            _ => Wire::Base64(STANDARD.encode(&self.0)),
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Bytes(match Wire::deserialize(deserializer)? {
            Wire::Base64(text) => STANDARD.decode(text).map_err(D::Error::custom)?,
            Wire::Repeat { repeat: (byte, count) } => vec![byte; count],
        }))
    }
}

impl<T: Into<Vec<u8>>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Bytes(bytes.into())
    }
}

/// Short, for the message of a failed trial.
impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_slice() {
            [start @ .., _] if start.len() > 80 => {
                write!(f, "\"{}\"… ({} bytes)", start[..40].escape_ascii(), self.0.len())
            }
            all => write!(f, "\"{}\"", all.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_json() {
        for bytes in [vec![], vec![0, 255, 10], vec![7; 5_000_000], b"repeat".to_vec()] {
            let json = serde_json::to_string(&Bytes(bytes.clone())).unwrap();
            assert!(json.len() < 100, "{json:.99}");
            assert_eq!(serde_json::from_str::<Bytes>(&json).unwrap().0, bytes);
        }
    }

    #[test]
    fn numbers_survive_json() {
        for delta in [i128::from(u64::MAX), i128::from(i64::MIN), 0] {
            let json = serde_json::to_string(&Outcome::Number(delta)).unwrap();
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), Outcome::Number(delta));
        }
    }
}
