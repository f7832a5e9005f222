//! How long a look at a host takes, and how little its failure tells.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::NotProved;

/// However slowly a host answers.
const DEADLINE: Duration = Duration::from_secs(10);
/// Whatever failed at once failed in the same time: a name that does not exist, an address that is not public, a port
/// that is closed. Else a tenant could sort the names of a private network by it.
const FLOOR: Duration = Duration::from_secs(1);

/// Waits for the answer, but not for ever.
pub(super) async fn within_bounds(finds: impl Future<Output = bool>) -> Result<(), NotProved> {
    let start = Instant::now();
    if let Ok(true) = timeout(DEADLINE, finds).await {
        return Ok(());
    }
    sleep_until(start + FLOOR).await;
    Err(NotProved)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn took(finds: impl Future<Output = bool>) -> (bool, Duration) {
        let start = Instant::now();
        let proved = within_bounds(finds).await.is_ok();
        (proved, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn failures_take_as_long_as_each_other_and_end() {
        let slowly = async |millis, found| {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            found
        };
        for millis in [0, 1, 300, 999] {
            assert_eq!(took(slowly(millis, false)).await, (false, FLOOR));
        }
        assert_eq!(took(std::future::pending()).await, (false, DEADLINE));
        assert_eq!(took(slowly(7, true)).await, (true, Duration::from_millis(7)));
    }
}
