//! The questions about everything but relations (<https://www.postgresql.org/docs/current/catalogs.html>).

use crate::driver::{Sql, sql};

/// The account that is asked about; every query that has it takes its name first.
macro_rules! account {
    () => {
        "WITH account AS (
            SELECT r.* FROM pg_catalog.pg_roles AS r WHERE r.rolname = coalesce(?::text, current_user)
        ) "
    };
}

/// Grants of an access control list that reach the account: its own, those of its roles, and everybody's.
macro_rules! grants {
    ($list:literal) => {
        concat!(
            "SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(g.grantee)::text END AS to,
                g.privilege_type AS privilege
            FROM pg_catalog.aclexplode(",
            $list,
            ") AS g WHERE g.grantee = 0 OR pg_catalog.pg_has_role(account.oid, g.grantee, 'MEMBER')"
        )
    };
}

pub(super) use {account, grants};

pub(super) const DATABASE: Sql = sql!(
    "SELECT json_build_object(
        'version', pg_catalog.current_setting('server_version_num')::int,
        'schema', coalesce(current_schema()::text, ''), 'database', current_database()::text,
        'comes_with_tenant', coalesce(pg_catalog.current_setting(?, true), '') <> ''
    )::text"
);

/// A superuser is a member of every role: which ones it was made one of then says nothing.
pub(super) const ACCOUNT: Sql = sql!(
    account!(),
    "SELECT json_build_object(
        'name', rolname, 'is_superuser', rolsuper, 'bypasses_policies', rolbypassrls,
        'uses_schema', coalesce(pg_catalog.has_schema_privilege(oid, current_schema(), 'USAGE'), false),
        'creates_roles', rolcreaterole, 'creates_databases', rolcreatedb, 'replicates', rolreplication,
        'memberships', (
            SELECT coalesce(json_agg(json_build_object(
                'role', m.rolname, 'is_superuser', m.rolsuper, 'bypasses_policies', m.rolbypassrls, 'through', (
                    SELECT d.rolname FROM pg_catalog.pg_auth_members AS a
                    JOIN pg_catalog.pg_roles AS d ON d.oid = a.roleid
                    WHERE a.member = account.oid AND pg_catalog.pg_has_role(a.roleid, m.oid, 'MEMBER')
                    ORDER BY d.oid = m.oid DESC, d.rolname LIMIT 1
                )
            ) ORDER BY m.rolname), '[]')
            FROM pg_catalog.pg_roles AS m
            WHERE NOT account.rolsuper AND m.oid <> account.oid
                AND pg_catalog.pg_has_role(account.oid, m.oid, 'MEMBER')
        )
    )::text FROM account"
);

/// Those of extensions are left out: they are looked after elsewhere.
pub(super) const ROUTINES: Sql = sql!(
    account!(),
    "SELECT json_build_object(
        'name', format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
        'kind', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
        'runs_as_definer', p.prosecdef, 'is_leakproof', p.proleakproof,
        'fixes_search_path', EXISTS (SELECT FROM unnest(p.proconfig) AS c (text) WHERE c.text LIKE 'search_path=%'),
        'is_executable', pg_catalog.has_function_privilege(account.oid, p.oid, 'EXECUTE')
    )::text
    FROM account CROSS JOIN pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        )
    ORDER BY n.nspname, p.proname, p.oid"
);

pub(super) const SEQUENCES: Sql = sql!(
    account!(),
    "SELECT json_build_object(
        'name', s.relname, 'is_usable', pg_catalog.has_sequence_privilege(account.oid, s.oid, 'USAGE'),
        'grants', (SELECT coalesce(json_agg(g), '[]') FROM (",
    grants!("s.relacl"),
    ") AS g),
        'columns', (
            SELECT coalesce(json_agg(DISTINCT t.relname || '.' || a.attname), '[]')
            FROM pg_catalog.pg_depend AS d
            LEFT JOIN pg_catalog.pg_attrdef AS e
                ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND e.oid = d.objid
            JOIN pg_catalog.pg_attribute AS a ON (a.attrelid, a.attnum) = (e.adrelid, e.adnum)
            JOIN pg_catalog.pg_class AS t ON t.oid = a.attrelid AND NOT t.relispartition
            WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.oid
        )
    )::text
    FROM account CROSS JOIN pg_catalog.pg_class AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
    WHERE s.relkind = 'S' AND n.nspname = current_schema()
    ORDER BY s.relname"
);

/// What sessions of the account begin with (<https://www.postgresql.org/docs/current/catalog-pg-db-role-setting.html>).
pub(super) const SETTINGS: Sql = sql!(
    account!(),
    "SELECT json_build_object(
        'target', concat_ws(' ',
            CASE s.setrole WHEN 0 THEN 'DATABASE' ELSE format('ROLE %I', account.rolname) END,
            CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN 'IN DATABASE' END,
            CASE WHEN s.setdatabase <> 0 THEN format('%I', current_database()) END
        ),
        'name', split_part(c.text, '=', 1), 'value', substr(c.text, strpos(c.text, '=') + 1)
    )::text
    FROM account JOIN pg_catalog.pg_db_role_setting AS s ON s.setrole IN (0, account.oid)
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (text)
    WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))"
);

pub(super) const SCHEMA_GRANTS: Sql = sql!(
    account!(),
    "SELECT row_to_json(g)::text FROM account, pg_catalog.pg_namespace AS n, LATERAL (",
    grants!("coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))"),
    ") AS g WHERE n.nspname = current_schema()"
);

pub(super) const DATABASE_GRANTS: Sql = sql!(
    account!(),
    "SELECT row_to_json(g)::text FROM account, pg_catalog.pg_database AS n, LATERAL (",
    grants!("coalesce(n.datacl, pg_catalog.acldefault('d', n.datdba))"),
    ") AS g WHERE n.datname = current_database()"
);

pub(super) const PUBLICATIONS: Sql = sql!(
    "SELECT json_build_object(
        'name', p.pubname, 'has_all_tables', p.puballtables,
        'tables', (
            SELECT coalesce(json_agg(t.tablename ORDER BY t.tablename), '[]')
            FROM pg_catalog.pg_publication_tables AS t
            WHERE t.pubname = p.pubname AND t.schemaname = current_schema()
        )
    )::text FROM pg_catalog.pg_publication AS p ORDER BY p.pubname"
);
