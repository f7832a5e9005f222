use crate::script::Script;

/// The engine is a function there, which is called when it is needed.
macro_rules! decide {
    () => {
        concat!(
            include_str!("question.lua"),
            include_str!("fixed.lua"),
            "local function engine()\n",
            include_str!("engine.lua"),
            include_str!("decide.lua"),
            "end\n",
            include_str!("questions.lua")
        )
    };
}

macro_rules! settle {
    () => {
        concat!(include_str!("clock.lua"), include_str!("engine.lua"), include_str!("settle.lua"))
    };
}

/// What the server does for the quota manager, each in one step.
pub(super) struct Scripts {
    pub(super) decide: Script,
    pub(super) settle: Script,
    pub(super) release: Script,
    pub(super) renew: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            decide: Script::new(decide!()),
            settle: Script::new(settle!()),
            release: Script::new(include_str!("release.lua")),
            renew: Script::new(include_str!("renew.lua")),
        }
    }
}

#[cfg(test)]
impl Scripts {
    /// The same scripts by a clock that is set: its seconds and microseconds are the value of a key. They keep what they
    /// look at even where nothing was charged, if `always_keep` says so, as the engine in memory does.
    pub(super) fn by_clock(key: &str, always_keep: bool) -> Self {
        let set = |text: &str| {
            let clock = format!("cjson.decode(redis.call('GET', '{key}'))");
            let mut text = text.replace("redis.call('TIME')", &clock);
            if always_keep {
                text = text.replace("if (admitted and not costs_nothing) or warned then", "if true then");
                text = text.replace("if (admitted > 0 and cost > 0) or told > 0 then", "if true then");
                text = text.replace("if (admitted > 0 and sum > 0) or tells then", "if true then");
            }
            Script::new(Box::leak(text.into_boxed_str()))
        };
        Self {
            decide: set(decide!()),
            settle: set(settle!()),
            release: set(include_str!("release.lua")),
            renew: set(include_str!("renew.lua")),
        }
    }
}
