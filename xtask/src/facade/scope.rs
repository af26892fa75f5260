//! Types of WIT as WebAssembly's text.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use anyhow::{Result, bail};
use wit_parser::{Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// The text of one component, or of one instance's type, as far as it is written.
pub(super) struct Scope<'a> {
    resolve: &'a Resolve,
    pub(super) text: String,
    /// What types are called that are not called after their interface.
    pub(super) renamed: HashMap<TypeId, String>,
    /// The types without a name that are defined: once each, the text has hundreds.
    defined: HashSet<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(resolve: &'a Resolve) -> Self {
        Scope { resolve, text: String::new(), renamed: HashMap::new(), defined: HashSet::new() }
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    /// What the text calls a type.
    pub(super) fn id(&mut self, id: TypeId) -> Result<String> {
        let id = original(self.resolve, id);
        if let Some(name) = self.renamed.get(&id) {
            return Ok(name.clone());
        }
        if let (Some(home), Some(name)) = (home(self.resolve, id), &self.resolve.types[id].name) {
            return Ok(format!("$\"{} {name}\"", self.resolve.id_of(home).unwrap_or_default()));
        }
        let definition = self.definition(id)?;
        if self.defined.insert(definition.clone()) {
            self.line(&format!("(type ${definition:?} {definition})"));
        }
        Ok(format!("${definition:?}"))
    }

    /// What a type is made of.
    pub(super) fn definition(&mut self, id: TypeId) -> Result<String> {
        let resolve = self.resolve;
        let mut parts = String::new();
        let word = match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => return self.ty(ty),
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    write!(parts, " (field {:?} {})", field.name, self.ty(&field.ty)?)?;
                }
                "record"
            }
            TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    let ty = case.ty.as_ref().map(|ty| self.ty(ty)).transpose()?.unwrap_or_default();
                    write!(parts, " (case {:?} {ty})", case.name)?;
                }
                "variant"
            }
            TypeDefKind::Enum(all) => {
                all.cases.iter().try_for_each(|case| write!(parts, " {:?}", case.name))?;
                "enum"
            }
            TypeDefKind::Flags(all) => {
                all.flags.iter().try_for_each(|flag| write!(parts, " {:?}", flag.name))?;
                "flags"
            }
            TypeDefKind::Tuple(tuple) => {
                for ty in &tuple.types {
                    write!(parts, " {}", self.ty(ty)?)?;
                }
                "tuple"
            }
            TypeDefKind::Result(result) => {
                if let Some(ok) = &result.ok {
                    write!(parts, " {}", self.ty(ok)?)?;
                }
                if let Some(error) = &result.err {
                    write!(parts, " (error {})", self.ty(error)?)?;
                }
                "result"
            }
            TypeDefKind::Option(ty) => {
                write!(parts, " {}", self.ty(ty)?)?;
                "option"
            }
            TypeDefKind::List(ty) => {
                write!(parts, " {}", self.ty(ty)?)?;
                "list"
            }
            TypeDefKind::Handle(Handle::Own(id)) => {
                write!(parts, " {}", self.id(*id)?)?;
                "own"
            }
            TypeDefKind::Handle(Handle::Borrow(id)) => {
                write!(parts, " {}", self.id(*id)?)?;
                "borrow"
            }
            other => bail!("there was no {} in WASI 0.2", other.as_str()),
        };
        Ok(format!("({word}{parts})"))
    }

    fn ty(&mut self, ty: &Type) -> Result<String> {
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

    /// The type of a function.
    pub(super) fn signature(&mut self, function: &Function) -> Result<String> {
        let mut text = "(func".to_owned();
        for param in &function.params {
            write!(text, " (param {:?} {})", param.name, self.ty(&param.ty)?)?;
        }
        if let Some(result) = &function.result {
            write!(text, " (result {})", self.ty(result)?)?;
        }
        Ok(text + ")")
    }
}

/// The type that this is another name of, or itself.
pub(super) fn original(resolve: &Resolve, id: TypeId) -> TypeId {
    match resolve.types[id].kind {
        TypeDefKind::Type(Type::Id(other)) => original(resolve, other),
        _ => id,
    }
}

/// The interface that defines a type.
pub(super) fn home(resolve: &Resolve, id: TypeId) -> Option<InterfaceId> {
    match resolve.types[id].owner {
        TypeOwner::Interface(home) => Some(home),
        _ => None,
    }
}

pub(super) fn is_resource(resolve: &Resolve, id: TypeId) -> bool {
    matches!(resolve.types[id].kind, TypeDefKind::Resource)
}
