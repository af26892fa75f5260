//! Deletions: of an object, of many, of a bucket with all that is in it.

use std::time::Duration;

use plugboard_blobstore::{Failures, Object, clear, side_by_side};
use plugboard_error::{Kind, Result};
use plugboard_http::{Chunks, Host, Resend, Transport};

use super::S3;
use crate::wire::{self, Call, Place};

/// Of objects that could not be deleted for now, as with whole requests.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Pages of uploads that never ended: more than there are, unless the answers go round in circles.
const MOST_PAGES: usize = 1000;

impl<T: Transport + Host + Default + 'static> S3<T> {
    /// Deletes objects by one request, and by others what the service could not delete for now.
    pub(super) fn delete_some(
        &self,
        container: &str,
        names: &[&str],
        deadline: Duration,
        failed: &mut Failures,
    ) {
        let mut names = names.to_vec();
        let mut pause = FIRST_PAUSE;
        for tries in 1.. {
            let body = wire::deletion(names.iter().copied());
            let call = Call::delete_many(container, &body);
            let answer = self.call(&call, body.into_bytes(), deadline);
            let left = answer
                .and_then(|response| wire::deletions(&response.body).ok_or_else(|| self.senseless(&call)));
            let left = match left {
                Ok(left) => left,
                Err(error) => return names.iter().for_each(|name| failed.add(name, error.clone())),
            };
            // Nothing is deleted that was not asked for, whatever the answer names.
            let (again, refused) = left.into_iter().partition::<Vec<_>, _>(|(name, error)| {
                error.kind == Kind::Unavailable && names.contains(&name.as_str())
            });
            refused.into_iter().for_each(|(name, error)| failed.add(&name, error));
            if again.is_empty() {
                return;
            }
            if tries == TRIES || !self.client.pause(pause, deadline) {
                return again.into_iter().for_each(|(name, error)| failed.add(&name, error));
            }
            names.retain(|name| again.iter().any(|(other, _)| other == name));
            pause = pause.saturating_mul(2);
        }
    }

    pub(super) fn delete_all(&self, container: &str, names: &[String], listed: bool, failed: &mut Failures) {
        let deadline = self.client.deadline();
        let is_late = || self.client.transport.now() >= deadline;
        let has_many = self.delete_many && self.names.check_container(container).is_ok();
        // Each name that can, in a request for many: there, what is listed need not be good for a path.
        let fits = |name: &&str| {
            has_many && wire::can_hold(name) && (listed || self.names.check_object(name).is_ok())
        };
        let (many, others) = names.iter().map(String::as_str).partition::<Vec<_>, _>(fits);
        let mut many = many.as_slice();
        while let (some @ [_, ..], rest) = many.split_at_checked(wire::fitting(many)).unwrap_or_default() {
            self.delete_some(container, some, deadline, failed);
            many = rest;
        }
        side_by_side(
            self,
            others,
            |name| {
                let object = Object { container, name };
                self.names.check(object)?;
                self.begin_call(Call::delete(object), Chunks::default())
            },
            |block| self.finish_call(block).map(drop),
            is_late,
            failed,
        );
    }

    /// With what is in it. There is one deadline, but for what empties it: that takes the time that it takes.
    pub(super) fn delete_bucket(&self, container: &str) -> Result<()> {
        let mut deadline = self.client.deadline();
        let call = Call::delete_bucket(container);
        let mut outcome = self.call(&call, Chunks::default(), deadline);
        for empty in [clear, Self::end_uploads] {
            if outcome.as_ref().is_err_and(|error| error.kind == Kind::Conflict) {
                empty(self, container)?;
                deadline = self.client.deadline();
                outcome = self.call(&call, Chunks::default(), deadline);
            }
        }
        match outcome.map(|_| self.look(container, deadline)) {
            Err(error) if error.kind != Kind::NoSuchContainer => Err(error),
            // The answer to a deletion has no words; whoever finds some for this one has given it.
            Ok(Err(error)) if error.kind != Kind::AccessDenied => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends the uploads to a container that never ended: the service may count them as something in it.
    fn end_uploads(&self, container: &str) -> Result<()> {
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let call = Call::list_uploads(container, after.as_ref());
            let response = self.call(&call, Chunks::default(), self.client.deadline())?;
            let (uploads, next) = wire::uploads(&response.body).ok_or_else(|| self.senseless(&call))?;
            for (name, id) in uploads {
                // Another client can have begun one whose name no path can have.
                if self.names.check_object(&name).is_err() {
                    continue;
                }
                let place = Place::new(Object { container, name: &name }, id);
                let mut call = Call::abort_upload(&place);
                call.resend = Resend::Allowed;
                match self.call(&call, Chunks::default(), self.client.deadline()) {
                    // Somebody else was faster.
                    Err(error) if error.kind != Kind::Conflict => return Err(error),
                    _ => {}
                }
            }
            if next.is_none() {
                break;
            }
            after = next;
        }
        Ok(())
    }
}
