use std::{fmt, sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use tenant_core::{
    Clock, SystemClock, Timestamp,
    auth::{ActiveFactor, MfaRecord, MfaStore, PendingFactor, Tries},
};

use super::{
    Enrolment, MfaError, MfaErrorKind, MfaKey,
    code::Code,
    recovery, seal,
    totp::{self, DIGITS, SECRET},
};
use crate::random::random;

/// Second factors of people who sign in: codes of an authenticator app (TOTP, RFC 6238), and ten recovery codes.
///
/// Ask it after the password was right, and not before: what it answers tells that it was. A factor counts once a code of it
/// was [shown](Self::confirm); from then on there is no other one, and none less, without a code of it.
///
/// - Secrets have 160 bits, codes six digits. The code of the step before and of the one behind are taken too.
/// - **A code is good once.** The store compares and sets the step at once: of two who show the same code at the same moment,
///   one is let in. So are recovery codes.
/// - Of wrong codes there are [five at once, and then one every five minutes](Self::TRIES), counted by the store, for all
///   instances. Who guesses has three in a million each time, and less than one in a thousand a day. That holds up the person
///   too, while somebody who knows their password guesses; recovery codes, which nobody guesses, are taken all the same.
/// - Secrets are kept as they are, unless there is a [key](Self::with_key); of recovery codes there is a digest alone.
///
/// # What it does not protect against
/// Who has the password of somebody without a second factor enrols their own. A code that is given to a page that pretends to
/// be this one, and passes it on. Whoever writes the database.
///
/// # Example
/// ```
/// use tenant_auth::{InMemoryMfa, Mfa, MfaErrorKind};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mfa = Mfa::new(InMemoryMfa::with([("p1", "ada@example.com")]), "Example");
/// let enrolment = mfa.enrol("p1", None).await?;
/// assert!(enrolment.otpauth_url().starts_with("otpauth://totp/Example:ada%40example.com?secret="));
/// assert_eq!(enrolment.recovery_codes().len(), 10);
/// assert!(!mfa.check("p1", None).await?, "it was not shown to work");
/// assert_eq!(mfa.confirm("p1", "no code").await.unwrap_err().kind(), MfaErrorKind::Wrong);
/// # Ok(())
/// # }
/// ```
pub struct Mfa<S> {
    store: S,
    issuer: Box<str>,
    key: Option<MfaKey>,
    clock: Arc<dyn Clock>,
}

/// How somebody's second factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MfaStanding {
    /// Whether there is one.
    pub is_active: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
}

/// After that whoever began is not sitting before it any more.
const PENDING: Duration = Duration::from_secs(15 * 60);

const WRONG: MfaError = MfaError::new(MfaErrorKind::Wrong);
const REQUIRED: MfaError = MfaError::new(MfaErrorKind::Required);
const NOT_ENROLLED: MfaError = MfaError::new(MfaErrorKind::NotEnrolled);

impl<S> Mfa<S> {
    /// How often codes of an authenticator may be wrong.
    pub const TRIES: Tries = Tries { at_once: 5, every: Duration::from_secs(5 * 60) };

    /// Those of a store; apps show them under the name of this service.
    pub fn new(store: S, issuer: impl Into<Box<str>>) -> Self {
        Self { store, issuer: issuer.into(), key: None, clock: Arc::new(SystemClock::new()) }
    }

