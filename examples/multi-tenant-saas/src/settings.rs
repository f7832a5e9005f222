//! What the environment says, read once and held against what this server can do.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::http::uri::Authority;
use tenant::{
    auth::{DomainProof, MfaKey},
    control::{AfterTrial, Offers, StripeMeter},
    tower::TrustedProxies,
};

use crate::plans;

/// How the server is set up.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens; `APP_ADDR`, 127.0.0.1:8080 by default.
    pub address: SocketAddr,
    /// The database's URL; `DATABASE_URL`, or the file in `DB_PATH`, `./tenants.db` by default.
    pub database_url: String,
    /// The bearer token of the admin API and of `/metrics`; `ADMIN_TOKEN`.
    pub admin_token: Option<String>,
    /// The domains whose subdomains name tenants; `BASE_DOMAINS`, separated by commas.
    pub base_domains: Vec<String>,
    /// How many requests of tenants run at once; `MAX_CONCURRENT_REQUESTS`, as many as come unless given.
    pub max_concurrent_requests: Option<usize>,
    /// Where instances share limits and hear of changed tenants; `REDIS_URL`, none by default.
    pub redis_url: Option<String>,
    /// Which tokens are taken; with any, a bare header or host names no tenant. None by default.
    pub tokens: Option<TokenSettings>,
    /// How long a session may be idle; `SESSION_IDLE_SECONDS`, 1800 by default.
    pub session_idle: Duration,
    /// How long a session lasts, whatever is done; `SESSION_ABSOLUTE_SECONDS`, 43200 by default.
    pub session_absolute: Duration,
    /// How many requests a minute an API key without a limit of its own admits; `DEFAULT_RATE_LIMIT`, 1000 by default.
    pub default_rate_limit: NonZeroU32,
    /// For how many days the audit log is kept.
    pub audit_retention_days: u64,
    /// The folder that mails are written to; `MAIL_DIR`, `./mail` by default, which is made with the first.
    pub mail_dir: Option<PathBuf>,
    /// How long an invitation lasts; `INVITATION_TTL_SECONDS`, 604800 by default.
    pub invitation_ttl: Duration,
    /// What mails lead to; `PUBLIC_URL`, this address by default.
    pub public_url: String,
    /// Whether webhooks may lead to this machine and to private networks; `WEBHOOK_ALLOW_PRIVATE`, off by default.
    pub webhook_allow_private: bool,
    /// The plans that tenants may be on; those of the JSON file in `PLANS_FILE`, or the standard ones.
    pub plans: Offers,
    /// What becomes of a tenant whose trial ends; `TRIAL_END`, the name of a plan or `suspend`: `free` by default, and
    /// `suspend` where there is no plan of that name.
    pub after_trial: AfterTrial,
    /// What becomes of a change to a plan that has less than is used; `DOWNGRADES`, `refuse` by default.
    pub downgrades: Downgrades,
    /// Where archives of tenants lie, which only the server may read; `ARCHIVE_DIR`, ./archives by default.
    pub archive_dir: PathBuf,
    /// The longest archive that is imported, in bytes; `IMPORT_MAX_MEGABYTES`, 10240 by default.
    pub longest_import: u64,
    /// Whose word about callers' addresses and hosts is taken; `TRUSTED_PROXIES`, nobody's by default.
    pub trusted_proxies: TrustedProxies,
    /// How many requests a minute an address may send; `IP_RATE_LIMIT`, as many as come unless given.
    pub ip_rate_limit: Option<NonZeroU32>,
    /// What the secrets of second factors are kept under; `MFA_KEY`, 32 bytes in base64. Without it they are kept as they are.
    pub mfa_key: Option<MfaKey>,
    /// With it the port speaks TLS, and nothing else.
    pub tls: Option<TlsSettings>,
    /// Who is told what tenants use; with `STRIPE_SECRET_KEY`, Stripe's meters at `STRIPE_API_URL`, <https://api.stripe.com> by default.
    pub stripe: Option<StripeMeter>,
    /// How tenants prove the hosts that they claim. No variable says it: unless a program gives one (a test does, whose hosts are
    /// nowhere on the internet), the token is found at `/.well-known/tenant-verification` or in the DNS.
    pub domain_proof: Option<Arc<dyn DomainProof>>,
}

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// The folder with `{host}.crt` and `{host}.key`, and `default.*`; `TLS_DIR`.
    pub dir: PathBuf,
    /// The authorities whose client certificates are taken; `TLS_CLIENT_CA`, none by default.
    pub client_ca: Option<PathBuf>,
}

