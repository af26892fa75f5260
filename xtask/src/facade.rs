//! The facade: the interfaces of WASI that mention `output-stream`, as a blob provider offers them to an app.
//!
//! A provider must see what an app writes, so the app's `output-stream` has to be the provider's. All else in these
//! interfaces stays the host's: each is a component without code that takes types and functions as arguments and
//! exports them under WASI's names. WIT cannot say that, so it is written as WebAssembly's text. The provider's part
//! is in wit/inner; compose/weld.wac joins the two.

mod types;

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use wit_parser::{Function, InterfaceId, LiveTypes, Resolve, TypeId};

use crate::wit;
use types::Types;

/// The facade for apps of these worlds, on a provider of that one.
pub fn encode(resolve: &Resolve, apps: &[&str], provider: &str) -> Result<Vec<u8>> {
    let mut host = Vec::new();
    for app in apps {
        for id in wit::imports(resolve, app)? {
            if !host.contains(&id) {
                host.push(id);
            }
        }
    }
    let mut provider = wit::exports(resolve, provider)?;
    // The interfaces of the capability itself are no concern of the facade's.
    let name = |id: InterfaceId| resolve.interfaces[id].name.as_deref().unwrap_or_default();
    provider.retain(|id| name(*id) == "streams" || name(*id).starts_with("hooks"));

    let types = Types { resolve, renamed: HashMap::new() };
    let stream = host.iter().find_map(|id| resolve.interfaces[*id].types.get("output-stream"));
    let stream = types.original(*stream.context("these apps have no output-stream")?);
    Facade { resolve, host, provider, stream, types }.encode()
}

struct Facade<'a> {
    resolve: &'a Resolve,
    /// What the host offers, each after those that it uses.
    host: Vec<InterfaceId>,
    /// What the provider has for the facade: its stream, and the functions that return one.
    provider: Vec<InterfaceId>,
    /// The host's stream, which the provider's takes the place of.
    stream: TypeId,
    types: Types<'a>,
}

