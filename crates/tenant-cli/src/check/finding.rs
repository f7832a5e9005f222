use tenant_sql::{Refusal, Rewriter};

use super::source::{Found, Place, Sql};

/// A statement with what the rewriter says to it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) place: Place,
    /// In one line.
    pub(super) sql: String,
    pub(super) verdict: Verdict,
}

#[derive(Debug)]
pub(super) enum Verdict {
    Scoped,
    Refused { kind: &'static str, message: String, is_known: bool },
    Unchecked(&'static str),
}

impl Finding {
    pub(super) fn of(Found { place, sql }: Found, rewriter: &Rewriter) -> Self {
        match sql {
            Sql::Text(sql) => {
                let verdict =
                    rewriter.rewrite(&sql).map_or_else(|refusal| refused(&refusal), |_| Verdict::Scoped);
                Self { place, sql: one_line(&sql), verdict }
            }
            Sql::Unknown(why) => Self { place, sql: String::new(), verdict: Verdict::Unchecked(why) },
        }
    }

    pub(super) const fn is_new_refusal(&self) -> bool {
        matches!(self.verdict, Verdict::Refused { is_known: false, .. })
    }
}

fn refused(refusal: &Refusal) -> Verdict {
    Verdict::Refused { kind: refusal.kind().as_str(), message: refusal.to_string(), is_known: false }
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
