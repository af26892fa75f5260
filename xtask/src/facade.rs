//! Makes a plug of a blob provider, which exports the interfaces of wit/inner.
//!
//! A provider must see what an app writes, so the app's `output-stream` has to be the provider's. The plug therefore
//! exports every interface of WASI that mentions it, with all other types being the host's, and every function that
//! does not deal in streams the host's own. Each of these interfaces is a component without code, which takes types and
//! functions as arguments and exports them under WASI's names: together they are the facade. WIT cannot say that, so
//! it is written as WebAssembly's text.

mod scope;

use std::collections::BTreeSet;
use std::convert::Infallible;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::Surface;
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::{Parser, Validator};
use wit_parser::{Function, InterfaceId, LiveTypes, Resolve, TypeId};

use crate::wit;
use scope::{Scope, home, is_resource, original};

/// Whether this is a provider that needs the facade.
pub fn is_inner(component: &Surface) -> bool {
    component.exports.contains("plugboard:inner/streams")
}

/// The provider behind the facade.
pub fn weld(provider: &[u8]) -> Result<Vec<u8>> {
    let surface = Surface::parse(provider)?;
    let text = Facade::new(&wit::resolve()?, &surface)?.text()?;
    let mut welded = Component::new();
    Provider(Some(provider)).parse_component(&mut welded, Parser::new(0), &wat::parse_str(text)?)?;
    let welded = welded.finish();
    Validator::new().validate_all(&welded)?;
    Ok(welded)
}

/// Takes the place of the first component in the text, which has nothing in it: the text cannot hold a binary.
struct Provider<'a>(Option<&'a [u8]>);

impl Reencode for Provider<'_> {
    type Error = Infallible;
}

impl ReencodeComponent for Provider<'_> {
    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        parser: Parser,
        inside: &[u8],
        whole: &[u8],
    ) -> Result<(), reencode::Error> {
        if let Some(provider) = self.0.take() {
            component.section(&RawSection { id: ComponentSectionId::Component.into(), data: provider });
            return Ok(());
        }
        component_utils::parse_component_subcomponent(self, component, parser, inside, whole)
    }
}

struct Facade<'a> {
    resolve: &'a Resolve,
    /// What the host offers, each after those that it uses.
    host: Vec<InterfaceId>,
    /// The provider's interfaces.
    provider: Vec<InterfaceId>,
    /// The host's interfaces that the provider imports.
    needed: Vec<InterfaceId>,
    /// The host's stream, which the provider's takes the place of.
    stream: TypeId,
}

impl<'a> Facade<'a> {
    fn new(resolve: &'a Resolve, provider: &Surface) -> Result<Self> {
        // Each after those that it uses.
        let known = |names: &BTreeSet<String>| -> Result<Vec<_>> {
            let all = resolve.interfaces.iter().filter_map(|(id, _)| Some((id, resolve.id_of(id)?)));
            let known = all.filter(|(_, name)| names.contains(name)).map(|(id, _)| id).collect::<Vec<_>>();
            ensure!(known.len() == names.len(), "wit/ does not have all of {names:?}");
            Ok(known)
        };
        let apps: &[_] = match provider.exports.contains("plugboard:inner/hooks-cli") {
            true => &["wasi:cli/imports", "wasi:http/proxy"],
            false => &["wasi:http/proxy"],
        };
        let (needed, provider) = (known(&provider.imports)?, known(&provider.exports)?);
        let mut host = Vec::new();
        for app in apps {
            host.extend(
                wit::imports(resolve, app)?.into_iter().filter(|id| !host.contains(id)).collect::<Vec<_>>(),
            );
        }
        host.extend(needed.iter().filter(|id| !host.contains(id)).collect::<Vec<_>>());
        let stream = host.iter().find_map(|id| resolve.interfaces[*id].types.get("output-stream"));
        let stream = original(resolve, *stream.context("these apps have no streams")?);
        Ok(Facade { resolve, host, provider, needed, stream })
    }

    fn text(&self) -> Result<String> {
        let mut text = Scope::new(self.resolve);
        let exported = self.host.iter().copied().filter(|id| self.live(*id).contains(self.stream));
        let exported = exported.collect::<Vec<_>>();
        let used = exported.iter().flat_map(|id| self.used(*id)).collect::<Vec<_>>();
        for id in &self.host {
            let functions = exported.contains(id) || self.needed.contains(id);
            if functions || used.contains(id) {
                text.line(&self.import(*id, functions)?);
            }
        }

        text.line("(component $provider) (instance $provider (instantiate $provider");
        for id in &self.needed {
            text.line(&format!("(with {0:?} (instance ${0:?}))", self.name(*id)));
        }
        text.line("))");
        for id in &self.provider {
            text.line(&format!("(alias export $provider {0:?} (instance ${0:?}))", self.name(*id)));
        }

        // The interfaces after wasi:io/streams have the stream from there.
        let mut stream = "plugboard:inner/streams".to_owned();
        for id in exported {
            let name = self.name(id);
            text.line(&format!("(component $\"{name}\" {})", self.component(id)?));
            text.line(&format!("(instance $\"new {name}\" (instantiate $\"{name}\""));
            text.line(&format!("(with \"output-stream\" (type ${stream:?} \"output-stream\"))"));
            for import in self.used(id) {
                text.line(&format!("(with {0:?} (instance ${0:?}))", self.name(import)));
            }
            for (i, function) in self.functions(id).enumerate() {
                let (interface, function) = self.origin(id, function)?;
                text.line(&format!("(with \"f{i}\" (func ${interface:?} {function:?}))"));
            }
            text.line(&format!("))\n(export $\"our {name}\" {name:?} (instance $\"new {name}\"))"));
            if home(self.resolve, self.stream) == Some(id) {
                stream = format!("our {name}");
            }
        }
        for id in self.provider.iter().filter(|id| !self.is_of_facade(**id)) {
            let capability = self.name(*id).replace("plugboard:inner/", "wasi:blobstore/");
            text.line(&format!("(export \"{capability}@0.2.0-draft\" (instance ${:?}))", self.name(*id)));
        }
        Ok(format!("(component\n{})", text.text))
    }

