//! The question about relations: each is one row, with all that hangs on it.

use super::queries::{account, grants};
use crate::driver::{Sql, postgres::reads_as_invoker, sql};

/// The type of a domain stands for itself: it is what DDL writes.
macro_rules! columns {
    () => {
        "SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'of_type', pg_catalog.format_type(a.atttypid, a.atttypmod),
            'is_nullable', NOT a.attnotnull, 'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
            'is_text', (
                SELECT CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END
                    IN ('pg_catalog.text'::regtype, 'pg_catalog.varchar'::regtype)
                FROM pg_catalog.pg_type AS ty WHERE ty.oid = a.atttypid
            ),
            'collation', (
                SELECT format('%I.%I', ln.nspname, l.collname)
                FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
                JOIN pg_catalog.pg_type AS ty ON ty.oid = a.atttypid AND ty.typcollation <> l.oid
                WHERE l.oid = a.attcollation AND l.collisdeterministic
            ),
            'is_fresh', a.attidentity <> '' OR coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
                ~ '^(nextval\\(''.*''::regclass\\)|gen_random_uuid\\(\\)|uuidv[47]\\(\\))$'
        ) ORDER BY a.attnum), '[]')
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    };
}

/// Of an exclusion constraint a column counts that must differ to be no conflict; one with a collation of its own that
/// takes different texts for the same does not. What nulls count for can be said since version 15.
macro_rules! indexes {
    () => {
        "SELECT coalesce(json_agg(json_build_object(
            'name', ic.relname, 'constraint', x.conname, 'is_unique', i.indisunique, 'is_primary', i.indisprimary,
            'is_exclusion', i.indisexclusion, 'is_partial', i.indpred IS NOT NULL OR NOT i.indimmediate, 'is_valid', i.indisvalid,
            'counts_nulls', coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
            'is_inherited', ic.relispartition, 'is_ordered', am.amname = 'btree',
            'columns', (
                SELECT json_agg(CASE WHEN coalesce(o.oprname = '=', true) AND coalesce(l.collisdeterministic, true)
                    THEN a.attname END ORDER BY k.at)
                FROM generate_series(0, i.indnkeyatts - 1) AS k (at)
                LEFT JOIN pg_catalog.pg_attribute AS a
                    ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.at] AND i.indkey[k.at] <> 0
                LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = i.indcollation[k.at]
                LEFT JOIN pg_catalog.pg_operator AS o ON o.oid = x.conexclop[k.at + 1]
            ),
            'rest', (
                SELECT substr(d.text, length(p.prefix) + 1)
                FROM (SELECT pg_catalog.pg_get_indexdef(i.indexrelid)) AS d (text)
                JOIN unnest(ARRAY['', 'ONLY ']) AS o (word) ON true
                CROSS JOIN LATERAL format(
                    'CREATE %sINDEX %I ON %s%I.%I USING btree (', CASE WHEN i.indisunique THEN 'UNIQUE ' END,
                    ic.relname, o.word, n.nspname, c.relname
                ) AS p (prefix)
                WHERE starts_with(d.text, p.prefix)
            )
        ) ORDER BY ic.relname), '[]')
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
        JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam
        LEFT JOIN pg_catalog.pg_constraint AS x
            ON x.conindid = i.indexrelid AND x.conrelid = i.indrelid AND x.contype IN ('x', 'p', 'u')
        WHERE i.indrelid = c.oid"
    };
}

/// Those of a partition that came with the partitioned table's are that table's.
macro_rules! foreign_keys {
    () => {
        "SELECT coalesce(json_agg(json_build_object(
            'name', f.conname, 'parent', pc.relname, 'is_elsewhere', pc.relnamespace <> c.relnamespace,
            'on_update', f.confupdtype, 'on_delete', f.confdeltype,
            'is_deferrable', f.condeferrable,
            'columns', (
                SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(f.conkey) WITH ORDINALITY AS k (number, at)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.number
            ),
            'parent_columns', (
                SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(f.confkey) WITH ORDINALITY AS k (number, at)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.number
            )
        ) ORDER BY f.conname), '[]')
        FROM pg_catalog.pg_constraint AS f JOIN pg_catalog.pg_class AS pc ON pc.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0"
    };
}

macro_rules! policies {
    () => {
        "SELECT coalesce(json_agg(json_build_object(
            'name', p.polname, 'is_permissive', p.polpermissive, 'command', p.polcmd,
            'roles', (
                SELECT json_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(r)::text END)
                FROM unnest(p.polroles) AS r
            ),
            'holds_for', (
                SELECT coalesce(json_agg(b.rolname), '[]') FROM becomes AS b
                WHERE EXISTS (
                    SELECT FROM unnest(p.polroles) AS r WHERE r = 0 OR pg_catalog.pg_has_role(b.oid, r, 'USAGE')
                )
            ),
            'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
            'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
        ) ORDER BY p.polname), '[]')
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid"
    };
}