    /// Keeps secrets that are made from now on under a key. Those that were made before stay as they are.
    #[must_use]
    pub fn with_key(self, key: MfaKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

impl<S: MfaStore> Mfa<S> {
    /// Begins with a second factor, which does not count before it was [confirmed](Self::confirm), within 15 minutes. It takes the
    /// place of one that was not. Where one counts, it takes a code of that, which stays until then.
    ///
    /// # Errors
    /// Nobody has the id; a factor is active, and the code is missing, wrong or one too many; the store failed, or the system
    /// has no random numbers.
    pub async fn enrol(&self, person_id: &str, code: Option<&str>) -> Result<Enrolment, MfaError> {
        let record = self.find(person_id).await?;
        if let Some(active) = &record.active {
            self.prove(person_id, active, code).await?;
        }
        let (secret, factor_id) = (random::<SECRET>()?, HEXLOWER.encode(&random::<16>()?));
        let sealed = seal::seal(self.key.as_ref(), person_id, &factor_id, &secret)?;
        let codes = (0..recovery::COUNT).map(|_| recovery::make()).collect::<Result<Vec<_>, _>>()?;
        let digest = |code: &String| recovery::digest(&factor_id, &code.replace('-', ""));
        let digests: Vec<[u8; 32]> = codes.iter().map(digest).collect();
        let factor = PendingFactor::new(&*factor_id, sealed, after(self.now(), PENDING));
        let active = record.active.as_ref().map(|active| &*active.factor_id);
        match self.store.enrol(person_id, active, &factor, &digests).await? {
            true => Ok(Enrolment::new(&self.issuer, &record.account, &secret, codes)),
            // Another one became active meanwhile, which no code was given of.
            false => Err(REQUIRED),
        }
    }

    /// Makes the factor that was begun with count, by a first code of it. What counted before ends, with its recovery codes.
    ///
    /// # Errors
    /// Nobody has the id; there is none to confirm (any more); the code is wrong, or one too many; or the store failed.
    pub async fn confirm(&self, person_id: &str, code: &str) -> Result<(), MfaError> {
        let record = self.find(person_id).await?;
        let now = self.now();
        let pending = record.pending.filter(|pending| pending.expires_at > now).ok_or(NOT_ENROLLED)?;
        let Some(Code::Digits(digits)) = Code::read(code) else { return Err(WRONG) };
        let step = self.step(person_id, &pending.factor_id, &pending.secret, &digits, 0).await?;
        let activated = self.store.activate(person_id, &pending.factor_id, step, Self::TRIES, now).await?;
        if activated { Ok(()) } else { Err(WRONG) }
    }

    /// Whether somebody, whose password was right, has shown a second factor: `false` where they have none.
    ///
    /// # Errors
    /// Nobody has the id; they have a factor, and the code is missing, wrong or one too many; or it can't be found out.
    pub async fn check(&self, person_id: &str, code: Option<&str>) -> Result<bool, MfaError> {
        let Some(active) = self.find(person_id).await?.active else { return Ok(false) };
        self.prove(person_id, &active, code).await?;
        Ok(true)
    }

    /// Ends somebody's second factor.
    ///
    /// # Errors
    /// Nobody has the id; there is none; the code is missing, wrong or one too many; or the store failed.
    pub async fn remove(&self, person_id: &str, code: Option<&str>) -> Result<(), MfaError> {
        let active = self.find(person_id).await?.active.ok_or(NOT_ENROLLED)?;
        self.prove(person_id, &active, code).await?;
        let removed = self.store.remove(person_id, &active.factor_id).await?;
        if removed { Ok(()) } else { Err(NOT_ENROLLED) }
    }

    /// Ends somebody's second factor **without a code**: for the operator, who knows otherwise that it is they who have lost it.
    ///
    /// # Errors
    /// Nobody has the id, there is none, or the store failed.
    pub async fn reset(&self, person_id: &str) -> Result<(), MfaError> {
        let active = self.find(person_id).await?.active.ok_or(NOT_ENROLLED)?;
        let removed = self.store.remove(person_id, &active.factor_id).await?;
        if removed { Ok(()) } else { Err(NOT_ENROLLED) }
    }

    /// How somebody's second factor stands.
    ///
    /// # Errors
    /// Nobody has the id, or the store failed.
    pub async fn standing(&self, person_id: &str) -> Result<MfaStanding, MfaError> {
        let MfaRecord { active, recovery_codes, .. } = self.find(person_id).await?;
        Ok(MfaStanding { is_active: active.is_some(), recovery_codes })
    }

    async fn find(&self, person_id: &str) -> Result<MfaRecord, MfaError> {
        self.store.find(person_id).await?.ok_or(MfaError::new(MfaErrorKind::Nobody))
    }

    async fn prove(
        &self,
        person_id: &str,
        active: &ActiveFactor,
        code: Option<&str>,
    ) -> Result<(), MfaError> {
        let ActiveFactor { factor_id, secret, last_step, .. } = active;
        let was_good = match Code::read(code.ok_or(REQUIRED)?).ok_or(WRONG)? {
            Code::Digits(digits) => {
                let step = self.step(person_id, factor_id, secret, &digits, *last_step).await?;
                self.store.use_step(person_id, factor_id, step, Self::TRIES).await?
            }
            Code::Recovery(letters) => {
                let digest = recovery::digest(factor_id, &letters);
                self.store.use_recovery(person_id, factor_id, &digest).await?
            }
        };
        if was_good { Ok(()) } else { Err(WRONG) }
    }

    /// The step of a code. The try is taken before anybody looks: of many at once no more are looked at than there are tries.
    async fn step(
        &self,
        person_id: &str,
        factor_id: &str,
        kept: &str,
        digits: &[u8; DIGITS],
        last: u64,
    ) -> Result<u64, MfaError> {
        let now = self.clock.unix();
        let secret = seal::open(self.key.as_ref(), person_id, factor_id, kept)?;
        if let Some(next) = self.store.try_once(person_id, Self::TRIES, now.into()).await? {
            return Err(MfaError::too_many(until(now.into(), next)));
        }
        totp::step_of(&secret, digits, now, last).ok_or(WRONG)
    }

    fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }
}

fn after(moment: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(moment.as_unix_micros().saturating_add(micros))
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    let micros = then.as_unix_micros().saturating_sub(now.as_unix_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

impl<S> fmt::Debug for Mfa<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mfa").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
