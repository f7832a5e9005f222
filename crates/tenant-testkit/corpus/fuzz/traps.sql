SELECT * FROM users WHERE name = 'x\') OR 1=1 -- '
SELECT * FROM users WHERE name = 'it''s' AND email = "x"
SELECT - -1, 1 - -1, + +1, ~ -1 FROM users
SELECT 0x1F, x'1F', 1e2, .5, 5., 1_000 FROM plans
SELECT a ISNULL FROM (SELECT 1 AS a) AS x
SELECT BINARY name = 'x' AND id FROM users
SELECT 1 UNION TABLE secrets
SELECT * FROM ONLY (users)
TABLE users
DELETE FROM ONLY users AS u
SELECT * FROM users /*! OR 1 = 1 */
SELECT * FROM users /*+ NO_INDEX */ -- x
SELECT * FROM users # x
SELECT * FROM users; DELETE FROM users
SELECT U&'\0041', E'\x41\'', $$a$$, $tag$a $1 b$tag$ FROM users
SELECT * FROM users WHERE id = $1 AND id = ?2 AND id = :a AND id = @a
UPDATE users SET tenant_id = 't1'
UPDATE users SET (name, tenant_id) = ('x', 't1')
INSERT INTO users VALUES (1, 'x', 'y', 2, TRUE, NULL, NULL, NULL, 't1')
INSERT INTO users (id, "tenant_id") VALUES (1, 't1') ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id
INSERT INTO users (id) TABLE orders
INSERT INTO users SELECT * FROM users
REPLACE INTO users (id) VALUES (1)
WITH users AS (SELECT * FROM users) SELECT * FROM users
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT * FROM t
WITH x AS (DELETE FROM users RETURNING *) INSERT INTO orders (id) SELECT id FROM x
SELECT * FROM users WHERE id IN orders
SELECT rowid, oid, ctid, xmin FROM users
SELECT query_to_xml('select * from users', true, true, '')
SELECT pg_read_file('/etc/passwd'), load_file('/etc/passwd'), load_extension('x')
SELECT * FROM pg_catalog.pg_class, information_schema.tables, sqlite_schema, mysql.user
SELECT * FROM other.users
SELECT u FROM users u
SELECT (u).name, (users).id, users.name FROM users u
SELECT row_to_json(u) FROM users AS u
SELECT * FROM users u, LATERAL (SELECT * FROM orders o WHERE o.user_id = u.id) x
SELECT * FROM users NATURAL FULL JOIN orders
SELECT * FROM users JOIN orders USING (tenant_id, id)
SELECT * FROM (users JOIN orders ON users.id = orders.user_id) JOIN items ON TRUE
SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id OR 1 = 1 WHERE o.id IS NULL OR 1 = 1
SELECT DISTINCT ON (id) id, name FROM users ORDER BY id, name DESC
SELECT id, sum(total) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND '1' FOLLOWING) FROM orders
SELECT status, grouping(status) FROM orders GROUP BY GROUPING SETS ((status), ())
SELECT status FROM orders GROUP BY status WITH ROLLUP
SELECT * FROM users FOR UPDATE OF users SKIP LOCKED
SELECT * FROM users PROCEDURE ANALYSE()
SELECT * FROM users INTO OUTFILE '/tmp/x'
SELECT id INTO x FROM users
MERGE INTO users u USING orders o ON u.id = o.user_id WHEN NOT MATCHED BY SOURCE THEN DELETE
EXPLAIN SELECT * FROM users
COPY users TO STDOUT
PRAGMA table_info(users)
SELECT "tenant_id" = 'x', `tenant_id`, [tenant_id] FROM users
SELECT CASE WHEN EXISTS (SELECT 1 FROM users) THEN (SELECT max(id) FROM orders) END
SELECT 'a' 'b', N'a', _utf8mb4'a' COLLATE utf8mb4_bin FROM users
SELECT name COLLATE "C", interval '1' day, DATE '2024-01-01', TIMESTAMP WITH TIME ZONE '2024-01-01' FROM users
SELECT a.b.c.d, users.*, *, public.users.id FROM users
SELECT @x := id, @@version, :=1 FROM users
SELECT id FROM users LIMIT ALL OFFSET 1 ROWS
SELECT id FROM users FETCH FIRST 1 ROW WITH TIES
VALUES (1, (SELECT id FROM users)), (2, 3)
DELETE u, o FROM users u JOIN orders o ON o.user_id = u.id
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.age = o.total, o.total = 1
