/// What a statement may measure before it is parsed.
///
/// A parser builds a tree whose depth follows the text; walking, comparing or dropping a tree that is too deep
/// overflows the thread's stack and aborts the process. Hence every limit is checked on the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(crate) bytes: usize,
    pub(crate) tokens: usize,
    pub(crate) depth: usize,
    pub(crate) chain: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 20, tokens: 200_000, depth: 50, chain: 200 }
    }
}

impl Limits {
    /// Sets the longest statement in bytes (default 1 MiB).
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the largest number of tokens (default 200 000).
    #[must_use]
    pub fn with_tokens(mut self, tokens: usize) -> Self {
        self.tokens = tokens;
        self
    }

    /// Lowers the nesting of parentheses, brackets and `CASE` (default, and at most, 50 levels).
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth.min(Self::default().depth);
        self
    }

    /// Lowers the operators one expression may chain at one level (default, and at most, 200).
    #[must_use]
    pub fn with_chain(mut self, chain: usize) -> Self {
        self.chain = chain.min(Self::default().chain);
        self
    }
}