    /// One interface as a component: its functions, and the stream, are arguments one by one.
    fn component(&self, id: InterfaceId) -> Result<String> {
        let mut text = Scope::new(self.resolve);
        for used in self.used(id) {
            text.line(&self.import(used, false)?);
        }
        text.line("(import \"output-stream\" (type $stream (sub resource)))");
        text.renamed.insert(self.stream, "$stream".to_owned());
        for (i, function) in self.functions(id).enumerate() {
            let signature = text.signature(function)?;
            text.line(&format!("(type $in{i} {signature})"));
        }
        for i in 0..self.functions(id).count() {
            text.line(&format!("(import \"f{i}\" (func $f{i} (type $in{i})))"));
        }

        // What an exported function mentions is called as it is exported with it.
        text.renamed.clear();
        for (name, ty) in &self.resolve.interfaces[id].types {
            let original = original(self.resolve, *ty);
            let known = if original == self.stream {
                "$stream".to_owned()
            } else if original != *ty || is_resource(self.resolve, original) {
                text.id(original)?
            } else {
                let definition = text.definition(original)?;
                text.line(&format!("(type $\"{name} itself\" {definition})"));
                format!("$\"{name} itself\"")
            };
            text.line(&format!("(export ${name:?} {name:?} (type {known}))"));
            text.renamed.entry(original).or_insert(format!("${name:?}"));
        }
        for (i, function) in self.functions(id).enumerate() {
            let signature = text.signature(function)?;
            text.line(&format!("(type $out{i} {signature})"));
        }
        for (i, function) in self.functions(id).enumerate() {
            text.line(&format!("(export {:?} (func $f{i}) (func (type $out{i})))", function.name));
        }
        Ok(text.text)
    }

    /// The import of an interface, and what its types are called from there on.
    fn import(&self, id: InterfaceId, functions: bool) -> Result<String> {
        let interface = self.name(id);
        let (mut inside, mut outside) = (Scope::new(self.resolve), Scope::new(self.resolve));
        for (name, ty) in &self.resolve.interfaces[id].types {
            let original = original(self.resolve, *ty);
            let bound = if original != *ty {
                format!("(eq {})", inside.id(original)?)
            } else if is_resource(self.resolve, original) {
                "(sub resource)".to_owned()
            } else {
                let definition = inside.definition(original)?;
                inside.line(&format!("(type $\"{name} itself\" {definition})"));
                format!("(eq $\"{name} itself\")")
            };
            inside.line(&format!("(export {name:?} (type ${name:?} {bound}))"));
            inside.renamed.entry(original).or_insert(format!("${name:?}"));
            if original == *ty {
                let known = outside.id(original)?;
                outside.line(&format!("(alias export ${interface:?} {name:?} (type {known}))"));
            }
        }
        for function in self.functions(id).filter(|_| functions) {
            let signature = inside.signature(function)?;
            inside.line(&format!("(export {:?} {signature})", function.name));
        }
        Ok(format!("(import {interface:?} (instance ${interface:?}\n{}))\n{}", inside.text, outside.text))
    }

    /// Where a function of the facade comes from: the interface, and its name there.
    fn origin(&self, id: InterfaceId, function: &Function) -> Result<(String, String)> {
        let mut types = LiveTypes::default();
        types.add_func(self.resolve, function);
        if !types.contains(self.stream) {
            return Ok((self.name(id), function.name.clone()));
        }
        // `[method]outgoing-body.write` is `outgoing-body-write` or `write`.
        let plain = function.name.trim_start_matches("[method]").replace('.', "-");
        let hook = [&function.name, &plain, function.item_name()].into_iter().find_map(|name| {
            let mut hooks = self.provider.iter().filter(|id| self.is_of_facade(**id));
            let hooks = hooks.find(|id| self.resolve.interfaces[**id].functions.contains_key(name))?;
            Some((self.name(*hooks), name.to_owned()))
        });
        hook.with_context(|| format!("the provider has no `{}` of {}", function.name, self.name(id)))
    }

    /// The others of the provider's interfaces are the capability.
    fn is_of_facade(&self, id: InterfaceId) -> bool {
        ["plugboard:inner/streams", "plugboard:inner/hooks", "plugboard:inner/hooks-cli"]
            .contains(&&*self.name(id))
    }

    /// The interfaces of the host whose types this one needs, itself among them if it has any.
    fn used(&self, id: InterfaceId) -> Vec<InterfaceId> {
        let (mut live, mut used) = (self.live(id), Vec::new());
        // Users come before what they use.
        for id in self.host.iter().rev() {
            let is_its = |ty: TypeId| home(self.resolve, original(self.resolve, ty)) == Some(*id);
            if live.iter().any(|ty| ty != self.stream && is_its(ty)) {
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

    /// A function that returns the app's stream cannot be the host's own.
    #[test]
    fn a_function_without_a_hook_is_an_error() {
        let resolve = wit::resolve().unwrap();
        let exports = ["streams", "hooks-cli"].map(|name| format!("plugboard:inner/{name}")).into();
        let provider = Surface { exports, ..Surface::default() };
        let error = Facade::new(&resolve, &provider).unwrap().text().unwrap_err();
        assert!(
            error.to_string().starts_with("the provider has no `get-stdout` of wasi:cli/stdout@"),
            "{error:#}"
        );
    }
}
