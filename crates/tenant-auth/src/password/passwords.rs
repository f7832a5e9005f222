use std::{fmt, num::NonZeroUsize, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use tenant_core::{StoreError, auth::AuthError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::random::random;

/// Hashes passwords with argon2id (RFC 9106), and compares them with what is kept.
///
/// A hash takes 19 MiB and some 20 ms, by design ([OWASP's
/// parameters](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id): two passes, one
/// lane). So there are as many at once as the machine has cores, on threads that may block; 16 times as many wait, and who
/// comes after them hears that too many do. Clones share both.
///
/// # Example
/// ```
/// use tenant_auth::{PasswordCheck, Passwords};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::new()?;
/// let hash = passwords.hash("correct horse battery staple").await?;
/// assert_eq!(passwords.check("correct horse battery staple", Some(&hash)).await?, PasswordCheck::Right);
/// assert_eq!(passwords.check("Tr0ub4dor&3", Some(&hash)).await?, PasswordCheck::Wrong);
/// assert_eq!(passwords.check("Tr0ub4dor&3", None).await?, PasswordCheck::Wrong);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    at_once: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Of no password: what those are compared with who are not there.
    nobodys: String,
}

/// A password against the hash that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is another one, or there is none.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and its hash was made with less work than is asked for today: make a new one.
    Outdated,
}

/// A password can't be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has 8 to 1024 bytes")]
pub struct InvalidPassword;

const SHORTEST: usize = 8;
const LONGEST: usize = 1_024;
const WAITING_FOR_EACH: usize = 16;
/// 19 MiB, two passes, one lane, 32 bytes.
const TODAY: Params = Params::DEFAULT;
/// What a hash from elsewhere may ask for: 256 MiB and 16 passes.
const MOST: (u32, u32) = (256 * 1_024, 16);

impl Passwords {
    /// The shortest and the longest password there is, in bytes.
    pub const LENGTH: std::ops::RangeInclusive<usize> = SHORTEST..=LONGEST;

    /// As many hashes at once as there are cores.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new() -> Result<Self, AuthError> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::bounded(cores, cores.saturating_mul(WAITING_FOR_EACH))
    }

    /// So many hashes at once, and so many that wait.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn bounded(at_once: usize, waiting: usize) -> Result<Self, AuthError> {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.clamp(1, Semaphore::MAX_PERMITS)));
        let admitted = semaphore(at_once.max(1).saturating_add(waiting));
        Ok(Self(Arc::new(Inner { at_once: semaphore(at_once), admitted, nobodys: nobodys()? })))
    }

    /// Whether a password may be chosen.
    ///
    /// # Errors
    /// It is shorter than 8 bytes or longer than 1024.
    pub fn admit(password: &str) -> Result<(), InvalidPassword> {
        if Self::LENGTH.contains(&password.len()) { Ok(()) } else { Err(InvalidPassword) }
    }

    /// The hash of a password that was chosen, in the PHC format.
    ///
    /// # Errors
    /// The password is too short or too long, too many wait, or the system has no random numbers.
    pub async fn hash(&self, password: &str) -> Result<String, AuthError> {
        Self::admit(password).map_err(|_| AuthError::rejected("the password is too short or too long"))?;
        let (salt, password) = (random::<16>()?, password.to_owned());
        self.work(move || make(&password, &salt)).await?
    }

    /// Whether a password is the one of a hash. Without a hash it takes as long and is wrong: nobody learns who is there.
    ///
    /// # Errors
    /// Too many wait, or the hash can't be read.
    pub async fn check(&self, password: &str, hash: Option<&str>) -> Result<PasswordCheck, AuthError> {
        if Self::admit(password).is_err() {
            return Ok(PasswordCheck::Wrong);
        }
        let (password, is_there) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(&self.0.nobodys).to_owned();
        let answer = self.work(move || compare(&password, &hash)).await??;
        Ok(if is_there { answer } else { PasswordCheck::Wrong })
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let turn = self.turn().await?;
        // The turn goes along: when who asked goes away, the work still takes a core and its memory.
        let done = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(turn);
            answer
        });
        done.await.map_err(|error| StoreError::unavailable(error).into())
    }

    async fn turn(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), AuthError> {
        let admitted = Arc::clone(&self.0.admitted).try_acquire_owned();
        let admitted = admitted.map_err(|_| AuthError::overloaded())?;
        let turn = Arc::clone(&self.0.at_once).acquire_owned().await;
        Ok((admitted, turn.map_err(|_| AuthError::overloaded())?))
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

fn make(password: &str, salt: &[u8]) -> Result<String, AuthError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, TODAY);
    let hash: Result<PasswordHash, _> = argon2.hash_password_with_salt(password.as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|_| unreadable())
}

fn compare(password: &str, hash: &str) -> Result<PasswordCheck, AuthError> {
    let hash = PasswordHash::new(hash).map_err(|_| unreadable())?;
    let params = Params::try_from(&hash).map_err(|_| unreadable())?;
    if hash.algorithm.as_str() != "argon2id" || params.m_cost() > MOST.0 || params.t_cost() > MOST.1 {
        return Err(unreadable());
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, TODAY);
    match argon2.verify_password(password.as_bytes(), &hash) {
        Ok(()) if is_outdated(&params) => Ok(PasswordCheck::Outdated),
        Ok(()) => Ok(PasswordCheck::Right),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(PasswordCheck::Wrong),
        Err(_) => Err(unreadable()),
    }
}

fn is_outdated(params: &Params) -> bool {
    params.m_cost() < TODAY.m_cost() || params.t_cost() < TODAY.t_cost()
}

/// As a hash looks, though no password was hashed.
fn nobodys() -> Result<String, AuthError> {
    let (salt, output) = (random::<16>()?, random::<32>()?);
    let hash = || {
        Ok::<_, argon2::password_hash::phc::Error>(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&TODAY).unwrap_or_default(),
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&output)?),
        })
    };
    hash().map(|hash| hash.to_string()).map_err(|_| unreadable())
}

fn unreadable() -> AuthError {
    StoreError::unavailable("the hash of a password can't be made or read").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_asks_for_the_same_work_as_everybody_elses() {
        let (nobodys, somebodys) = (nobodys().unwrap(), make("correct horse", &[7; 16]).unwrap());
        let shape = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        assert_eq!(shape(&nobodys), "$argon2id$v=19$m=19456,t=2,p=1");
        assert_eq!((shape(&nobodys), nobodys.len()), (shape(&somebodys), somebodys.len()));
        assert_eq!(compare("correct horse", &nobodys).unwrap(), PasswordCheck::Wrong);
    }

    #[test]
    fn one_hashed_with_less_work_is_outdated_and_one_that_asks_for_too_much_is_not_tried() {
        let with = |memory, passes| {
            let params = Params::new(memory, passes, 1, Some(32)).unwrap();
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash: PasswordHash = argon2.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap();
            hash.to_string()
        };
        assert_eq!(compare("correct horse", &with(64, 1)).unwrap(), PasswordCheck::Outdated);
        assert_eq!(compare("wrong horse", &with(64, 1)).unwrap(), PasswordCheck::Wrong);
        let greedy = with(64, 1).replace("m=64", "m=4194304");
        for wrong in [greedy, with(64, 1).replace("argon2id", "argon2i"), "plain".into(), String::new()] {
            assert!(compare("correct horse", &wrong).is_err(), "{wrong}");
        }
    }
}