impl Facade<'_> {
    fn encode(&self) -> Result<Vec<u8>> {
        let exported = self.host.iter().copied().filter(|id| self.live(*id).contains(self.stream));
        let exported = exported.collect::<Vec<_>>();
        let used = exported.iter().chain(&self.provider).flat_map(|id| self.used(*id)).collect::<Vec<_>>();

        let mut text = String::new();
        for id in self.host.iter().filter(|id| used.contains(id)) {
            text += &self.import(*id, exported.contains(id))?;
        }
        for id in &self.provider {
            text += &self.import(*id, true)?;
        }
        // The interfaces after wasi:io/streams have the stream from there.
        let mut stream = "plugboard:inner/streams".to_owned();
        for id in exported {
            let name = self.name(id);
            writeln!(text, "(component $\"{name} of\"\n{})", self.component(id)?)?;
            writeln!(text, "(instance $\"{name} new\" (instantiate $\"{name} of\"")?;
            for import in self.used(id) {
                let import = self.name(import);
                writeln!(text, "(with {import:?} (instance ${import:?}))")?;
            }
            writeln!(text, "(with \"output-stream\" (type ${stream:?} \"output-stream\"))")?;
            for (i, function) in self.functions(id).enumerate() {
                let (interface, function) = self.origin(id, function)?;
                writeln!(text, "(with \"f{i}\" (func ${interface:?} {function:?}))")?;
            }
            writeln!(text, "))\n(export $\"{name} out\" {name:?} (instance $\"{name} new\"))")?;
            if self.types.home(self.stream).is_some_and(|(home, _)| home == id) {
                stream = format!("{name} out");
            }
        }
        wat::parse_str(format!("(component\n{text})")).context("the facade")
    }

    /// One interface as a component: its functions, and the stream, are arguments one by one.
    fn component(&self, id: InterfaceId) -> Result<String> {
        let mut text = String::new();
        for used in self.used(id) {
            text += &self.import(used, false)?;
        }
        let mut arguments = self.types.clone();
        arguments.renamed.insert(self.stream, "$stream".to_owned());
        writeln!(text, "(import \"output-stream\" (type $stream (sub resource)))")?;
        for (i, function) in self.functions(id).enumerate() {
            writeln!(text, "(import \"f{i}\" (func $f{i} {}))", arguments.signature(function)?)?;
        }
        // A function that is exported mentions types as they are exported with it.
        let mut types = self.types.clone();
        for (name, ty) in &self.resolve.interfaces[id].types {
            let original = types.original(*ty);
            let mut known = arguments.id(original)?;
            if original == *ty && !types.is_resource(original) {
                known = format!("$\"{name} of\"");
                writeln!(text, "(type {known} {})", types.definition(original)?)?;
            }
            writeln!(text, "(export ${name:?} {name:?} (type {known}))")?;
            types.rename(original, name);
        }
        for (i, function) in self.functions(id).enumerate() {
            writeln!(
                text,
                "(export {:?} (func $f{i}) (func {}))",
                function.name,
                types.signature(function)?
            )?;
        }
        Ok(text)
    }

    /// The import of an interface, and what its types are called from there on.
    fn import(&self, id: InterfaceId, functions: bool) -> Result<String> {
        let interface = self.name(id);
        let (mut inside, mut outside, mut types) = (String::new(), String::new(), self.types.clone());
        for (name, ty) in &self.resolve.interfaces[id].types {
            let original = types.original(*ty);
            if original != *ty {
                writeln!(inside, "(export {name:?} (type ${name:?} (eq {})))", types.id(original)?)?;
            } else {
                writeln!(outside, "(alias export ${interface:?} {name:?} (type {}))", types.id(original)?)?;
                if types.is_resource(original) {
                    writeln!(inside, "(export {name:?} (type ${name:?} (sub resource)))")?;
                } else {
                    writeln!(inside, "(type $\"{name} of\" {})", types.definition(original)?)?;
                    writeln!(inside, "(export {name:?} (type ${name:?} (eq $\"{name} of\")))")?;
                }
            }
            types.rename(original, name);
        }
        for function in self.functions(id).filter(|_| functions) {
            writeln!(inside, "(export {:?} (func {}))", function.name, types.signature(function)?)?;
        }
        Ok(format!("(import {interface:?} (instance ${interface:?}\n{inside}))\n{outside}"))
    }

    /// Where a function of the facade comes from: the interface, and its name there.
    fn origin(&self, id: InterfaceId, function: &Function) -> Result<(String, String)> {
        if !self.is_replaced(function) {
            return Ok((self.name(id), function.name.clone()));
        }
        // `[method]outgoing-body.write` is `outgoing-body-write` or `write`.
        let plain = function.name.trim_start_matches("[method]").replace('.', "-");
        let hook = [&function.name, &plain, function.item_name()].into_iter().find_map(|name| {
            let has = |id: &&InterfaceId| self.resolve.interfaces[**id].functions.contains_key(name);
            Some((self.name(*self.provider.iter().find(has)?), name.to_owned()))
        });
        hook.with_context(|| format!("wit/inner has no hook for `{}` of {}", function.name, self.name(id)))
    }

    /// Whether the host's function deals in the host's stream.
    fn is_replaced(&self, function: &Function) -> bool {
        let mut types = LiveTypes::default();
        types.add_func(self.resolve, function);
        types.contains(self.stream)
    }

    /// The interfaces of the host whose types this one needs, itself among them if it has any.
    fn used(&self, id: InterfaceId) -> Vec<InterfaceId> {
        let (mut live, mut used) = (self.live(id), Vec::new());
        // Users come before what they use.
        for id in self.host.iter().rev() {
            let of_it =
                |ty: TypeId| self.types.home(self.types.original(ty)).is_some_and(|(home, _)| home == *id);
            if live.iter().any(|ty| ty != self.stream && of_it(ty)) {
                live.add_interface(self.resolve, *id);
                used.push(*id);
            }
        }
        used.reverse();
        used
    }

    fn live(&self, id: InterfaceId) -> LiveTypes {
        let mut types = LiveTypes::default();
        types.add_interface(self.resolve, id);
        types
    }

    fn functions(&self, id: InterfaceId) -> impl Iterator<Item = &Function> {
        self.resolve.interfaces[id].functions.values()
    }

    fn name(&self, id: InterfaceId) -> String {
        self.resolve.id_of(id).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has such an output-stream cannot be the host's own function.
    #[test]
    fn a_function_without_a_hook_is_an_error() {
        let resolve = wit::resolve().unwrap();
        let error = encode(&resolve, &["wasi:cli/imports"], "plugboard:inner/provider").unwrap_err();
        let expected =
            "wit/inner has no hook for `[method]descriptor.write-via-stream` of wasi:filesystem/types@";
        assert!(error.to_string().starts_with(expected), "{error:#}");
    }
}
