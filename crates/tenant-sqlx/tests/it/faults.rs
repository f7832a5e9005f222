//! Faults, one at a time, in a database that has none: each is found by its code, and what mends it leaves none.

use tenant_sqlx::doctor::{Code, Diagnosis};

/// A fault, the statements that make it, and what is done about it where the doctor leaves that to people.
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) seed: &'static str,
    pub(crate) remedy: &'static str,
}

pub(crate) const fn fault(code: Code, seed: &'static str) -> Fault {
    Fault { code, seed, remedy: "" }
}

pub(crate) const fn decided(code: Code, seed: &'static str, remedy: &'static str) -> Fault {
    Fault { code, seed, remedy }
}

pub(crate) async fn each(
    faults: &[Fault],
    examine: impl AsyncFn() -> Vec<Diagnosis>,
    run: impl AsyncFn(&str),
) {
    for Fault { code, seed, remedy } in faults {
        run(seed).await;
        let mut left = examine().await;
        assert!(left.iter().any(|found| found.code == *code), "{code} is not found: {seed}\n{left:#?}");
        // What one mends may bring to light another.
        for _ in 0..2 {
            for statement in left.iter().flat_map(|found| &found.fix) {
                run(statement).await;
            }
            left = examine().await;
        }
        if !remedy.is_empty() {
            run(remedy).await;
            left = examine().await;
        }
        assert!(left.is_empty(), "{code} is not mended: {seed}\n{left:#?}");
    }
}
