//! Each server for real: started, used, stopped, its port free afterwards.

use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use plugboard_harness::{
    Run, Server,
    components::{done, said},
    process::http_status,
    servers::{
        Azurite, Etcd, Moto, Redis, Registry, S3s, Serve, Upstash, Webdis, etcd,
        redis::{Value, cmd},
        upstash::Backend,
        webdis::{self, Options},
    },
    tools::{self, Version},
};

/// Without the proxy that the environment may name.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().proxy(None).build().new_agent()
}

fn get(url: &str) -> Result<String> {
    Ok(agent().get(url).call()?.body_mut().read_to_string()?)
}

/// Stops whatever holds the server by dropping it, and sees the process and its port gone.
fn gone<T>(holder: T, server: impl Fn(&T) -> &Server, addr: SocketAddr) -> Result<()> {
    let pid = i32::try_from(server(&holder).pid()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::test_kill_process(pid)?;
    drop(holder);
    ensure!(rustix::process::test_kill_process(pid).is_err(), "the process lives");
    TcpListener::bind(addr).context("the port is taken")?;
    Ok(())
}

#[test]
fn redis() -> Result<()> {
    Run::scope("redis", |run| {
        let redis = Redis::start(run)?;
        let binary: Vec<u8> = (0..=255).collect();
        redis.cli(&[b"SET", binary.as_slice(), binary.as_slice()])?;
        assert_eq!(redis.cli(&[b"GET", binary.as_slice()])?, Value::BulkString(binary));
        assert_eq!(redis.cli(&["GET", "missing"])?, Value::Nil);
        let error = redis.cli(&["INCR"]).unwrap_err().to_string();
        assert!(error.contains("wrong number of arguments"), "{error}");

        cmd("SET").arg("k").arg("two").exec(&mut redis.connect(2)?)?;
        assert_eq!(redis.cli(&["EXISTS", "k"])?, Value::Int(0), "databases are apart");

        let addr = redis.addr();
        gone(redis, |redis| redis.server(), addr)
    })
}

#[test]
fn redis_with_a_password() -> Result<()> {
    Run::scope("redis", |run| {
        let mut redis = Redis::start_with_password(run, "open sesame")?;
        assert_eq!(redis.cli(&["PING"])?, Value::SimpleString("PONG".into()));
        assert_refused(redis.addr())?;

        redis.cli(&["SET", "k", "v"])?;
        let addr = redis.addr();
        redis.stop();
        assert!(redis.cli(&["PING"]).is_err());
        redis.restart()?;
        assert_eq!(redis.addr(), addr);
        assert_eq!(redis.cli(&["GET", "k"])?, Value::Nil);
        assert_refused(addr)
    })
}

fn assert_refused(redis: SocketAddr) -> Result<()> {
    let mut stranger = TcpStream::connect(redis)?;
    stranger.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stranger.read_exact(&mut answer)?;
    assert_eq!(&answer, b"-NOAUTH");
    Ok(())
}

#[test]
fn webdis_speaks_to_its_redis() -> Result<()> {
    Run::scope("webdis", |run| {
        let redis = Redis::start_with_password(run, "open sesame")?;
        let webdis = Webdis::start(run, &redis, Options { database: 3, ..Options::default() })?;
        assert_eq!(get(&format!("{}/SET/k/v", webdis.url()))?, r#"{"SET":[true,"OK"]}"#);
        assert_eq!(get(&format!("{}/GET/k.raw", webdis.url()))?, "$1\r\nv\r\n");
        let inside: String = cmd("GET").arg("k").query(&mut redis.connect(3)?)?;
        assert_eq!(inside, "v");

        redis.stop();
        assert_eq!(http_status(&format!("{}/PING", webdis.url())), Some(503));

        let addr = webdis.addr();
        gone(webdis, |webdis| webdis.server(), addr)
    })
}

#[test]
fn webdis_with_a_user() -> Result<()> {
    Run::scope("webdis", |run| {
        let redis = Redis::start(run)?;
        let basic_auth = Some(("ada".to_owned(), "open sesame".to_owned()));
        let webdis = Webdis::start(run, &redis, Options { basic_auth, ..Options::default() })?;
        let ping = format!("{}/PING", webdis.url());
        assert_eq!(http_status(&ping), Some(403));
        let answer = agent().get(&ping).header("authorization", "Basic YWRhOm9wZW4gc2VzYW1l").call()?;
        assert_eq!(answer.status(), 200);
        Ok(())
    })
}

/// The crash that `restart` is for. Without the crash, as newer versions may be, the answer is still 413.
#[test]
fn webdis_comes_back_after_a_request_over_its_limit() -> Result<()> {
    Run::scope("webdis", |run| {
        let redis = Redis::start(run)?;
        let options = webdis::Options { max_request: Some(100_000), ..Options::default() };
        let mut webdis = Webdis::start(run, &redis, options)?;

        let mut reused = TcpStream::connect(webdis.addr())?;
        reused.set_read_timeout(Some(Duration::from_secs(10)))?;
        reused.write_all(b"GET /PING HTTP/1.1\r\n\r\n")?;
        assert_eq!(status(&mut reused)?, "HTTP/1.1 200");
        reused.write_all(b"PUT /SET/k HTTP/1.1\r\nContent-Length: 150000\r\n\r\n")?;
        reused.write_all(&[b'x'; 120_000])?;
        assert_eq!(status(&mut reused)?, "HTTP/1.1 413");
        let _ = reused.write_all(&[b'x'; 30_000]); // the rest is what it does not survive

        let addr = webdis.addr();
        webdis.restart()?;
        assert_eq!(webdis.addr(), addr);
        assert_eq!(http_status(&format!("{}/PING", webdis.url())), Some(200));
        Ok(())
    })
}

fn status(stream: &mut TcpStream) -> Result<String> {
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length.min(12)]).into_owned())
}

