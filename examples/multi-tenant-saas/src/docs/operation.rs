//! One operation of the document, put together from what its handler takes and gives.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tenant::auth::Role;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{RefOr, Schema, path::ParameterIn},
};

use super::schemas;
use crate::route::Needs;

/// Who may call.
#[derive(Clone, Copy)]
pub(crate) enum Who {
    /// Anybody.
    Anybody,
    /// Whoever shows a credential of the tenant that takes this.
    Caller(Needs),
    /// Whoever is signed in.
    SignedIn,
    /// The operator.
    Operator,
}

pub(crate) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
    tag: &'static str,
    summary: &'static str,
    description: Option<String>,
    who: Who,
    takes_operator: bool,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    last: String,
    problems: BTreeSet<u16>,
}

/// What is done to what, in a sentence without full stop.
pub(crate) fn operation(
    tag: &'static str,
    method: &'static str,
    path: &str,
    summary: &'static str,
) -> Operation {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters = names.map(|name| in_path(path, name)).collect();
    Operation {
        method,
        path: path.to_owned(),
        schemas: Vec::new(),
        tag,
        summary,
        description: None,
        who: Who::Anybody,
        takes_operator: false,
        parameters,
        body: None,
        answers: Map::new(),
        last: String::new(),
        // What stands around all routes: addresses, hosts and the limit by address.
        problems: [400, 421, 429].into(),
    }
}

/// A body of these members, of which some are required, and no others.
pub(crate) fn body(required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": required, "properties": properties,
    })
}

