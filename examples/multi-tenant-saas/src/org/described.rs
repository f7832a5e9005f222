//! What the document tells of organisations.

use serde_json::{Value, json};

use super::ORGANISATION_ROUTES;
use crate::{
    audit_page::{AuditQuery, PageView},
    docs::{Operation, Who, body, list, operation, schemas::reference},
};

/// An operation on a route of this table; what it takes of the caller stands there. The operator may call each.
fn of(method: &'static str, rest: &str, summary: &'static str) -> Operation {
    let path = format!("/organizations/{{id}}{rest}");
    let route = ORGANISATION_ROUTES.iter().find(|route| (route.method, route.path) == (method, &*path));
    let who = route.map_or(Who::Anybody, |route| Who::Caller(route.needs));
    operation("organisation", method, &path, summary).by(who).or_operator()
}

pub(crate) fn described() -> Vec<Operation> {
    let mut all = itself();
    all.extend(people());
    all.extend(projects());
    all.extend(usage());
    all.extend(managed());
    all
}

const PLAN: &str = "A plan that has less of something than is used is a conflict, which says of what (`over`), unless it is \
    to begin `at` the end of the billing cycle, or the deployment puts it off until then. Choosing the plan that it is on \
    takes back what was to come; else it ends a trial.";

fn text(most: u32) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most })
}

fn or_null(most: u32) -> Value {
    json!({ "type": ["string", "null"], "minLength": 1, "maxLength": most })
}

fn gives(operation: Operation, status: u16, text: &'static str) -> Operation {
    operation.gives_as(status, text, "application/json", &reference("AnyObject"))
}

fn itself() -> Vec<Operation> {
    let new = body(
        &["name", "slug"],
        &json!({
            "name": text(200), "slug": { "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" },
            "id": text(63), "owner_email": text(254), "plan": text(64),
        }),
    );
    let settings = body(
        &[],
        &json!({
            "require_mfa": { "type": ["boolean", "null"] },
            "allowed_domains": { "type": ["array", "null"], "items": text(253), "maxItems": 100 },
            "session_timeout": { "type": ["integer", "null"], "minimum": 1, "maximum": 527_040 },
        }),
    );
    let accepted = body(
        &["token", "password"],
        &json!({
            "token": text(256), "password": { "type": "string", "minLength": 8, "maxLength": 1024 },
            "first_name": { "type": ["string", "null"] }, "last_name": { "type": ["string", "null"] },
            "username": { "type": ["string", "null"] },
        }),
    );
    let made = operation("organisation", "POST", "/organizations", "Makes an organisation").by(Who::SignedIn);
    let made = made
        .or_operator()
        .text("The operator names an owner, who is invited; who is signed in owns it at once. The slug is the tenant's id.")
        .takes_this(&new, true);
    let accept = operation("organisation", "POST", "/invitations/accept", "Accepts an invitation")
        .text("Whoever has the token of the mail comes in, and is signed in.")
        .takes_this(&accepted, true)
        .fails(&[401, 403, 404, 409, 410, 500, 503]);
    vec![
        gives(made, 201, "The organisation.").with("Location", "Where it is.").fails(&[409]),
        gives(of("GET", "", "Shows the organisation"), 200, "The organisation."),
        gives(
            of("PUT", "/settings", "Merges settings: null unsets").takes_this(&settings, true),
            200,
            "The whole settings.",
        ),
        gives(
            of("PUT", "/plan", "Changes the plan").text(PLAN).takes_this(
                &body(&["plan"], &json!({ "plan": text(64), "at": { "enum": ["now", "cycle_end", null] } })),
                true,
            ),
            200,
            "The organisation.",
        )
        .fails(&[409]),
        gives(accept, 200, "The member, signed in."),
    ]
}

fn people() -> Vec<Operation> {
    let projects = json!({ "type": "array", "items": text(64), "maxItems": 100 });
    let invitation = body(
        &["email", "role"],
        &json!({ "email": text(254), "role": reference("Role"), "projects": projects.clone() }),
    );
    let change = body(&[], &json!({ "role": reference("Role"), "projects": projects }));
    let status = json!({ "type": "string", "enum": ["active", "invited"] });
    let wanted =
        [("role", reference("Role")), ("status", status), ("project_id", json!({ "type": "string" }))];
    vec![
        gives(
            of("POST", "/invitations", "Invites somebody, by a mail").takes_this(&invitation, true),
            201,
            "The invitation.",
        )
        .with("Location", "Where who is invited is.")
        .fails(&[409]),
        list(of("GET", "/users", "Lists members, and who is invited"), &wanted).gives_as(
            200,
            "A page of them.",
            "application/json",
            &reference("AnyObject"),
        ),
        gives(of("GET", "/users/{user_id}", "Shows a member"), 200, "The member."),
        gives(
            of("PUT", "/users/{user_id}", "Changes what a member is")
                .text("Their sign-ins in this organisation end where their role is changed.")
                .takes_this(&change, true),
            200,
            "The member.",
        )
        .fails(&[409]),
        of("DELETE", "/users/{user_id}", "Takes a member out, or an invitation back")
            .gives_nothing(204, "Gone.")
            .fails(&[409]),
    ]
}

