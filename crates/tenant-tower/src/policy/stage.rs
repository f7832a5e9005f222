use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue};
use tenant_core::{PolicyEvaluator, policy::PolicyRequest};

use crate::{Rejection, RequestHead, edge::path_below, sieve::Repeated};

/// What the policy step takes.
#[derive(Clone)]
pub(crate) struct PolicyStage {
    pub(crate) evaluator: Arc<dyn PolicyEvaluator>,
    pub(crate) model: Declaration,
    pub(crate) tool: Declaration,
}

/// A header in which a request declares something.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) header: HeaderName,
    pub(crate) is_required: bool,
}

impl PolicyStage {
    pub(crate) fn new(evaluator: Arc<dyn PolicyEvaluator>) -> Self {
        Self { evaluator, model: Declaration::optional("x-model"), tool: Declaration::optional("x-tool") }
    }

    /// What a request asks for, with the path as the inner service will see it.
    #[inline]
    pub(crate) fn request<'a>(
        &self,
        head: &RequestHead<'a>,
        stripped: u16,
    ) -> Result<PolicyRequest<'a>, Rejection> {
        let path = path_below(head.uri().path(), stripped);
        Ok(PolicyRequest::new(head.method().as_str(), path)
            .with_model(self.model.read(head)?)
            .with_tool(self.tool.read(head)?))
    }
}

impl Declaration {
    const fn optional(header: &'static str) -> Self {
        Self { header: HeaderName::from_static(header), is_required: false }
    }

    #[inline]
    fn read<'a>(&self, head: &RequestHead<'a>) -> Result<Option<&'a str>, Rejection> {
        match head.only(&self.header) {
            Ok(None) if !self.is_required => Ok(None),
            value => self.declared(value),
        }
    }

    fn declared<'a>(
        &self,
        value: Result<Option<&'a HeaderValue>, Repeated>,
    ) -> Result<Option<&'a str>, Rejection> {
        let value = value.map_err(|_| self.wrong("the header comes more than once"))?;
        let value = value.ok_or_else(|| self.wrong("the header is required here"))?;
        let text = value
            .to_str()
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
        text.map(Some).ok_or_else(|| self.wrong("the header must be visible ASCII and not empty"))
    }

    fn wrong(&self, detail: &'static str) -> Rejection {
        Rejection::invalid_request(detail).with_field(self.header.as_str().to_owned())
    }
}

impl fmt::Debug for PolicyStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyStage")
            .field("model", &self.model)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}
