//! Where a file is: `/{container}/{name}`, each percent-encoded, the name with as many slashes as it likes.

use percent_encoding::percent_decode_str;

use crate::answer::Failure;
use crate::blobs::types::ObjectId;

pub struct Place {
    pub container: String,
    pub name: Option<String>,
}

impl Place {
    pub fn read(path: &str) -> Result<Place, Failure> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let (container, name) = match path.split_once('/') {
            Some((container, name)) => (container, Some(name).filter(|name| !name.is_empty())),
            None => (path, None),
        };
        if container.is_empty() {
            return Err(Failure::new(404, "there are `/{container}` and `/{container}/{name}`"));
        }
        Ok(Place { container: decode(container)?, name: name.map(decode).transpose()? })
    }
}

/// What a POST wants.
pub enum Change {
    Copy(ObjectId),
    Move(ObjectId),
}

impl Change {
    pub fn read(query: &str) -> Result<Change, Failure> {
        let wrong =
            || Failure::new(400, "say where to: `?copy=/{container}/{name}` or `?move=/{container}/{name}`");
        let (what, to) = query.split_once('=').ok_or_else(wrong)?;
        let Place { container, name: Some(object) } = Place::read(to)? else { return Err(wrong()) };
        let to = ObjectId { container, object };
        match what {
            "copy" => Ok(Change::Copy(to)),
            "move" => Ok(Change::Move(to)),
            _ => Err(wrong()),
        }
    }
}

fn decode(text: &str) -> Result<String, Failure> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Failure::new(400, "the path is not UTF-8"))
}