/// What becomes of a change to a plan that has less than is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downgrades {
    /// It is refused, unless it is asked for at the end of the billing cycle.
    Refuse,
    /// It is made at the end of the billing cycle, if what is used fits by then.
    Schedule,
}

/// Which tokens are taken.
#[derive(Clone)]
pub struct TokenSettings {
    /// What they are signed with.
    pub keys: TokenKeySettings,
    /// Who must have issued them; `JWT_ISSUER`, anybody by default.
    pub issuer: Option<String>,
    /// For whom they must be; `JWT_AUDIENCE`, anybody by default.
    pub audience: Option<String>,
}

/// What tokens are signed with.
#[derive(Clone)]
pub enum TokenKeySettings {
    /// A secret (HS256); `JWT_SECRET`.
    Secret(String),
    /// A file of public keys (RFC 7517) that may change; `JWT_JWKS_FILE`.
    JwksFile(PathBuf),
}

/// The environment asks for something that can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings {
    variable: &'static str,
    problem: String,
}

impl InvalidSettings {
    pub(crate) fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self { variable, problem: problem.into() }
    }

    /// The variable that is wrong.
    #[must_use]
    pub const fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

impl std::error::Error for InvalidSettings {}

const LOCAL: &str = "127.0.0.1:8080";
const DEFAULT_RATE_LIMIT: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

// To ignore one of these would be to run without the protection somebody asked for.
const NOT_BUILT_YET: [&str; 1] = ["OTEL_EXPORTER_OTLP_ENDPOINT"];

