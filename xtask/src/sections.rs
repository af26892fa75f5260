//! Components, section by section.

use anyhow::{Result, bail};
use wasm_encoder::{Component, RawSection};
use wasmparser::{Chunk, Parser, Payload};

/// Drops the names that the encoders give to what is inside: many kilobytes that only a debugger would read.
pub fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    rewrite(component, &without_names)
}

/// The same for the component itself, with another in the place of each that is inside.
pub fn rewrite(component: &[u8], inside: &dyn Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut kept = Component::new();
    let mut parser = Parser::new(0);
    let mut rest = component;
    loop {
        let Chunk::Parsed { mut consumed, payload } = parser.parse(rest, true)? else {
            bail!("the component ends in the middle");
        };
        match &payload {
            Payload::End(_) => return Ok(kept.finish()),
            // What is inside of these comes along as bytes.
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                consumed += usize::try_from(unchecked_range.end - unchecked_range.start)?;
            }
            _ => {}
        }
        let names = matches!(&payload, Payload::CustomSection(custom) if custom.name() == "component-name");
        if let (Some((id, range)), false) = (payload.as_section(), names) {
            let data = &component[usize::try_from(range.start)?..usize::try_from(range.end)?];
            match payload {
                Payload::ComponentSection { .. } => kept.section(&RawSection { id, data: &inside(data)? }),
                _ => kept.section(&RawSection { id, data }),
            };
        }
        rest = &rest[consumed..];
    }
}
