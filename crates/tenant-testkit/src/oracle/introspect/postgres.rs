use super::Queries;

pub(super) const QUERIES: Queries = Queries {
    relations: "SELECT relname || chr(31) || (relkind IN ('v', 'm'))::int FROM pg_class \
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY oid",
    columns: "SELECT c.relname || chr(31) || a.attname || chr(31) \
                || CASE WHEN t.typtype = 'e' THEN 'enum' ELSE format_type(a.atttypid, a.atttypmod) END || chr(31) \
                || (NOT a.attnotnull)::int || chr(31) || (a.attgenerated <> '')::int \
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
              WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') \
                AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.oid, a.attnum",
    unique: "SELECT c.relname || chr(31) || i.indexrelid || chr(31) || a.attname \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid, \
               unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, at) JOIN pg_attribute a ON true \
             WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL \
               AND a.attrelid = c.oid AND a.attnum = k.attnum \
               AND c.relnamespace = 'public'::regnamespace AND k.at <= i.indnkeyatts \
             ORDER BY c.oid, NOT i.indisprimary, i.indexrelid, k.at",
    foreign: "SELECT c.relname || chr(31) || f.conname || chr(31) || a.attname || chr(31) || o.relname || chr(31) || b.attname \
              FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class o ON o.oid = f.confrelid, \
                unnest(f.conkey, f.confkey) WITH ORDINALITY k (here, there, at), pg_attribute a, pg_attribute b \
              WHERE f.contype = 'f' AND a.attrelid = c.oid AND a.attnum = k.here AND b.attrelid = o.oid \
                AND b.attnum = k.there AND c.relnamespace = 'public'::regnamespace \
              ORDER BY c.oid, f.conname, k.at",
};