impl Settings {
    /// Reads the process' environment.
    ///
    /// # Errors
    /// [`InvalidSettings`] names the variable that is wrong.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(&std::env::vars().collect())
    }

    /// Reads the given variables.
    ///
    /// # Errors
    /// [`InvalidSettings`] names the variable that is wrong.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, InvalidSettings> {
        let get = |name: &str| variables.get(name).map(String::as_str);
        if let Some(variable) = NOT_BUILT_YET.into_iter().find(|name| variables.contains_key(*name)) {
            return Err(InvalidSettings::new(variable, "is not supported by this version; unset it"));
        }
        let plans = plans::read(get("PLANS_FILE"))?;
        let settings = Self {
            address: address(get("APP_ADDR").unwrap_or(LOCAL))?,
            database_url: database_url(get("DATABASE_URL"), get("DB_PATH"))?,
            admin_token: admin_token(get("ADMIN_TOKEN"))?,
            base_domains: base_domains(get("BASE_DOMAINS"))?,
            max_concurrent_requests: max_concurrent_requests(get)?,
            redis_url: redis_url(get("REDIS_URL"))?,
            tokens: tokens(get)?,
            session_idle: seconds("SESSION_IDLE_SECONDS", get, 30 * 60)?,
            session_absolute: seconds("SESSION_ABSOLUTE_SECONDS", get, 12 * 60 * 60)?,
            default_rate_limit: per_minute("DEFAULT_RATE_LIMIT", get)?.unwrap_or(DEFAULT_RATE_LIMIT),
            trusted_proxies: trusted_proxies(get("TRUSTED_PROXIES"))?,
            audit_retention_days: number("AUDIT_RETENTION_DAYS", get)?.unwrap_or(90),
            mail_dir: path("MAIL_DIR", get)?,
            invitation_ttl: seconds("INVITATION_TTL_SECONDS", get, 7 * 24 * 60 * 60)?,
            public_url: public_url(get)?,
            webhook_allow_private: switch("WEBHOOK_ALLOW_PRIVATE", get)?,
            after_trial: plans::after_trial(get("TRIAL_END"), &plans)?,
            downgrades: downgrades(get("DOWNGRADES"))?,
            plans,
            archive_dir: archive_dir(get("ARCHIVE_DIR"))?,
            longest_import: number("IMPORT_MAX_MEGABYTES", get)?.unwrap_or(10_240) << 20,
            ip_rate_limit: per_minute("IP_RATE_LIMIT", get)?,
            mfa_key: mfa_key(get("MFA_KEY"))?,
            tls: tls(get)?,
            stripe: stripe(get)?,
            domain_proof: None,
        };
        settings.guard_admin()?;
        Ok(settings)
    }

    /// Without a token the admin API is for this machine alone.
    fn guard_admin(&self) -> Result<(), InvalidSettings> {
        if self.admin_token.is_none() && !self.address.ip().is_loopback() {
            let problem =
                "must be set when APP_ADDR is not a loopback address: the admin API would be open to all";
            return Err(InvalidSettings::new("ADMIN_TOKEN", problem));
        }
        if self.admin_token.is_none() && !self.trusted_proxies.is_empty() {
            let problem =
                "must be set with TRUSTED_PROXIES: whoever comes through a proxy seems to be of this machine";
            return Err(InvalidSettings::new("ADMIN_TOKEN", problem));
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            database_url: _,
            admin_token,
            base_domains,
            max_concurrent_requests,
            redis_url,
            tokens,
            session_idle,
            session_absolute,
            default_rate_limit,
            trusted_proxies,
            audit_retention_days,
            mail_dir,
            invitation_ttl,
            public_url,
            webhook_allow_private,
            plans: _,
            after_trial,
            downgrades,
            archive_dir,
            longest_import,
            ip_rate_limit,
            mfa_key,
            tls,
            stripe,
            domain_proof,
        } = self;
        f.debug_struct("Settings")
            .field("address", address)
            .field("admin_token", &admin_token.as_ref().map(|_| "set"))
            .field("base_domains", base_domains)
            .field("max_concurrent_requests", max_concurrent_requests)
            .field("redis_url", &redis_url.as_ref().map(|_| "set"))
            .field("tokens", &tokens.as_ref().map(|_| "set"))
            .field("session_idle", session_idle)
            .field("session_absolute", session_absolute)
            .field("default_rate_limit", default_rate_limit)
            .field("trusted_proxies", trusted_proxies)
            .field("audit_retention_days", audit_retention_days)
            .field("mail_dir", mail_dir)
            .field("invitation_ttl", invitation_ttl)
            .field("public_url", public_url)
            .field("webhook_allow_private", webhook_allow_private)
            .field("after_trial", after_trial)
            .field("downgrades", downgrades)
            .field("archive_dir", archive_dir)
            .field("longest_import", longest_import)
            .field("ip_rate_limit", ip_rate_limit)
            .field("mfa_key", &mfa_key.as_ref().map(|_| "set"))
            .field("tls", tls)
            .field("stripe", stripe)
            .field("domain_proof", &domain_proof.as_ref().map(|_| "given"))
            .finish_non_exhaustive()
    }
}

