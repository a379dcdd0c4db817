//! How to reach a server: its address, the caller's token, and how the connection is secured.

use std::{env, fmt, fs, net::IpAddr};

use crate::error::Error;

const DEFAULT_SERVER: &str = "127.0.0.1:7480";
const DEFAULT_PROJECT: &str = "default";
const DEFAULT_PORT: &str = "7480";

/// How to reach a server, and as whom.
///
/// An address is `host`, `host:port`, `[v6]:port` or `unix:/path`, perhaps after `https://` (TLS) or `http://` (none).
/// Where neither stands before it, a loopback address or a socket is spoken to plainly and everything else by TLS.
#[derive(Clone)]
pub struct Settings {
    server: String,
    project: String,
    token: String,
    tls: Option<bool>,
    ca: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Settings {
    /// Settings for the server at an address; the environment is not looked at.
    pub fn new(server: impl Into<String>) -> Self {
        let project = DEFAULT_PROJECT.to_owned();
        Self { server: server.into(), project, token: String::new(), tls: None, ca: None, identity: None }
    }

    /// The settings that the environment says: WHARFINGER_SERVER, WHARFINGER_PROJECT, WHARFINGER_TOKEN (or
    /// WHARFINGER_TOKEN_FILE) and WHARFINGER_CA, a file. Without them: `127.0.0.1:7480`, project `default`, no token.
    pub fn from_env() -> Result<Self, Error> {
        let mut settings = Self::new(variable("WHARFINGER_SERVER")?.unwrap_or_else(|| DEFAULT_SERVER.to_owned()));
        if let Some(project) = variable("WHARFINGER_PROJECT")? {
            settings = settings.project(project);
        }
        if let Some(token) = variable("WHARFINGER_TOKEN")? {
            settings = settings.token(token);
        } else if let Some(path) = variable("WHARFINGER_TOKEN_FILE")? {
            settings = settings.token(String::from_utf8_lossy(&read("the token", &path)?).trim());
        }
        if let Some(path) = variable("WHARFINGER_CA")? {
            settings = settings.ca(read("the certificates to trust", &path)?);
        }
        Ok(settings)
    }

    /// The project to work in, by its plain name.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = project.into();
        self
    }

    /// The token that says who asks. It goes over TLS, or to this machine, and nowhere else.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// Certificates (PEM) of the authorities to trust, in place of the ones that are built in; asks for TLS.
    pub fn ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// The caller's own certificate and its key (PEM), for servers that ask for one; asks for TLS.
    pub fn identity(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Whether to speak by TLS, whatever the address is.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = Some(tls);
        self
    }

    pub(crate) fn resolve(self) -> Result<Resolved, Error> {
        if self.project.is_empty() || self.project.contains('/') {
            let text = format!("{:?} must be the plain name, without a slash", self.project);
            return Err(Error::invalid("project", text));
        }
        let (scheme, address) = match self.server.split_once("://") {
            None => (None, self.server.as_str()),
            Some(("http", rest)) => (Some(false), rest.trim_end_matches('/')),
            Some(("https", rest)) => (Some(true), rest.trim_end_matches('/')),
            Some(_) => {
                let text = format!("{:?}: the scheme must be http or https", self.server);
                return Err(Error::invalid("server", text));
            }
        };
        if let (Some(said), Some(wished)) = (scheme, self.tls)
            && said != wished
        {
            let text = format!("{:?} and tls({wished}) contradict each other; leave one of them out", self.server);
            return Err(Error::invalid("server", text));
        }
        let (authority, local) = authority(address)?;
        let asked = (self.ca.is_some() || self.identity.is_some()).then_some(true);
        let tls = self.tls.or(scheme).or(asked).unwrap_or(!local);
        if !self.token.is_empty() && !tls && !local {
            let text = format!("refusing to send it to {address} unencrypted: use https://{address}, or leave it out");
            return Err(Error::invalid("token", text));
        }
        let uri = match address.starts_with("unix:") {
            true => authority,
            false => format!("{}://{authority}", if tls { "https" } else { "http" }),
        };
        let Self { project, token, ca, identity, .. } = self;
        Ok(Resolved { server: address.to_owned(), uri, tls, project, token, ca, identity })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the token, nor the key.
        f.debug_struct("Settings").field("server", &self.server).field("project", &self.project).finish_non_exhaustive()
    }
}

