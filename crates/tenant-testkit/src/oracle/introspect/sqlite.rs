use super::Queries;

pub(super) const QUERIES: Queries = Queries {
    relations: "SELECT name || char(31) || (type = 'view') FROM sqlite_schema \
                WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    columns: "SELECT s.name || char(31) || c.name || char(31) || c.type || char(31) || (c.\"notnull\" = 0 AND c.pk = 0) \
              || char(31) || (c.hidden <> 0) \
              FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type IN ('table', 'view') ORDER BY s.rowid, c.cid",
    unique: "SELECT line FROM (\
               SELECT s.name AS r, '' AS k, c.pk AS n, s.name || char(31) || '' || char(31) || c.name AS line \
               FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' AND c.pk > 0 \
               UNION ALL \
               SELECT s.name, i.name, c.seqno, s.name || char(31) || i.name || char(31) || c.name \
               FROM sqlite_schema s, pragma_index_list(s.name) i, pragma_index_info(i.name) c \
               WHERE s.type = 'table' AND i.\"unique\" AND i.origin <> 'pk' AND NOT i.partial AND c.name IS NOT NULL) \
             ORDER BY r, k, n",
    foreign: "SELECT s.name || char(31) || f.id || char(31) || f.\"from\" || char(31) || f.\"table\" || char(31) \
              || coalesce(f.\"to\", f.\"from\") \
              FROM sqlite_schema s, pragma_foreign_key_list(s.name) f WHERE s.type = 'table' ORDER BY s.name, f.id, f.seq",
};
