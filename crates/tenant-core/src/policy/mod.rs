//! What a tenant may ask for.

mod config;
mod decision;
mod evaluator;
mod request;

pub use config::ConfigPolicyEvaluator;
pub use decision::{PolicyDecision, PolicyDenial};
pub use evaluator::PolicyEvaluator;
pub use request::PolicyRequest;
