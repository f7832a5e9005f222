//! Codes that follow from a secret and the time (RFC 4226 and RFC 6238): six digits, HMAC-SHA-1, steps of 30 seconds, as all
//! authenticator apps have them.

use aws_lc_rs::hmac;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use tenant_core::UnixTime;

/// 160 bits (RFC 4226, section 4, R6).
pub(super) const SECRET: usize = 20;
pub(super) const DIGITS: usize = 6;
pub(super) const STEP_SECONDS: u64 = 30;

/// Clocks differ, and people take their time: the step before and the one behind count too (RFC 6238, section 5.2).
const DRIFT: u64 = 1;

/// The step whose code this is, of those that count now and lie behind the last one that was used. It takes as long whatever
/// the code is.
pub(super) fn step_of(secret: &[u8], code: &[u8; DIGITS], now: UnixTime, last: u64) -> Option<u64> {
    let current = now.as_secs() / STEP_SECONDS;
    let mut found = 0;
    for step in current.saturating_sub(DRIFT)..=current.saturating_add(DRIFT) {
        let is_it = code_at(secret, step)?.ct_eq(code) & Choice::from(u8::from(step > last));
        found = u64::conditional_select(&found, &step, is_it);
    }
    (found > 0).then_some(found)
}

/// RFC 4226, section 5.3.
fn code_at(secret: &[u8], step: u64) -> Option<[u8; DIGITS]> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last()? & 0xf);
    let bytes = tag.get(offset..offset + 4)?.try_into().ok()?;
    let number = (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000;
    format!("{number:06}").into_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_THE_STANDARD: &[u8] = b"12345678901234567890";

    fn code(text: &str) -> [u8; DIGITS] {
        text.as_bytes().try_into().unwrap()
    }

    /// RFC 4226, appendix D.
    #[test]
    fn counts_as_the_standard_does() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, expected) in (0..).zip(expected) {
            assert_eq!(code_at(OF_THE_STANDARD, step), Some(code(expected)), "{step}");
        }
    }

    /// RFC 6238, appendix B: the last six of eight digits.
    #[test]
    fn tells_the_time_as_the_standard_does() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(OF_THE_STANDARD, seconds / STEP_SECONDS), Some(code(expected)), "{seconds}");
        }
    }

    #[test]
    fn one_step_of_drift_counts_either_way_and_two_do_not() {
        let at = |step: u64| UnixTime::from_secs(step * STEP_SECONDS + 7);
        let of_step = code_at(OF_THE_STANDARD, 1_000).unwrap();
        let found = [998, 999, 1_000, 1_001, 1_002].map(|now| step_of(OF_THE_STANDARD, &of_step, at(now), 0));
        assert_eq!(found, [None, Some(1_000), Some(1_000), Some(1_000), None]);
        assert_eq!(step_of(b"another secret of twenty", &of_step, at(1_000), 0), None);
    }

    #[test]
    fn what_lies_before_the_last_that_was_used_counts_no_more() {
        let now = UnixTime::from_secs(1_000 * STEP_SECONDS);
        let of_step = code_at(OF_THE_STANDARD, 1_000).unwrap();
        let found = [998, 999, 1_000, 1_001].map(|last| step_of(OF_THE_STANDARD, &of_step, now, last));
        assert_eq!(found, [Some(1_000), Some(1_000), None, None]);
    }
}
