use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
}
