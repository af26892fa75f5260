//! What each provider can be tried on without an account.

use std::any::Any;
use std::process::Command;

use anyhow::{Result, bail};

use super::{Azurite, Etcd, Moto, Redis, S3s, Webdis, etcd, webdis};
use crate::components::done;
use crate::{Run, tools};

const TABLE: &str = "pairs";
/// As the README of kv-dynamodb says, in the words of Amazon's SDK.
const MAKE_TABLE: &str = r#"
import boto3, sys
url, region, key_id, secret, table = sys.argv[1:]
boto3.client(
    "dynamodb", endpoint_url=url, region_name=region, aws_access_key_id=key_id, aws_secret_access_key=secret
).create_table(
    TableName=table,
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "bk"],
    KeySchema=[{"AttributeName": "b", "KeyType": "HASH"}, {"AttributeName": "k", "KeyType": "RANGE"}],
)
"#;

/// In the words of Azure's SDK.
const MAKE_AZURE_TABLE: &str = r#"
import sys
from azure.data.tables import TableServiceClient
TableServiceClient.from_connection_string(sys.argv[1]).create_table(sys.argv[2])
"#;

/// A server on this machine that a provider can talk to; stopped when the value is dropped.
pub struct StandIn {
    /// What it is, for a person.
    pub name: &'static str,
    /// What the provider has to know.
    pub settings: Vec<(&'static str, String)>,
    _running: Box<dyn Any>,
}

impl StandIn {
    /// One for the provider of that name, `kv-redis`. It keeps nothing.
    pub fn start(run: &Run, provider: &str) -> Result<StandIn> {
        match provider {
            "kv-redis" => {
                let redis = Redis::start(run)?;
                let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
                let settings = vec![("redis-url", webdis.url())];
                Ok(StandIn::new("a redis-server behind webdis", settings, (webdis, redis)))
            }
            "kv-etcd" => {
                let etcd = Etcd::start(run, etcd::Options::default())?;
                Ok(StandIn::new("an etcd of one member", vec![("etcd-url", etcd.url())], etcd))
            }
            "kv-dynamodb" => {
                let moto = Moto::start(run)?;
                make_table(&moto)?;
                let settings = vec![
                    ("dynamodb-endpoint", moto.url()),
                    ("dynamodb-region", Moto::REGION.to_owned()),
                    ("dynamodb-table", TABLE.to_owned()),
                    ("dynamodb-access-key-id", Moto::ACCESS_KEY_ID.to_owned()),
                    ("dynamodb-secret-access-key", Moto::SECRET_ACCESS_KEY.to_owned()),
                ];
                Ok(StandIn::new("moto, an imitation of AWS", settings, moto))
            }
            "kv-azure-table" => {
                let azurite = Azurite::start_tables(run)?;
                let connection = azurite.connection_string();
                let mut command = Command::new(tools::python_azure()?);
                done(command.args(["-c", MAKE_AZURE_TABLE, &connection, TABLE]))?;
                let settings = vec![
                    ("azure-table-connection-string", connection),
                    ("azure-table-name", TABLE.to_owned()),
                ];
                Ok(StandIn::new("Azurite, Microsoft's stand-in for Azure Storage", settings, azurite))
            }
            "blob-azure" => {
                let azurite = Azurite::start_on_disk(run)?;
                let settings = vec![("azure-connection-string", azurite.connection_string())];
                Ok(StandIn::new("Azurite, Microsoft's stand-in for Azure Storage", settings, azurite))
            }
            "blob-s3" => {
                let s3s = S3s::start(run)?;
                let settings = vec![
                    ("s3-endpoint", s3s.url()),
                    ("s3-region", S3s::REGION.to_owned()),
                    ("s3-access-key-id", S3s::ACCESS_KEY_ID.to_owned()),
                    ("s3-secret-access-key", S3s::SECRET_ACCESS_KEY.to_owned()),
                ];
                Ok(StandIn::new("s3s-fs, an S3 on this machine's disk", settings, s3s))
            }
            _ => bail!("there is nothing to try `{provider}` on"),
        }
    }

    fn new(name: &'static str, settings: Vec<(&'static str, String)>, running: impl Any) -> StandIn {
        StandIn { name, settings, _running: Box::new(running) }
    }
}

fn make_table(moto: &Moto) -> Result<()> {
    let mut command = Command::new(tools::python_aws()?);
    command.args(["-c", MAKE_TABLE, &moto.url(), Moto::REGION]);
    done(command.args([Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY, TABLE])).map(drop)
}