fn stripe<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<StripeMeter>, InvalidSettings> {
    const ADDRESS: &str = "STRIPE_API_URL";
    let wrong = |variable| {
        move |error: tenant::control::InvalidStripe| {
            InvalidSettings::new(variable, format!("can't be used: {error}"))
        }
    };
    match (get("STRIPE_SECRET_KEY"), get(ADDRESS)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(InvalidSettings::new(ADDRESS, "needs STRIPE_SECRET_KEY")),
        (Some(key), url) => {
            let meter = StripeMeter::new(key).map_err(wrong("STRIPE_SECRET_KEY"))?;
            url.map_or(Ok(meter.clone()), |url| meter.at(url).map_err(wrong(ADDRESS))).map(Some)
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, InvalidSettings> {
    let wrong = |_| InvalidSettings::new("APP_ADDR", "must be an address and a port, such as 127.0.0.1:8080");
    match text.strip_prefix(':') {
        Some(port) => {
            let port = port.parse().map_err(|_| InvalidSettings::new("APP_ADDR", "must end with a port"))?;
            Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
        }
        None => text.replace("localhost:", "127.0.0.1:").parse().map_err(wrong),
    }
}

fn database_url(url: Option<&str>, path: Option<&str>) -> Result<String, InvalidSettings> {
    match url {
        Some(url) if url.starts_with("sqlite:") => Ok(url.to_owned()),
        Some(url)
            if url.starts_with("postgres") || url.starts_with("mysql") || url.starts_with("mariadb") =>
        {
            let problem = "names a database that this version does not serve yet; use sqlite:";
            Err(InvalidSettings::new("DATABASE_URL", problem))
        }
        Some(_) => Err(InvalidSettings::new("DATABASE_URL", "must start with sqlite:")),
        None => match path.unwrap_or("./tenants.db") {
            "" => Err(InvalidSettings::new("DB_PATH", "must not be empty")),
            path => Ok(format!("sqlite://{path}")),
        },
    }
}

fn downgrades(word: Option<&str>) -> Result<Downgrades, InvalidSettings> {
    match word {
        None | Some("refuse") => Ok(Downgrades::Refuse),
        Some("schedule") => Ok(Downgrades::Schedule),
        Some(_) => Err(InvalidSettings::new("DOWNGRADES", "must be refuse or schedule")),
    }
}

fn archive_dir(path: Option<&str>) -> Result<PathBuf, InvalidSettings> {
    match path.unwrap_or("./archives") {
        "" => Err(InvalidSettings::new("ARCHIVE_DIR", "must not be empty")),
        path => Ok(path.into()),
    }
}

fn admin_token(token: Option<&str>) -> Result<Option<String>, InvalidSettings> {
    match token {
        Some(token) if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(InvalidSettings::new("ADMIN_TOKEN", "must be visible ASCII without blanks, and not empty"))
        }
        token => Ok(token.map(str::to_owned)),
    }
}

fn base_domains(text: Option<&str>) -> Result<Vec<String>, InvalidSettings> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let domains: Vec<String> = text.split(',').map(|domain| domain.trim().to_ascii_lowercase()).collect();
    let plain = |domain: &String| {
        !domain.is_empty()
            && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    };
    if !domains.iter().all(plain) {
        return Err(InvalidSettings::new("BASE_DOMAINS", "must be domain names separated by commas"));
    }
    Ok(domains)
}

fn max_concurrent_requests<'a>(
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<usize>, InvalidSettings> {
    Ok(number("MAX_CONCURRENT_REQUESTS", get)?.and_then(|most| usize::try_from(most).ok()))
}

fn seconds<'a>(
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
    usual: u64,
) -> Result<Duration, InvalidSettings> {
    Ok(Duration::from_secs(number(name, get)?.unwrap_or(usual)))
}

fn trusted_proxies(text: Option<&str>) -> Result<TrustedProxies, InvalidSettings> {
    let Some(text) = text else { return Ok(TrustedProxies::none()) };
    TrustedProxies::parse(text.split(',').map(str::trim))
        .map_err(|error| InvalidSettings::new("TRUSTED_PROXIES", format!("can't be used: {error}")))
}

fn per_minute<'a>(
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<NonZeroU32>, InvalidSettings> {
    let limit = number(name, get)?;
    Ok(limit.and_then(|limit| u32::try_from(limit).ok()).and_then(NonZeroU32::new))
}

/// Never repeats what it was given.
fn mfa_key(text: Option<&str>) -> Result<Option<MfaKey>, InvalidSettings> {
    let key = text.map(MfaKey::parse).transpose();
    key.map_err(|error| InvalidSettings::new("MFA_KEY", format!("can't be used: {error}")))
}

fn tls<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<TlsSettings>, InvalidSettings> {
    match (path("TLS_DIR", &get)?, path("TLS_CLIENT_CA", &get)?) {
        (Some(dir), client_ca) => Ok(Some(TlsSettings { dir, client_ca })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(InvalidSettings::new("TLS_CLIENT_CA", "says nothing without TLS_DIR")),
    }
}

/// Off where it is not set.
fn switch<'a>(name: &'static str, get: impl Fn(&str) -> Option<&'a str>) -> Result<bool, InvalidSettings> {
    match get(name) {
        Some("1" | "true" | "on") => Ok(true),
        None | Some("0" | "false" | "off") => Ok(false),
        Some(_) => Err(InvalidSettings::new(name, "must be on or off")),
    }
}