/// A list that goes on behind a cursor, with what is looked for.
pub(crate) fn list(operation: Operation, wanted: &[(&'static str, Value)]) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
    let text = json!({ "type": "string" });
    let operation = operation.in_query("cursor", &text, "The `next_cursor` of the page before.").in_query(
        "limit",
        &limit,
        "How many at most.",
    );
    let only = |operation: Operation, (name, schema): &(&'static str, Value)| {
        operation.in_query(name, schema, "Only those with this.")
    };
    wanted.iter().fold(operation, only)
}

fn in_path(path: &str, name: &str) -> Value {
    let schema = match (path, name) {
        (_, "host") => json!({ "type": "string", "minLength": 1, "maxLength": 253 }),
        (path, "id") if path.contains("/tenants/{id}") || path.starts_with("/organizations/") => {
            schemas::reference("TenantId")
        }
        _ => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

impl Operation {
    #[cfg(test)]
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    pub(crate) fn by(mut self, who: Who) -> Self {
        self.who = who;
        let problems: &[u16] = match who {
            Who::Anybody => &[],
            Who::Caller(_) => &[401, 403, 404, 500, 503],
            Who::SignedIn | Who::Operator => &[401, 403, 500, 503],
        };
        self.problems.extend(problems);
        if matches!(who, Who::Caller(_)) {
            self.parameters.push(json!({
                "name": "X-Tenant-ID", "in": "header", "schema": schemas::reference("TenantId"),
                "description": "The tenant; it must agree with the credential's.",
            }));
        }
        self
    }

    /// The operator's token takes the caller's place.
    pub(crate) fn or_operator(mut self) -> Self {
        self.takes_operator = true;
        self
    }

    pub(crate) fn in_query(mut self, name: &'static str, schema: &Value, text: &'static str) -> Self {
        self.parameters.push(json!({ "name": name, "in": "query", "schema": schema, "description": text }));
        self
    }

    pub(crate) fn query<T: IntoParams>(mut self) -> Self {
        let parameters = T::into_params(|| Some(ParameterIn::Query));
        self.parameters
            .extend(parameters.iter().filter_map(|parameter| serde_json::to_value(parameter).ok()));
        self
    }

    /// Takes back a parameter that is another route's.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|parameter| parameter.get("name").and_then(Value::as_str) != Some(name));
        self
    }

    /// A condition of the request, on the version of what it is about.
    pub(crate) fn condition(mut self, name: &'static str) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "header", "schema": schemas::tags(),
            "description": "`*`, or entity tags with commas between them.",
        }));
        if name == "If-Match" {
            self.problems.insert(412);
        }
        self
    }

    pub(crate) fn header(mut self, name: &'static str, schema: &Value, text: &'static str) -> Self {
        self.parameters.push(json!({ "name": name, "in": "header", "schema": schema, "description": text }));
        self
    }

    fn collect<T: ToSchema>(&mut self) -> Value {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        schemas::reference(&T::name())
    }

    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.collect::<T>();
        self.takes_this(&schema, true)
    }

    pub(crate) fn may_take<T: ToSchema>(mut self) -> Self {
        let schema = self.collect::<T>();
        self.takes_this(&schema, false)
    }

    pub(crate) fn may_take_this(self, schema: &Value) -> Self {
        self.takes_this(schema, false)
    }

    /// A body of JSON that no one type says all of.
    pub(crate) fn takes_this(mut self, schema: &Value, required: bool) -> Self {
        self.body =
            Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }));
        self.problems.extend([413, 415]);
        self
    }

    /// A body of another kind, of any bytes.
    pub(crate) fn takes_as(mut self, kind: &'static str) -> Self {
        self.body = Some(json!({ "required": true, "content": { kind: {} } }));
        self.problems.extend([413, 415]);
        self
    }

    pub(crate) fn gives<T: ToSchema>(mut self, status: u16, text: &'static str) -> Self {
        let schema = self.collect::<T>();
        self.gives_as(status, text, "application/json", &schema)
    }

    /// Names a type that another one refers to without saying what it is.
    pub(crate) fn naming<T: ToSchema>(mut self) -> Self {
        self.collect::<T>();
        self
    }

    pub(crate) fn gives_list<T: ToSchema>(mut self, status: u16, text: &'static str) -> Self {
        let schema = json!({ "type": "array", "items": self.collect::<T>() });
        self.gives_as(status, text, "application/json", &schema)
    }

    pub(crate) fn gives_as(self, status: u16, text: &'static str, kind: &str, schema: &Value) -> Self {
        self.answered(status, json!({ "description": text, "content": { kind: { "schema": schema } } }))
    }

    pub(crate) fn gives_nothing(self, status: u16, text: &'static str) -> Self {
        self.answered(status, json!({ "description": text }))
    }

    fn answered(mut self, status: u16, answer: Value) -> Self {
        self.last = status.to_string();
        self.answers.insert(self.last.clone(), answer);
        self
    }

    /// A field of the last answer's head.
    pub(crate) fn with(mut self, name: &'static str, text: &'static str) -> Self {
        let kind = if name == "X-Total-Count" { "integer" } else { "string" };
        let header = json!({ "description": text, "schema": { "type": kind } });
        let answer = self.answers.get_mut(&self.last).and_then(Value::as_object_mut);
        let headers = answer.map(|answer| answer.entry("headers").or_insert_with(|| json!({})));
        if let Some(headers) = headers.and_then(Value::as_object_mut) {
            headers.insert(name.to_owned(), header);
        }
        self
    }

    /// Statuses that are problems here, besides those of all such routes.
    pub(crate) fn fails(mut self, problems: &[u16]) -> Self {
        self.problems.extend(problems);
        self
    }

    fn security(&self) -> Value {
        let mut ways = self.own_security();
        if let Some(ways) = ways.as_array_mut().filter(|_| self.takes_operator) {
            ways.extend([json!({ "operator": [] }), json!({ "operator_password": [] })]);
        }
        ways
    }

    fn own_security(&self) -> Value {
        let session = match self.method {
            "GET" => json!({ "session": [] }),
            _ => json!({ "session": [], "csrf": [] }),
        };
        match self.who {
            Who::Anybody => json!([]),
            Who::Operator => json!([{ "operator": [] }, { "operator_password": [] }]),
            Who::SignedIn => json!([{ "token": [] }, session]),
            // No API key has a role that manages.
            Who::Caller(Needs { role: Some(Role::Admin | Role::Owner), .. }) => {
                json!([{ "token": [] }, session])
            }
            Who::Caller(_) => json!([{ "token": [] }, { "api_key": [] }, session]),
        }
    }

    fn needs(&self) -> Option<String> {
        let Who::Caller(needs) = self.who else { return None };
        let role = needs.role.map(|role| format!("at least the role `{role}`"));
        let scope = needs.scope.map(|scope| format!("the scope `{scope}` where the credential has scopes"));
        let all: Vec<_> = role.into_iter().chain(scope).collect();
        (!all.is_empty()).then(|| format!("Takes {}.", all.join(", and ")))
    }

    /// A name for generated clients: the method and the words of the path.
    fn id(&self) -> String {
        let words = self.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<_> =
            std::iter::once(self.method.to_ascii_lowercase()).chain(words.map(str::to_owned)).collect();
        words.join("_")
    }

    pub(super) fn into_value(self) -> Value {
        let texts: Vec<_> = self.description.clone().into_iter().chain(self.needs()).collect();
        let mut responses = self.answers.clone();
        for status in &self.problems {
            responses.insert(
                status.to_string(),
                json!({ "$ref": format!("#/components/responses/Problem{status}") }),
            );
        }
        let mut value = json!({
            "operationId": self.id(),
            "tags": [self.tag],
            "summary": self.summary,
            "security": self.security(),
            "parameters": self.parameters,
            "responses": responses,
        });
        if let Some(object) = value.as_object_mut() {
            if !texts.is_empty() {
                object.insert("description".to_owned(), texts.join(" ").into());
            }
            object.extend(self.body.map(|body| ("requestBody".to_owned(), body)));
        }
        value
    }
}