/// Settings that fit each other.
pub(crate) struct Resolved {
    /// As people read it.
    pub server: String,
    pub uri: String,
    pub tls: bool,
    pub project: String,
    pub token: String,
    #[cfg_attr(not(any(feature = "tls-ring", feature = "tls-native")), expect(dead_code, reason = "there is no TLS"))]
    pub ca: Option<Vec<u8>>,
    #[cfg_attr(not(any(feature = "tls-ring", feature = "tls-native")), expect(dead_code, reason = "there is no TLS"))]
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// The authority of an address, with its port, and whether it is on this machine.
fn authority(address: &str) -> Result<(String, bool), Error> {
    if address.strip_prefix("unix:").is_some_and(|path| !path.is_empty()) {
        return Ok((address.to_owned(), true));
    }
    let (mut host, mut port) = (address, DEFAULT_PORT);
    if let Some((before, after)) = address.rsplit_once(':')
        && !address.ends_with(']')
        && (!before.contains(':') || before.starts_with('['))
    {
        (host, port) = (before, after);
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        host = if inner.contains(':') { inner } else { "" };
    }
    let number: u16 = if port.bytes().all(|byte| byte.is_ascii_digit()) { port.parse().unwrap_or(0) } else { 0 };
    if number == 0 || !is_host(host) {
        let text = format!("{address:?} is no address; give HOST:PORT, such as {DEFAULT_SERVER}");
        return Err(Error::invalid("server", text));
    }
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Ok((if host.contains(':') { format!("[{host}]:{number}") } else { format!("{host}:{number}") }, local))
}

fn is_host(host: &str) -> bool {
    if host.contains(':') {
        return host.parse::<IpAddr>().is_ok();
    }
    let label = |label: &str| {
        let inside = label.chars().all(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_');
        !label.is_empty() && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::invalid(name, "it is no text")),
    }
}

fn read(what: &str, path: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::invalid(what, format!("can't be read from {path}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(server: &str) -> (String, bool) {
        let resolved = Settings::new(server).resolve().unwrap();
        (resolved.uri, resolved.tls)
    }

    #[test]
    fn this_machine_is_spoken_to_plainly_and_everything_else_by_tls() {
        assert_eq!(resolved("127.0.0.1"), ("http://127.0.0.1:7480".into(), false));
        assert_eq!(resolved("localhost:99"), ("http://localhost:99".into(), false));
        assert_eq!(resolved("::1"), ("http://[::1]:7480".into(), false));
        assert_eq!(resolved("unix:/run/wharfinger"), ("unix:/run/wharfinger".into(), false));
        assert_eq!(resolved("wharf.example"), ("https://wharf.example:7480".into(), true));
        assert_eq!(resolved("http://wharf.example:1/"), ("http://wharf.example:1".into(), false));
        assert_eq!(resolved("https://[::1]:5"), ("https://[::1]:5".into(), true));
    }

    #[test]
    fn a_token_goes_nowhere_unencrypted() {
        let refused = |settings: Settings| settings.token("t").resolve().err().map(|error| error.to_string());
        assert_eq!(
            refused(Settings::new("http://wharf.example")).unwrap(),
            "token: refusing to send it to wharf.example unencrypted: use https://wharf.example, or leave it out"
        );
        assert!(refused(Settings::new("wharf.example")).is_none());
        assert!(refused(Settings::new("http://127.0.0.1:7480")).is_none());
    }

    #[test]
    fn what_can_not_be_is_refused_with_its_name() {
        for server in ["", "a b", "host:", "host:0", "host:99999", "host:+80", "[host]", "ftp://host", "-a", "unix:"] {
            assert!(matches!(Settings::new(server).resolve(), Err(Error::Invalid { field, .. }) if field == "server"));
        }
        assert!(Settings::new("https://host").tls(false).resolve().is_err());
        assert!(Settings::new("host").project("projects/a").resolve().is_err());
    }

    #[test]
    fn a_token_is_never_shown() {
        assert!(!format!("{:?}", Settings::new("host").token("hush")).contains("hush"));
    }
}