fn path<'a>(
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<PathBuf>, InvalidSettings> {
    match get(name) {
        Some("") => Err(InvalidSettings::new(name, "must not be empty")),
        path => Ok(path.map(PathBuf::from)),
    }
}

/// An origin alone: what follows it is for the mail to say.
fn public_url<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<String, InvalidSettings> {
    let wrong = || InvalidSettings::new("PUBLIC_URL", "must be an origin, such as https://app.example.com");
    let Some(url) = get("PUBLIC_URL") else {
        let scheme = if get("TLS_DIR").is_some() { "https" } else { "http" };
        return Ok(format!("{scheme}://{}", address(get("APP_ADDR").unwrap_or(LOCAL))?));
    };
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(wrong)?;
    match authority.parse::<Authority>() {
        Ok(authority) if !authority.as_str().contains('@') => Ok(url.to_owned()),
        _ => Err(wrong()),
    }
}

/// Digits alone: neither a sign nor a blank.
fn number<'a>(
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<u64>, InvalidSettings> {
    let Some(text) = get(name) else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..=1_000_000_000).contains(number));
    number.map(Some).ok_or_else(|| InvalidSettings::new(name, "must be an integer from 1 to 1000000000"))
}

/// Never repeats what it was given: there may be a password in it.
fn redis_url(url: Option<&str>) -> Result<Option<String>, InvalidSettings> {
    match url {
        Some(url) if url.starts_with("redis://") => Ok(Some(url.to_owned())),
        Some(_) => Err(InvalidSettings::new("REDIS_URL", "must start with redis://")),
        None => Ok(None),
    }
}

