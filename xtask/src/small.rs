//! Makes a component smaller without changing what it is to others.

use std::collections::HashMap;
use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent, component_utils, utils};
use wasm_encoder::{Alias, Component, ComponentAliasSection, ExportSection, ImportSection};
use wasm_encoder::{InstanceSection, ModuleArg};
use wasmparser::{
    ComponentAlias, CustomSectionReader, Export, Imports, Instance, InstantiationArgKind, Parser,
};

/// Gives short names to what core modules import and export, and drops the names that only a debugger would read:
/// together a tenth of a provider. Both are the component's own affair.
pub fn make(component: &[u8]) -> Result<Vec<u8>> {
    let mut smaller = Component::new();
    Small::default().parse_component(&mut smaller, Parser::new(0), component)?;
    Ok(smaller.finish())
}

#[derive(Default)]
struct Small {
    /// The same for all modules, so that what matched matches.
    names: HashMap<String, String>,
}

impl Small {
    fn short(&mut self, name: &str) -> String {
        let next = self.names.len().to_string();
        self.names.entry(name.to_owned()).or_insert(next).clone()
    }
}

type Done = Result<(), Error<Infallible>>;

impl Reencode for Small {
    type Error = Infallible;

    fn parse_imports(&mut self, section: &mut ImportSection, imports: Imports<'_>) -> Done {
        let Imports::Single(_, import) = imports else { return utils::parse_imports(self, section, imports) };
        section.import(&self.short(import.module), &self.short(import.name), self.entity_type(import.ty)?);
        Ok(())
    }

    fn parse_export(&mut self, section: &mut ExportSection, export: Export<'_>) -> Done {
        let index = self.external_index(export.kind, export.index)?;
        section.export(&self.short(export.name), self.export_kind(export.kind)?, index);
        Ok(())
    }
}

impl ReencodeComponent for Small {
    fn parse_component_custom_section(
        &mut self,
        component: &mut Component,
        section: CustomSectionReader<'_>,
    ) -> Done {
        if section.name() == "component-name" {
            return Ok(());
        }
        component_utils::parse_component_custom_section(self, component, section)
    }

    fn parse_component_alias_section(
        &mut self,
        section: &mut ComponentAliasSection,
        aliases: wasmparser::ComponentAliasSectionReader<'_>,
    ) -> Done {
        for alias in aliases {
            let alias = alias?;
            let short = match alias {
                ComponentAlias::CoreInstanceExport { name, .. } => self.short(name),
                _ => String::new(),
            };
            section.alias(match self.component_alias(alias)? {
                Alias::CoreInstanceExport { instance, kind, .. } => {
                    Alias::CoreInstanceExport { instance, kind, name: &short }
                }
                other => other,
            });
        }
        Ok(())
    }

    fn parse_instance(&mut self, section: &mut InstanceSection, instance: Instance<'_>) -> Done {
        match instance {
            Instance::Instantiate { module_index, args } => {
                let args = args.iter().map(|arg| match arg.kind {
                    InstantiationArgKind::Instance => (self.short(arg.name), ModuleArg::Instance(arg.index)),
                });
                section.instantiate(module_index, args.collect::<Vec<_>>());
            }
            Instance::FromExports(exports) => {
                let mut items = Vec::new();
                for export in exports {
                    items.push((self.short(export.name), self.export_kind(export.kind)?, export.index));
                }
                section.export_items(items);
            }
        }
        Ok(())
    }
}
