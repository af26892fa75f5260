//! Types of WIT as WebAssembly's text.

use std::collections::HashMap;

use anyhow::{Result, bail};
use wit_parser::{Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

#[derive(Clone)]
pub(super) struct Types<'a> {
    pub(super) resolve: &'a Resolve,
    /// What types are called that are not called after their interface.
    pub(super) renamed: HashMap<TypeId, String>,
}

impl Types<'_> {
    /// The type that this is another name of, or itself.
    pub(super) fn original(&self, id: TypeId) -> TypeId {
        match self.resolve.types[id].kind {
            TypeDefKind::Type(Type::Id(original)) => self.original(original),
            _ => id,
        }
    }

    /// The interface that defines a type and the name that it has there; none if the type has no name.
    pub(super) fn home(&self, id: TypeId) -> Option<(InterfaceId, &str)> {
        let ty = &self.resolve.types[id];
        match (&ty.owner, &ty.name) {
            (TypeOwner::Interface(interface), Some(name)) => Some((*interface, name)),
            _ => None,
        }
    }

    pub(super) fn is_resource(&self, id: TypeId) -> bool {
        matches!(self.resolve.types[id].kind, TypeDefKind::Resource)
    }

    /// Calls a type by the name that the interface at hand has for it, the first if there are several.
    pub(super) fn rename(&mut self, original: TypeId, name: &str) {
        self.renamed.entry(original).or_insert_with(|| format!("${name:?}"));
    }

    fn name(&self, interface: InterfaceId, name: &str) -> String {
        format!("$\"{} {name}\"", self.resolve.id_of(interface).unwrap_or_default())
    }

    /// A type where it is used.
    fn ty(&self, ty: &Type) -> Result<String> {
        let name = match ty {
            Type::Id(id) => return self.id(*id),
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::String => "string",
            other => bail!("there was no {other:?} in WASI 0.2"),
        };
        Ok(name.to_owned())
    }

    pub(super) fn id(&self, id: TypeId) -> Result<String> {
        let id = self.original(id);
        match (self.renamed.get(&id), self.home(id)) {
            (Some(name), _) => Ok(name.clone()),
            (None, Some((interface, name))) => Ok(self.name(interface, name)),
            (None, None) => self.definition(id),
        }
    }

    /// What a type is made of.
    pub(super) fn definition(&self, id: TypeId) -> Result<String> {
        let maybe = |word: &str, ty: &Option<Type>| match ty {
            Some(ty) => Ok(format!(" ({word} {})", self.ty(ty)?)),
            None => Ok::<_, anyhow::Error>(String::new()),
        };
        let mut parts = Vec::new();
        let word = match &self.resolve.types[id].kind {
            TypeDefKind::Type(ty) => return self.ty(ty),
            TypeDefKind::Resource => return Ok("(sub resource)".to_owned()),
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    parts.push(format!("(field {:?} {})", field.name, self.ty(&field.ty)?));
                }
                "record"
            }
            TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    let ty = case.ty.as_ref().map(|ty| self.ty(ty)).transpose()?.unwrap_or_default();
                    parts.push(format!("(case {:?} {ty})", case.name));
                }
                "variant"
            }
            TypeDefKind::Enum(all) => {
                parts.extend(all.cases.iter().map(|case| format!("{:?}", case.name)));
                "enum"
            }
            TypeDefKind::Flags(flags) => {
                parts.extend(flags.flags.iter().map(|flag| format!("{:?}", flag.name)));
                "flags"
            }
            TypeDefKind::Tuple(tuple) => {
                for ty in &tuple.types {
                    parts.push(self.ty(ty)?);
                }
                "tuple"
            }
            TypeDefKind::Result(result) => {
                parts.extend(result.ok.as_ref().map(|ok| self.ty(ok)).transpose()?);
                parts.push(maybe("error", &result.err)?);
                "result"
            }
            TypeDefKind::Option(ty) => {
                parts.push(self.ty(ty)?);
                "option"
            }
            TypeDefKind::List(ty) => {
                parts.push(self.ty(ty)?);
                "list"
            }
            TypeDefKind::Handle(Handle::Own(id)) => {
                parts.push(self.id(*id)?);
                "own"
            }
            TypeDefKind::Handle(Handle::Borrow(id)) => {
                parts.push(self.id(*id)?);
                "borrow"
            }
            other => bail!("there was no {} in WASI 0.2", other.as_str()),
        };
        Ok(format!("({word} {})", parts.join(" ")))
    }

    pub(super) fn signature(&self, function: &Function) -> Result<String> {
        let mut parts = Vec::new();
        for param in &function.params {
            parts.push(format!("(param {:?} {})", param.name, self.ty(&param.ty)?));
        }
        if let Some(result) = &function.result {
            parts.push(format!("(result {})", self.ty(result)?));
        }
        Ok(parts.join(" "))
    }
}