fn tokens<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<TokenSettings>, InvalidSettings> {
    let keys = match (get("JWT_SECRET"), get("JWT_JWKS_FILE")) {
        (None, None) => None,
        (Some(secret), None) => Some(TokenKeySettings::Secret(secret.to_owned())),
        (None, Some("")) => return Err(InvalidSettings::new("JWT_JWKS_FILE", "must not be empty")),
        (None, Some(file)) => Some(TokenKeySettings::JwksFile(file.into())),
        (Some(_), Some(_)) => {
            let problem = "must not be set beside JWT_SECRET: a token is signed in one way";
            return Err(InvalidSettings::new("JWT_JWKS_FILE", problem));
        }
    };
    let wanted = |name: &'static str| match get(name) {
        Some("") => Err(InvalidSettings::new(name, "must not be empty")),
        Some(_) if keys.is_none() => {
            Err(InvalidSettings::new(name, "says nothing without JWT_SECRET or JWT_JWKS_FILE"))
        }
        wanted => Ok(wanted.map(str::to_owned)),
    };
    let (issuer, audience) = (wanted("JWT_ISSUER")?, wanted("JWT_AUDIENCE")?);
    Ok(keys.map(|keys| TokenSettings { keys, issuer, audience }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        Settings::read(
            &variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn has_the_defaults_of_the_contract() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.address.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database_url, "sqlite://./tenants.db");
        assert!(settings.admin_token.is_none());
        assert!(settings.max_concurrent_requests.is_none());
        assert!(!settings.webhook_allow_private);
    }

    #[test]
    fn the_url_wins_over_the_path() {
        let settings = read(&[("DATABASE_URL", "sqlite://a.db"), ("DB_PATH", "b.db")]).unwrap();
        assert_eq!(settings.database_url, "sqlite://a.db");
    }

    #[test]
    fn all_interfaces_need_a_token() {
        for address in [":8080", "0.0.0.0:8080", "192.0.2.1:80", "[::]:80"] {
            assert_eq!(read(&[("APP_ADDR", address)]).unwrap_err().variable(), "ADMIN_TOKEN", "{address}");
            assert!(read(&[("APP_ADDR", address), ("ADMIN_TOKEN", "secret")]).is_ok());
        }
        assert!(read(&[("APP_ADDR", "[::1]:80")]).is_ok());
        assert_eq!(read(&[("TRUSTED_PROXIES", "127.0.0.1")]).unwrap_err().variable(), "ADMIN_TOKEN");
    }

    #[test]
    fn what_is_not_built_yet_is_an_error_and_not_ignored() {
        for variable in NOT_BUILT_YET {
            assert_eq!(read(&[(variable, "x")]).unwrap_err().variable(), variable);
        }
        assert_eq!(read(&[("DATABASE_URL", "postgres://x")]).unwrap_err().variable(), "DATABASE_URL");
    }

    #[test]
    fn nonsense_is_an_error() {
        for (variable, value) in [
            ("APP_ADDR", "nowhere"),
            ("APP_ADDR", ":x"),
            ("ADMIN_TOKEN", ""),
            ("ADMIN_TOKEN", "a b"),
            ("DB_PATH", ""),
            ("BASE_DOMAINS", "a.example,,b.example"),
            ("DATABASE_URL", "file:x"),
            ("REDIS_URL", ""),
            ("REDIS_URL", "rediss://localhost"),
            ("REDIS_URL", "localhost:6379"),
            ("JWT_JWKS_FILE", ""),
            ("JWT_ISSUER", "https://issuer.example"),
            ("JWT_AUDIENCE", "api"),
            ("SESSION_IDLE_SECONDS", "-1"),
            ("SESSION_ABSOLUTE_SECONDS", "1h"),
            ("DEFAULT_RATE_LIMIT", "0"),
            ("TRUSTED_PROXIES", ""),
            ("TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
            ("IP_RATE_LIMIT", "many"),
            ("STRIPE_SECRET_KEY", ""),
            ("STRIPE_SECRET_KEY", "sk live"),
            ("STRIPE_API_URL", "https://api.stripe.com"),
            ("MFA_KEY", ""),
            ("MFA_KEY", "c2hvcnQ="),
            ("MAIL_DIR", ""),
            ("INVITATION_TTL_SECONDS", "0"),
            ("PUBLIC_URL", "app.example.com"),
            ("PUBLIC_URL", "https://app.example.com/path"),
            ("PUBLIC_URL", "https://user@app.example.com"),
            ("WEBHOOK_ALLOW_PRIVATE", ""),
            ("WEBHOOK_ALLOW_PRIVATE", "maybe"),
            ("PLANS_FILE", "/nowhere.json"),
            ("TRIAL_END", ""),
            ("TRIAL_END", "gold"),
            ("DOWNGRADES", "maybe"),
            ("TLS_DIR", ""),
            ("TLS_CLIENT_CA", "ca.pem"),
            ("MAX_CONCURRENT_REQUESTS", ""),
            ("MAX_CONCURRENT_REQUESTS", "0"),
            ("MAX_CONCURRENT_REQUESTS", "+8"),
            ("MAX_CONCURRENT_REQUESTS", "unlimited"),
            ("MAX_CONCURRENT_REQUESTS", "99999999999999999999"),
        ] {
            assert_eq!(read(&[(variable, value)]).unwrap_err().variable(), variable, "{value}");
        }
    }

    #[test]
    fn a_trial_ends_in_the_plan_that_is_named() {
        let after = |word: &[(&str, &str)]| read(word).unwrap().after_trial;
        assert_eq!(after(&[]), AfterTrial::Plan("free".into()));
        assert_eq!(after(&[("TRIAL_END", "professional")]), AfterTrial::Plan("pro".into()));
        assert_eq!(after(&[("TRIAL_END", "suspend")]), AfterTrial::Suspend);
    }

    #[test]
    fn a_secret_never_shows() {
        let redis = "redis://:s3cret@localhost";
        let key = format!("{}=", "s3cret0".repeat(7).get(..43).unwrap());
        let settings =
            [("ADMIN_TOKEN", "s3cret"), ("REDIS_URL", redis), ("JWT_SECRET", "s3cret"), ("MFA_KEY", &key)];
        let settings = [&settings[..], &[("STRIPE_SECRET_KEY", "s3cret")]].concat();
        let settings = read(&settings).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        let wrong = read(&[("REDIS_URL", "http://:s3cret@localhost")]).unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("s3cret"));
    }
}
