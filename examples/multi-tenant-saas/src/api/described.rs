//! What the document tells of the tenant's routes.

use serde_json::json;

use super::{ROUTES, analytics, chat, events, executions, hosts, info, keys, me, users, workflows};
use crate::{
    docs::{Operation, Who, body, operation, schemas::reference},
    http::PageQuery,
};

/// An operation on a route of this table; what it takes of the caller stands there.
fn of(method: &'static str, path: &'static str, summary: &'static str) -> Operation {
    let route = ROUTES.iter().find(|route| (route.method, route.path) == (method, path));
    let who = route.map_or(Who::Anybody, |route| Who::Caller(route.needs));
    operation("tenant", method, path, summary).by(who)
}

fn any(operation: Operation, text: &'static str) -> Operation {
    operation.gives_as(200, text, "application/json", &reference("AnyObject"))
}

const LINK: &str = "The neighbouring pages (RFC 8288).";
const TOTAL: &str = "How many there are on all pages.";

pub(crate) fn described() -> Vec<Operation> {
    let mut all = kept();
    all.extend(work());
    all.extend(own());
    all.extend(managed());
    all
}

fn kept() -> Vec<Operation> {
    vec![
        of("GET", "/api/users", "Lists the users, oldest first")
            .query::<PageQuery>()
            .gives_list::<users::User>(200, "A page of them.")
            .with("X-Total-Count", TOTAL)
            .with("Link", LINK),
        of("POST", "/api/users", "Adds a user")
            .takes::<users::NewUser>()
            .gives::<users::User>(201, "The user.")
            .with("Location", "Where the user is.")
            .fails(&[409]),
        of("GET", "/api/users/{id}", "Shows a user").gives::<users::User>(200, "The user."),
        of("DELETE", "/api/users/{id}", "Deletes a user").gives_nothing(204, "Deleted."),
        of("GET", "/api/workflows", "Lists the workflows, oldest first")
            .query::<PageQuery>()
            .gives_list::<workflows::Workflow>(200, "A page of them.")
            .with("X-Total-Count", TOTAL)
            .with("Link", LINK),
        of("POST", "/api/workflows", "Adds a workflow")
            .takes::<workflows::NewWorkflow>()
            .gives::<workflows::Workflow>(201, "The workflow.")
            .with("Location", "Where the workflow is."),
        of("GET", "/api/workflows/{id}", "Shows a workflow")
            .gives::<workflows::Workflow>(200, "The workflow."),
        of("DELETE", "/api/workflows/{id}", "Deletes a workflow and its executions")
            .gives_nothing(204, "Deleted."),
    ]
}

fn work() -> Vec<Operation> {
    let stream = json!({ "description": "Server-sent events." });
    vec![
        of("POST", "/api/workflows/{id}/execute", "Starts an execution")
            .may_take::<workflows::NewExecution>()
            .gives::<workflows::Started>(202, "It runs.")
            .with("Location", "Where the execution is."),
        of("GET", "/api/executions/{id}", "Shows an execution")
            .gives::<executions::Execution>(200, "The execution."),
        of("POST", "/api/chat", "Asks the model")
            .text("Words come as they are made; the last event holds the usage.")
            .header(
                "X-Model",
                &json!({ "type": "string", "minLength": 1 }),
                "Held to the tenant's policy, as the body's is.",
            )
            .header(
                "X-Tool",
                &json!({ "type": "string", "minLength": 1 }),
                "Held to the tenant's policy, as the body's are.",
            )
            .takes::<chat::ChatRequest>()
            .gives_as(200, "The answer, word by word.", "text/event-stream", &stream),
        of("GET", "/api/events", "Tells what happens in the tenant, as it happens")
            .text("Server-sent events; a WebSocket where the caller asks for an upgrade.")
            .query::<events::EventsQuery>()
            .header("Last-Event-ID", &json!({ "type": "string" }), "Goes on where a stream was cut off.")
            .gives_as(200, "The events.", "text/event-stream", &stream)
            .gives_nothing(101, "A WebSocket."),
        of("GET", "/api/analytics/requests", "Says what the tenant's requests amounted to")
            .gives::<analytics::Requests>(200, "The sums, and the last requests."),
    ]
}

fn own() -> Vec<Operation> {
    vec![
        of("GET", "/api/tenant/info", "Shows the tenant as its users may see it")
            .gives::<info::Info>(200, "The tenant."),
        of("GET", "/api/me", "Says who is calling").gives::<me::Me<'_>>(200, "The caller."),
        any(of("GET", "/api/me/mfa", "Says how the caller's second factor stands"), "How it stands."),
        any(
            of("POST", "/api/me/mfa", "Begins with a second factor")
                .text("It is active once a first code is verified. One that is active is replaced with a code of it.")
                .may_take_this(&body(&[], &json!({ "code": { "type": ["string", "null"] } })))
                .fails(&[409]),
            "What an authenticator reads, and recovery codes, this once.",
        ),
        of("DELETE", "/api/me/mfa", "Does without a second factor from now on")
            .may_take_this(&body(&[], &json!({ "code": { "type": ["string", "null"] } })))
            .gives_nothing(204, "Without.")
            .fails(&[409]),
        any(
            of("POST", "/api/me/mfa/verify", "Verifies a first code")
                .takes_this(&body(&["code"], &json!({ "code": { "type": "string" } })), true)
                .fails(&[409]),
            "It is active.",
        ),
    ]
}

fn managed() -> Vec<Operation> {
    vec![
        of("GET", "/api/api-keys", "Lists the API keys")
            .query::<PageQuery>()
            .gives_list::<keys::KeyView<'_>>(200, "A page of them, without their secrets."),
        of("POST", "/api/api-keys", "Makes an API key")
            .takes::<keys::NewKey>()
            .gives::<keys::Created<'_>>(201, "The key, this once.")
            .with("Location", "Where the key is.")
            .fails(&[409]),
        of("DELETE", "/api/api-keys/{id}", "Revokes an API key").gives_nothing(204, "Revoked, everywhere."),
        of("GET", "/api/hosts", "Lists the hosts, live and claimed")
            .gives::<hosts::HostsView>(200, "The hosts."),
        of("POST", "/api/hosts", "Claims a host")
            .takes::<hosts::NewHost>()
            .gives::<hosts::HostView>(201, "The claim, and the token that proves it.")
            .with("Location", "Where the claim is.")
            .fails(&[409]),
        of("DELETE", "/api/hosts/{host}", "Gives a host back").gives_nothing(204, "Given back."),
        of("POST", "/api/hosts/{host}/verify", "Looks for the token now")
            .gives::<hosts::HostView>(200, "The host as it stands.")
            .fails(&[409]),
    ]
}
