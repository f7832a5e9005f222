/// What a request declares, as far as policies look at it.
///
/// # Example
/// ```
/// use tenant_core::policy::PolicyRequest;
///
/// let request = PolicyRequest::new("POST", "/api/chat").with_model(Some("gpt-4"));
/// assert_eq!(request.model, Some("gpt-4"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyRequest<'a> {
    /// The HTTP method, in upper case; empty where there is none.
    pub method: &'a str,
    /// The path, without the query; empty where there is none.
    pub path: &'a str,
    /// The model that is asked for.
    pub model: Option<&'a str>,
    /// The tool that is asked for.
    pub tool: Option<&'a str>,
    /// The feature that must be switched on.
    pub feature: Option<&'a str>,
}

impl<'a> PolicyRequest<'a> {
    /// A request that declares neither model, tool nor feature.
    #[must_use]
    pub const fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, model: None, tool: None, feature: None }
    }

    /// Declares the model.
    #[must_use]
    pub const fn with_model(mut self, model: Option<&'a str>) -> Self {
        self.model = model;
        self
    }

    /// Declares the tool.
    #[must_use]
    pub const fn with_tool(mut self, tool: Option<&'a str>) -> Self {
        self.tool = tool;
        self
    }

    /// Declares the feature.
    #[must_use]
    pub const fn with_feature(mut self, feature: Option<&'a str>) -> Self {
        self.feature = feature;
        self
    }
}