/// Who the account is, or can be: those for whom no policy holds are told of elsewhere.
macro_rules! becomes {
    () => {
        ", becomes AS (
            SELECT r.oid, r.rolname FROM account JOIN pg_catalog.pg_roles AS r
                ON pg_catalog.pg_has_role(account.oid, r.oid, 'MEMBER')
            WHERE r.oid = account.oid OR NOT (account.rolsuper OR r.rolsuper OR r.rolbypassrls)
        )"
    };
}

/// A right to a column is one to what it holds, in all rows.
macro_rules! reached {
    () => {
        "SELECT coalesce(json_agg(json_build_object('to', b.rolname, 'privilege', p.name)), '[]')
        FROM becomes AS b CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (name)
        WHERE pg_catalog.has_table_privilege(b.oid, c.oid, p.name)
            OR CASE WHEN p.name <> 'DELETE' THEN pg_catalog.has_any_column_privilege(b.oid, c.oid, p.name) END"
    };
}

/// A role that is granted to it, and whose rights it does not inherit, is not the account itself.
macro_rules! rights {
    () => {
        "SELECT coalesce(json_agg(p.name), '[]')
        FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (name)
        WHERE pg_catalog.has_table_privilege(account.oid, c.oid, p.name)"
    };
}

macro_rules! reads {
    () => {
        "SELECT coalesce(json_agg(DISTINCT t.relname), '[]')
        FROM pg_catalog.pg_rewrite AS w
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
        JOIN pg_catalog.pg_class AS t ON d.refclassid = 'pg_catalog.pg_class'::regclass AND t.oid = d.refobjid
        WHERE w.ev_class = c.oid AND t.oid <> c.oid AND c.relkind IN ('v', 'm')
            AND t.relkind IN ('r', 'p', 'v', 'm', 'f')"
    };
}

pub(super) const RELATIONS: Sql = sql!(
    account!(),
    becomes!(),
    " SELECT json_build_object(
        'name', c.relname,
        'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized' ELSE 'foreign' END,
        'owner', pg_catalog.pg_get_userbyid(c.relowner),
        'is_own', pg_catalog.pg_has_role(account.oid, c.relowner, 'MEMBER'),
        'parent', (
            SELECT p.relname FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
            WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1
        ),
        'is_partition', c.relispartition,
        'is_default_partition', coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', false),
        'has_policies_on', c.relrowsecurity, 'forces_policies', c.relforcerowsecurity,
        'reads_as_invoker', ",
    reads_as_invoker!(),
    ", 'reads', (",
    reads!(),
    "), 'columns', (",
    columns!(),
    "), 'indexes', (",
    indexes!(),
    "), 'foreign_keys', (",
    foreign_keys!(),
    "), 'policies', (",
    policies!(),
    "), 'unvalidated', (
            SELECT coalesce(json_agg(x.conname ORDER BY x.conname), '[]') FROM pg_catalog.pg_constraint AS x
            WHERE x.conrelid = c.oid AND NOT x.convalidated
        ),
        'triggers', (
            SELECT coalesce(json_agg(json_build_object('name', t.tgname) ORDER BY t.tgname), '[]')
            FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
        ),
        'rules', (
            SELECT coalesce(json_agg(w.rulename ORDER BY w.rulename), '[]') FROM pg_catalog.pg_rewrite AS w
            WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN'
        ),
        'public', (
            SELECT coalesce(json_agg(g.privilege_type), '[]')
            FROM pg_catalog.aclexplode(c.relacl) AS g WHERE g.grantee = 0
        ),
        'grants', (SELECT coalesce(json_agg(g), '[]') FROM (",
    grants!("c.relacl"),
    ") AS g), 'column_grants', (
            SELECT coalesce(json_agg(json_build_object(
                'to', g.to, 'privilege', g.privilege, 'column', a.attname
            ) ORDER BY a.attnum), '[]')
            FROM pg_catalog.pg_attribute AS a CROSS JOIN LATERAL (",
    grants!("a.attacl"),
    ") AS g WHERE a.attrelid = c.oid AND NOT a.attisdropped
        ), 'reached', (",
    reached!(),
    "), 'rights', (",
    rights!(),
    ")
    )::text
    FROM account CROSS JOIN pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY c.relname"
);
