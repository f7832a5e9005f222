/// <https://sqlite.org/lang_corefunc.html>, `lang_aggfunc`, `windowfunctions`, `lang_datefunc`, `lang_mathfunc`, `json1`.
///
/// Left out: `load_extension`, `readfile`, `writefile`, `edit`; `changes`, `total_changes` and `last_insert_rowid`, which
/// tell what others did on the same connection; the full-text helpers, which count over all tenants.
pub(in crate::dialect) const PURE: &[&[&str]] = &[CORE, AGGREGATE, WINDOW, DATE, MATH, JSON];

pub(in crate::dialect) const TABLES: &[&str] = &["json_each", "json_tree", "generate_series"];

const CORE: &[&str] = &[
    "abs",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "format",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "length",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "printf",
    "quote",
    "random",
    "randomblob",
    "replace",
    "round",
    "rtrim",
    "sign",
    "soundex",
    "substr",
    "substring",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unlikely",
    "upper",
    "zeroblob",
];

pub(in crate::dialect) const AGGREGATE: &[&str] = &[
    "avg",
    "count",
    "group_concat",
    "median",
    "percentile",
    "percentile_cont",
    "percentile_disc",
    "string_agg",
    "sum",
    "total",
];

const WINDOW: &[&str] = &[
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

const DATE: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "timediff",
    "unixepoch",
];

const MATH: &[&str] = &[
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh", "degrees",
    "exp", "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh",
    "sqrt", "tan", "tanh", "trunc",
];

const JSON: &[&str] = &[
    "json",
    "jsonb",
    "json_array",
    "jsonb_array",
    "json_array_length",
    "json_error_position",
    "json_extract",
    "jsonb_extract",
    "json_insert",
    "jsonb_insert",
    "json_object",
    "jsonb_object",
    "json_patch",
    "jsonb_patch",
    "json_pretty",
    "json_remove",
    "jsonb_remove",
    "json_replace",
    "jsonb_replace",
    "json_set",
    "jsonb_set",
    "json_type",
    "json_valid",
    "json_quote",
    "json_group_array",
    "jsonb_group_array",
    "json_group_object",
    "jsonb_group_object",
];

/// Malformed JSON, the absolute value of the smallest integer, a text or blob beyond the limit: an error, not NULL.
pub(in crate::dialect) fn fallible(function: &str) -> bool {
    let known = PURE.iter().any(|list| list.contains(&function));
    let json = function.starts_with("json") && function != "json_valid";
    const LONG: [&str; 10] = [
        "concat",
        "concat_ws",
        "format",
        "hex",
        "printf",
        "quote",
        "randomblob",
        "replace",
        "strftime",
        "zeroblob",
    ];
    json || !known || LONG.contains(&function) || matches!(function, "abs" | "unistr" | "ntile" | "nth_value")
}