fn projects() -> Vec<Operation> {
    let member = body(&["user_id", "role"], &json!({ "user_id": text(64), "role": reference("Role") }));
    let parts = json!({
        "name": text(200), "slug": { "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" },
        "type": { "type": "string", "maxLength": 64 }, "environment": { "type": "string", "maxLength": 64 },
        "team": { "type": "array", "items": member, "maxItems": 100 },
    });
    let (new, change) = (body(&["name", "slug"], &parts), body(&[], &parts));
    vec![
        including(list(of("GET", "/projects", "Lists projects, oldest first"), &[])).gives_as(
            200,
            "A page of them.",
            "application/json",
            &reference("AnyObject"),
        ),
        gives(of("POST", "/projects", "Makes a project").takes_this(&new, true), 201, "The project.")
            .with("Location", "Where it is.")
            .fails(&[409]),
        gives(including(of("GET", "/projects/{project_id}", "Shows a project")), 200, "The project."),
        gives(
            of("PUT", "/projects/{project_id}", "Changes a project").takes_this(&change, true),
            200,
            "The project.",
        )
        .fails(&[409]),
        of("DELETE", "/projects/{project_id}", "Removes a project").gives_nothing(204, "Gone."),
    ]
}

fn including(operation: Operation) -> Operation {
    let resources = json!({ "enum": ["resources"] });
    let text = "Adds what each project used in the running billing cycle, by kind, as `resources`.";
    operation.in_query("include", &resources, text)
}

fn usage() -> Vec<Operation> {
    let new = body(
        &["type", "quantity"],
        &json!({
            "project_id": or_null(64), "type": text(64), "quantity": { "type": "integer", "minimum": 0 },
            "metadata": { "type": "object" }, "idempotency_key": or_null(255),
        }),
    );
    let of_cycle = |operation: Operation| {
        let month = json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" });
        operation.in_query("billing_cycle", &month, "The month, as `2024-01`; the running one unless given.")
    };
    let record = of("POST", "/resources", "Records what was used").takes_this(&new, true);
    let record = gives(record, 201, "Counted.").fails(&[409]);
    vec![
        gives(record, 200, "Counted before, under the same idempotency key."),
        gives(of_cycle(of("GET", "/usage", "Reports what was used, and what it costs")), 200, "The report."),
        gives(of_cycle(of("GET", "/usage/history", "Tells what was used, day by day")), 200, "The days."),
    ]
}

fn managed() -> Vec<Operation> {
    let hook = body(
        &["url", "events"],
        &json!({ "url": text(2048), "events": { "type": "array", "items": text(64), "minItems": 1 } }),
    );
    vec![
        list(of("GET", "/api-keys", "Lists the API keys"), &[]).gives_as(
            200,
            "A page of them, without their secrets.",
            "application/json",
            &reference("AnyObject"),
        ),
        gives(
            of("POST", "/api-keys", "Makes an API key").takes::<crate::api::keys::NewKey>(),
            201,
            "The key, this once.",
        )
        .with("Location", "Where the key is.")
        .fails(&[409]),
        of("DELETE", "/api-keys/{key_id}", "Revokes an API key").gives_nothing(204, "Revoked, everywhere."),
        gives(of("GET", "/webhooks", "Lists the webhooks"), 200, "All of them."),
        gives(
            of("POST", "/webhooks", "Makes a webhook").takes_this(&hook, true),
            201,
            "The webhook, with its secret this once.",
        )
        .with("Location", "Where it is.")
        .fails(&[409]),
        of("DELETE", "/webhooks/{webhook_id}", "Removes a webhook").gives_nothing(204, "Gone."),
        of("GET", "/audit", "Reads the organisation's log, the newest first")
            .query::<AuditQuery>()
            .without("tenant_id")
            .gives::<PageView<'_>>(200, "A page of it."),
    ]
}
