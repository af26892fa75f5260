//! Files in Azure Blob Storage: yours, or Azurite in its place.

use anyhow::Result;
use plugboard_harness::Run;
use plugboard_harness::servers::Azurite;

use super::{Example, Setting, Store};

pub(super) const EXAMPLE: Example = Example {
    app: "files",
    provider: "blob-azure",
    // There may be such a container in your account, but nothing is made there unasked.
    first: ("/plugboard-demo", &[200, 404]),
    commands: |url| {
        format!(
            "  curl -T README.md {url}/plugboard-demo/docs/readme.md\n  \
               curl -r 0-99 {url}/plugboard-demo/docs/readme.md\n  \
               curl -X POST '{url}/plugboard-demo/docs/readme.md?copy=/plugboard-demo/copy.md'\n  \
               curl {url}/plugboard-demo\n  \
               head -c 1G /dev/zero | curl -T - {url}/plugboard-demo/large\n"
        )
    },
};

pub(super) fn start(settings: &[Setting], run: &Run, step: &dyn Fn(&str)) -> Result<Store> {
    const PLACES: [&str; 3] = ["azure-account", "azure-endpoint", "azure-connection-string"];
    if settings.iter().any(|(key, _)| PLACES.contains(&key.as_str())) {
        let place = "the Azure account that you named".to_owned();
        return Ok(Store { _running: Box::new(()), settings: Vec::new(), place });
    }
    step(
        "starting Azurite, Microsoft's stand-in for Azure Storage (no `--config azure-account=…` was given)",
    );
    let azurite = Azurite::start_on_disk(run)?;
    let settings = vec![("azure-connection-string".to_owned(), azurite.connection_string())];
    let place = "Azurite, started here (nothing is kept)".to_owned();
    Ok(Store { _running: Box::new(azurite), settings, place })
}