#[test]
fn etcd_keeps_what_is_written() -> Result<()> {
    Run::scope("etcd", |run| {
        let mut etcd = Etcd::start(run, etcd::Options::default())?;
        etcd.ctl(&["put", "k", "v"])?;
        let range = || Ok(agent().post(format!("{}/v3/kv/range", etcd.url())).send(r#"{"key":"aw=="}"#)?);
        let answer: Result<_> = range();
        assert!(answer?.body_mut().read_to_string()?.contains(r#""value":"dg==""#));
        etcd.restart()?;
        assert_eq!(etcd.ctl(&["get", "k", "--print-value-only"])?, "v");
        let addr = etcd.addr();
        gone(etcd, |etcd| etcd.server(), addr)
    })
}

#[test]
fn etcd_with_a_user_whose_tokens_end() -> Result<()> {
    Run::scope("etcd", |run| {
        let options = etcd::Options { user: Some(("ada", "open: sesame")), token_seconds: Some(1) };
        let etcd = Etcd::start(run, options)?;
        etcd.ctl(&["put", "k", "v"])?;
        let post = |path: &str, token: &str, body: &str| {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
            let mut request = agent.post(format!("{}{path}", etcd.url()));
            if !token.is_empty() {
                request = request.header("authorization", token);
            }
            let mut answer = request.send(body)?;
            anyhow::Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        };
        let get = |token: &str| anyhow::Ok(post("/v3/kv/range", token, r#"{"key":"aw=="}"#)?.0);
        assert_eq!(get("")?, 400);
        let (_, answer) = post("/v3/auth/authenticate", "", r#"{"name":"ada","password":"open: sesame"}"#)?;
        let (_, rest) = answer.split_once(r#""token":""#).context("a token")?;
        let token = rest.split('"').next().unwrap_or_default();
        assert_eq!(get(token)?, 200);
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(get(token)?, 401);
        Ok(())
    })
}

/// Azure's own SDK on `azurite`: what the script prints.
fn sdk(azurite: &Azurite, script: &str) -> Result<String> {
    let program = format!(
        "import sys; from azure.storage.blob import BlobServiceClient as Client\n\
         client = Client.from_connection_string(sys.argv[1])\n{script}"
    );
    let mut python = Command::new(tools::python_azure()?);
    Ok(said(&done(python.args(["-c", &program, &azurite.connection_string()]))?))
}

#[test]
fn azurite() -> Result<()> {
    const WRITE: &str = "client.create_container('box').upload_blob('a/b', b'looms')";
    const READ: &str = "print(client.get_blob_client('box', 'a/b').download_blob().readall())";
    Run::scope("azurite", |run| {
        let mut azurite = Azurite::start(run)?;
        sdk(&azurite, WRITE)?;
        assert_eq!(sdk(&azurite, READ)?, "b'looms'");
        let addr = azurite.addr();
        azurite.restart()?;
        let error = sdk(&azurite, READ).unwrap_err().to_string();
        ensure!(error.contains("ContainerNotFound"), "it was in memory: {error}");
        gone(azurite, |azurite| azurite.server(), addr)?;

        let mut azurite = Azurite::start_on_disk(run)?;
        sdk(&azurite, WRITE)?;
        azurite.restart()?;
        assert_eq!(sdk(&azurite, READ)?, "b'looms'");
        let addr = azurite.addr();
        gone(azurite, |azurite| azurite.server(), addr)
    })
}

/// Amazon's own SDK on an imitation: what the script prints.
fn boto3(url: &str, id: &str, secret: &str, script: &str) -> Result<String> {
    let program = format!(
        "import sys, boto3\n\
         from botocore.config import Config\n\
         config = Config(retries={{'total_max_attempts': 1}})\n\
         client = lambda name: boto3.client(name, endpoint_url=sys.argv[1], region_name='us-east-1', config=config,\n\
         \taws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])\n{script}"
    );
    let mut python = Command::new(tools::python_aws()?);
    python.args(["-c", &program, url, id, secret]).env("NO_PROXY", "127.0.0.1");
    Ok(said(&done(&mut python)?))
}

#[test]
fn moto() -> Result<()> {
    const WRITE: &str = "s3 = client('s3')\ns3.create_bucket(Bucket='box')\n\
                         s3.put_object(Bucket='box', Key='a/b', Body=b'looms')";
    const READ: &str = "print(client('s3').get_object(Bucket='box', Key='a/b')['Body'].read())";
    const TABLES: &str = "print(client('dynamodb').list_tables()['TableNames'])";
    let sdk = |moto: &Moto, script| boto3(&moto.url(), Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY, script);
    Run::scope("moto", |run| {
        let mut moto = Moto::start(run)?;
        sdk(&moto, WRITE)?;
        assert_eq!(sdk(&moto, READ)?, "b'looms'");
        assert_eq!(sdk(&moto, TABLES)?, "[]");
        for script in [READ, TABLES] {
            let error = boto3(&moto.url(), Moto::ACCESS_KEY_ID, "wrong", script).unwrap_err().to_string();
            ensure!(error.contains("signature"), "it takes any key: {error}");
        }
        moto.restart()?;
        let error = sdk(&moto, READ).unwrap_err().to_string();
        ensure!(error.contains("NoSuchBucket"), "it was in memory, and the user is there: {error}");
        let addr = moto.addr();
        gone(moto, |moto| moto.server(), addr)
    })
}

#[test]
fn s3s() -> Result<()> {
    const WRITE: &str = "s3 = client('s3')\ns3.create_bucket(Bucket='box')\n\
                         s3.put_object(Bucket='box', Key='a/b', Body=b'looms')";
    const READ: &str = "print(client('s3').get_object(Bucket='box', Key='a/b')['Body'].read())";
    let sdk = |s3s: &S3s, script| boto3(&s3s.url(), S3s::ACCESS_KEY_ID, S3s::SECRET_ACCESS_KEY, script);
    Run::scope("s3s", |run| {
        let mut s3s = S3s::start(run)?;
        sdk(&s3s, WRITE)?;
        let error = boto3(&s3s.url(), S3s::ACCESS_KEY_ID, "wrong", READ).unwrap_err().to_string();
        ensure!(error.contains("SignatureDoesNotMatch"), "it takes any key: {error}");
        s3s.restart()?;
        assert_eq!(sdk(&s3s, READ)?, "b'looms'");
        let addr = s3s.addr();
        gone(s3s, |s3s| s3s.server(), addr)
    })
}

#[test]
fn azurite_tables() -> Result<()> {
    const PROGRAM: &str = "import sys; from azure.data.tables import TableServiceClient as Client\n\
        table = Client.from_connection_string(sys.argv[1]).create_table('pairs')\n\
        key = {'PartitionKey': 'a', 'RowKey': \",b',\"}\n\
        large = {f'v{n}': bytes(65000) for n in range(16)}\n\
        table.create_entity({**key, **large})\n\
        table.submit_transaction([('upsert', {**key, 'value': b'looms'}, {'mode': 'replace'})])\n\
        print(table.get_entity('a', \",b',\")['value'])";
    Run::scope("azurite-tables", |run| {
        let azurite = Azurite::start_tables(run)?;
        let mut python = Command::new(tools::python_azure()?);
        assert_eq!(said(&done(python.args(["-c", PROGRAM, &azurite.connection_string()]))?), "b'looms'");
        let addr = azurite.addr();
        gone(azurite, |azurite| azurite.server(), addr)
    })
}

#[test]
fn registry() -> Result<()> {
    Run::scope("registry", |run| {
        let registry = Registry::start(run)?;
        let addr = registry.addr();
        assert!(addr.ip().is_loopback());
        assert_eq!(get(&format!("http://{addr}/v2/"))?, "{}");

        // One blob there and back: it may write where it is told to.
        let start = agent().post(format!("http://{addr}/v2/plugboard/x/blobs/uploads/")).send_empty()?;
        let to = start.headers()["location"].to_str()?.to_owned();
        let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of "abc"
        assert_eq!(agent().put(format!("{to}&digest={digest}")).send("abc")?.status(), 201);
        assert_eq!(get(&format!("http://{addr}/v2/plugboard/x/blobs/{digest}"))?, "abc");
        gone(registry, Registry::server, addr)
    })
}

#[test]
fn wasmtime_of_both_versions() -> Result<()> {
    Run::scope("wasmtime", |run| {
        let component = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/silent.wat");
        let config = [("redis-url", "http://127.0.0.1:7379/=é".to_owned())];
        for version in [Version::LongTerm, Version::Newest] {
            let serve = Serve { version, config: Some(&config), ..Serve::new(component) };
            let wasmtime = serve.start(run)?;
            assert_eq!(http_status(wasmtime.url()), Some(500));
            let log = wasmtime.server().log();
            assert!(log.contains("guest never invoked `response-outparam::set`"), "{log}");
            let addr = wasmtime.addr();
            gone(wasmtime, |wasmtime| wasmtime.server(), addr)?;
        }
        Ok(())
    })
}

#[test]
fn wasmtime_says_why_it_does_not_start() -> Result<()> {
    let run = Run::new("wasmtime")?;
    let error = Serve::new(Path::new("no-such.wasm")).start(&run).err().unwrap().to_string();
    assert!(error.contains("`wasmtime` ended before it was ready (exit status: 1)"), "{error}");
    assert!(error.contains("no-such.wasm"), "{error}");

    let config = [("redis-buckets", "a,b".to_owned())];
    let serve = Serve { config: Some(&config), ..Serve::new("no-such.wasm") };
    let error = serve.start(&run).err().unwrap().to_string();
    assert_eq!(error, "the value of `redis-buckets` has a comma, which `-S config-var` cannot carry");
    let dir = run.path().to_owned();
    drop(run);
    Ok(std::fs::remove_dir_all(dir)?)
}

/// Builds the workspace's own front, as whoever calls `Upstash::start` does.
fn upstash_local() -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").context("run by cargo")?;
    let built = Command::new(cargo).args(["build", "--quiet", "--package", "upstash-local"]).status()?;
    ensure!(built.success(), "upstash-local does not build");
    let profile_dir = env::current_exe()?.parent().and_then(Path::parent).map(Path::to_owned);
    Ok(profile_dir.context("tests lie in <profile>/deps")?.join("upstash-local"))
}

#[test]
fn upstash_with_both_backends() -> Result<()> {
    let program = upstash_local()?;
    Run::scope("upstash", |run| {
        let redis = Redis::start(run)?;
        let data = run.path().join("upstash-data");
        for backend in [Backend::Data(data), Backend::Redis(redis.addr())] {
            let upstash = Upstash::start(run, &program, "open sesame", &backend)?;
            assert_eq!(http_status(&format!("{}/get/k", upstash.url())), Some(401));
            let set = agent().post(upstash.url()).header("authorization", "Bearer open sesame");
            let answer = set.send(r#"["SET","k","v"]"#)?.body_mut().read_to_string()?;
            assert_eq!(answer, r#"{"result":"OK"}"#);
            let addr = upstash.url().trim_start_matches("http://").parse()?;
            gone(upstash, Upstash::server, addr)?;
        }
        assert_eq!(redis.cli(&["GET", "k"])?, Value::BulkString(b"v".to_vec()));
        Ok(())
    })
}
