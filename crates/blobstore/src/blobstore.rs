//! The containers of an account, and what goes on between objects.

use plugboard_error::{Error, Kind, Result};

use crate::Object;
use crate::bindings::exports::plugboard::inner::{blobstore, container};
use crate::container::{Container, named, no_container, no_object};
use crate::export::{Export, Instance};
use crate::value::text;

impl<S: Instance> blobstore::Guest for Export<S> {
    fn create_container(name: String) -> Result<container::Container, String> {
        create::<S>(name).map_err(text)
    }

    fn get_container(name: String) -> Result<container::Container, String> {
        get::<S>(name).map_err(text)
    }

    fn delete_container(name: String) -> Result<(), String> {
        delete::<S>(&name).map_err(text)
    }

    fn container_exists(name: String) -> Result<bool, String> {
        exists::<S>(&name).map_err(text)
    }

    fn copy_object(src: blobstore::ObjectId, dest: blobstore::ObjectId) -> Result<(), String> {
        copy::<S>(&src, &dest).map_err(text)
    }

    fn move_object(src: blobstore::ObjectId, dest: blobstore::ObjectId) -> Result<(), String> {
        rename::<S>(&src, &dest).map_err(text)
    }
}

fn create<S: Instance>(name: String) -> Result<container::Container> {
    let provider = S::instance()?;
    provider.store.policy().may_create()?;
    let real = provider.store.policy().container(&name)?.to_owned();
    provider.store.create_container(&real)?;
    Ok(container::Container::new(Container::<S>::new(provider, name, real)))
}

fn get<S: Instance>(name: String) -> Result<container::Container> {
    let provider = S::instance()?;
    let policy = provider.store.policy();
    let real = policy.container(&name)?.to_owned();
    if policy.check_container {
        match provider.store.has_container(&real) {
            Ok(true) => {}
            Ok(false) => return Err(no_container(&name)),
            // Credentials for the objects of a container need not be good for its properties.
            Err(error) if error.kind == Kind::AccessDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(container::Container::new(Container::<S>::new(provider, name, real)))
}

fn delete<S: Instance>(name: &str) -> Result<()> {
    let provider = S::instance()?;
    provider.store.policy().may_delete()?;
    provider.store.delete_container(provider.store.policy().container(name)?)
}

fn exists<S: Instance>(name: &str) -> Result<bool> {
    let provider = S::instance()?;
    match provider.store.policy().container(name) {
        Ok(real) => provider.store.has_container(real),
        Err(_) => Ok(false),
    }
}

fn object<'a, S: Instance>(id: &'a blobstore::ObjectId) -> Result<Object<'a>> {
    let container = S::instance()?.store.policy().container(&id.container)?;
    Ok(Object { container, name: &id.object })
}

fn copy<S: Instance>(from: &blobstore::ObjectId, to: &blobstore::ObjectId) -> Result<()> {
    let store = &S::instance()?.store;
    let (from, to) = (object::<S>(from)?, object::<S>(to)?);
    if from == to {
        // Nothing to do, if it is there.
        return store.head(from)?.map(drop).ok_or_else(|| no_object(from.name));
    }
    store.copy(from, to).map_err(|error| named(error, from.name))
}

fn rename<S: Instance>(from: &blobstore::ObjectId, to: &blobstore::ObjectId) -> Result<()> {
    let store = &S::instance()?.store;
    let (source, target) = (object::<S>(from)?, object::<S>(to)?);
    let before = store.head(source)?.ok_or_else(|| no_object(source.name))?;
    if source == target {
        return Ok(());
    }
    store.copy(source, target)?;
    // Nothing is deleted before its copy has been seen.
    let after = store.head(target)?;
    if after.is_none_or(|after| after.size != before.size) {
        let sentence = format!("`{}` is not what was copied there, `{}` was kept", target.name, source.name);
        return Err(Error::new(Kind::Conflict, sentence));
    }
    store.delete(source)
}
