/// <https://www.postgresql.org/docs/current/functions.html>, without whatever looks at the server, its catalog, its
/// settings, its files, sequences, locks or sizes, and without the functions that run SQL (`query_to_xml`, `dblink`).
pub(in crate::dialect) const PURE: &[&[&str]] = &[TEXT, NUMBER, DATE, JSON, ARRAY, AGGREGATE, WINDOW, OTHER];

pub(in crate::dialect) const TABLES: &[&str] = &[
    "generate_series", "generate_subscripts", "unnest", "json_array_elements", "json_array_elements_text",
    "jsonb_array_elements", "jsonb_array_elements_text", "json_each", "json_each_text", "jsonb_each",
    "jsonb_each_text", "json_object_keys", "jsonb_object_keys", "regexp_matches", "regexp_split_to_table",
    "string_to_table",
];

const TEXT: &[&str] = &[
    "ascii", "bit_length", "btrim", "char_length", "character_length", "chr", "concat", "concat_ws", "convert_from",
    "convert_to", "decode", "encode", "format", "initcap", "left", "length", "lower", "lpad", "ltrim", "md5",
    "normalize", "octet_length", "overlay", "position", "quote_ident", "quote_literal", "quote_nullable",
    "regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_matches", "regexp_replace",
    "regexp_split_to_array", "regexp_substr", "repeat", "replace", "reverse", "right", "rpad", "rtrim", "sha224",
    "sha256", "sha384", "sha512", "split_part", "starts_with", "string_to_array", "strpos", "substr", "substring",
    "to_hex", "translate", "trim", "upper",
];

const NUMBER: &[&str] = &[
    "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "ceiling", "cos", "cot", "degrees", "div", "exp",
    "factorial", "floor", "gcd", "greatest", "lcm", "least", "ln", "log", "log10", "mod", "pi", "power", "radians",
    "random", "round", "scale", "sign", "sin", "sqrt", "tan", "to_number", "trim_scale", "trunc", "width_bucket",
];

const DATE: &[&str] = &[
    "age", "clock_timestamp", "current_date", "current_time", "current_timestamp", "date_bin", "date_part",
    "date_trunc", "extract", "isfinite", "justify_days", "justify_hours", "justify_interval", "localtime",
    "localtimestamp", "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "now",
    "statement_timestamp", "to_char", "to_date", "to_timestamp", "transaction_timestamp",
];

const JSON: &[&str] = &[
    "array_to_json", "json_array_length", "json_build_array", "json_build_object", "json_extract_path",
    "json_extract_path_text", "json_object", "json_strip_nulls", "json_typeof", "jsonb_array_length",
    "jsonb_build_array", "jsonb_build_object", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert",
    "jsonb_object", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query_array", "jsonb_path_query_first",
    "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_typeof", "row_to_json", "to_json", "to_jsonb",
    "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_object_keys",
];

const ARRAY: &[&str] = &[
    "array_append", "array_cat", "array_dims", "array_length", "array_lower", "array_ndims", "array_position",
    "array_positions", "array_prepend", "array_remove", "array_replace", "array_to_string", "array_upper",
    "cardinality", "generate_series", "unnest",
];

const AGGREGATE: &[&str] = &[
    "array_agg", "avg", "bit_and", "bit_or", "bool_and", "bool_or", "corr", "count", "covar_pop", "covar_samp",
    "every", "json_agg", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "max", "min", "mode", "percentile_cont",
    "percentile_disc", "regr_slope", "stddev", "stddev_pop", "stddev_samp", "string_agg", "sum", "var_pop",
    "var_samp", "variance",
];

const WINDOW: &[&str] = &[
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
    "last_value", "nth_value",
];

const OTHER: &[&str] = &[
    "coalesce", "gen_random_uuid", "nullif", "num_nonnulls", "num_nulls", "plainto_tsquery", "phraseto_tsquery",
    "setweight", "strip", "to_tsquery", "to_tsvector", "ts_headline", "ts_rank", "ts_rank_cd", "uuid_generate_v4",
    "uuidv4", "uuidv7", "websearch_to_tsquery",
];
