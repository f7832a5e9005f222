-- Django on PostgreSQL
SELECT "users"."id", COUNT("orders"."id") FILTER (WHERE "orders"."status" = $1) AS "paid" FROM "users" LEFT OUTER JOIN "orders" ON ("users"."id" = "orders"."user_id") GROUP BY "users"."id"
SELECT "users"."id" FROM "users" WHERE UPPER("users"."name"::text) LIKE UPPER($1)
SELECT "users"."id" FROM "users" WHERE "users"."name"::text LIKE $1
SELECT "users"."id" FROM "users" WHERE "users"."email"::text ILIKE $1
SELECT "users"."id" FROM "users" WHERE "users"."name"::text ~ $1
SELECT DISTINCT ON ("orders"."user_id") "orders"."id", "orders"."user_id" FROM "orders" ORDER BY "orders"."user_id" ASC, "orders"."created_at" DESC
SELECT DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'UTC') AS "month", COUNT("orders"."id") AS "n" FROM "orders" GROUP BY DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'UTC') ORDER BY 1 ASC
SELECT (EXTRACT(YEAR FROM "orders"."created_at" AT TIME ZONE 'UTC'))::integer AS "year" FROM "orders"
SELECT "orders"."id" FROM "orders" WHERE ("orders"."created_at" AT TIME ZONE 'UTC')::date = $1
SELECT "orders"."id" FROM "orders" WHERE "orders"."id" = $1 FOR UPDATE
SELECT "orders"."id" FROM "orders" WHERE "orders"."status" = $1 LIMIT 10 FOR UPDATE SKIP LOCKED
SELECT "orders"."id" FROM "orders" INNER JOIN "users" ON ("orders"."user_id" = "users"."id") WHERE "orders"."id" = $1 FOR UPDATE OF "orders"
SELECT "events"."id" FROM "events" WHERE ("events"."data" -> 'kind') = $1::jsonb
SELECT "events"."id" FROM "events" WHERE "events"."data" @> $1::jsonb
SELECT "events"."id" FROM "events" WHERE "events"."data" ? 'kind'
SELECT ("events"."data" #>> '{user,name}') AS "name" FROM "events"
SELECT "posts"."id" FROM "posts" WHERE "posts"."labels" && ARRAY['a', 'b']::varchar(20)[]
SELECT "posts"."id" FROM "posts" WHERE "posts"."labels" @> $1::text[]
SELECT "posts"."id" FROM "posts" WHERE to_tsvector(COALESCE("posts"."body", '')) @@ (plainto_tsquery($1))
SELECT ARRAY_AGG("tags"."name" ORDER BY "tags"."name") AS "names" FROM "tags"
SELECT STRING_AGG("tags"."name", ', ' ORDER BY "tags"."name") AS "names" FROM "tags"
INSERT INTO "users" ("name", "email") VALUES ($1, $2) RETURNING "users"."id"
INSERT INTO "users" ("name", "email") VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING
INSERT INTO "users" ("name", "email") VALUES ($1, $2) ON CONFLICT("email") DO UPDATE SET "name" = EXCLUDED."name" RETURNING "users"."id"
UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2 RETURNING "users"."id", "users"."name"
INSERT INTO "post_tags" ("post_id", "tag_id") SELECT * FROM UNNEST(($1)::integer[], ($2)::integer[])
-- ActiveRecord on PostgreSQL
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2
SELECT "users".* FROM "users" WHERE "users"."id" IN ($1, $2, $3)
SELECT 1 AS one FROM "users" WHERE LOWER("users"."email") = LOWER($1) LIMIT $2
INSERT INTO "users" ("name", "email", "created_at", "updated_at") VALUES ($1, $2, $3, $4) RETURNING "id"
INSERT INTO "users" ("name","email","created_at","updated_at") VALUES ($1, $2, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP) ON CONFLICT ("email") DO UPDATE SET updated_at=(CASE WHEN ("users"."name" IS NOT DISTINCT FROM excluded."name") THEN "users".updated_at ELSE CURRENT_TIMESTAMP END),"name"=excluded."name" RETURNING "id"
UPDATE "users" SET "name" = $1, "updated_at" = $2 WHERE "users"."id" = $3
UPDATE "posts" SET "views" = COALESCE("posts"."views", 0) + $1 WHERE "posts"."id" = $2
SELECT "tasks".* FROM "tasks" WHERE "tasks"."state" = $1 ORDER BY "tasks"."priority" ASC NULLS LAST, "tasks"."id" ASC LIMIT $2 FOR UPDATE SKIP LOCKED
SELECT "users".* FROM "users" WHERE (data->>'theme' = 'dark')
SELECT "users".* FROM "users" WHERE ("users"."name" ILIKE '%x%')
SELECT COUNT(DISTINCT "users"."id") FROM "users" LEFT OUTER JOIN "posts" ON "posts"."user_id" = "users"."id" WHERE "posts"."title" ILIKE $1
SELECT date_trunc('day', created_at) AS day, count(*) AS n FROM "orders" WHERE (created_at > now() - interval '30 days') GROUP BY 1 ORDER BY 1
-- Prisma, diesel, sea-orm, Ecto
SELECT "public"."users"."id", "public"."users"."name" FROM "public"."users" WHERE ("public"."users"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
SELECT COUNT(*) AS "_count._all" FROM (SELECT "public"."users"."id" FROM "public"."users" WHERE 1=1 OFFSET $1) AS "sub"
INSERT INTO "public"."users" ("name","email") VALUES ($1,$2) RETURNING "public"."users"."id"
UPDATE "public"."users" SET "name" = $1 WHERE ("public"."users"."id" = $2 AND 1=1) RETURNING "public"."users"."id", "public"."users"."name"
DELETE FROM "public"."users" WHERE ("public"."users"."id" = $1 AND 1=1) RETURNING "public"."users"."id"
SELECT "t0"."id", "t0"."name", COALESCE("t1"."_aggr_count", 0) AS "_count" FROM "users" AS "t0" LEFT JOIN (SELECT "orders"."user_id", COUNT(*) AS "_aggr_count" FROM "orders" WHERE 1=1 GROUP BY "orders"."user_id") AS "t1" ON "t0"."id" = "t1"."user_id" WHERE 1=1 ORDER BY "t0"."id" ASC
SELECT "users"."id", "users"."name" FROM "users" WHERE ("users"."id" = ANY($1))
SELECT "users"."id" FROM "users" WHERE ("users"."name" = $1) ORDER BY "users"."id" LIMIT $2
INSERT INTO "users" ("name", "email") VALUES ($1, $2), ($3, DEFAULT) RETURNING "users"."id", "users"."name"
INSERT INTO "users" ("id", "name") VALUES ($1, $2) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name"
UPDATE "posts" SET "published" = $1 WHERE ("posts"."id" = $2) RETURNING "posts"."id", "posts"."title"
INSERT INTO "users" ("name", "email") VALUES ($1, $2) ON CONFLICT ("email") DO NOTHING RETURNING "id"
SELECT CAST("users"."role" AS text) FROM "users" WHERE "users"."role" = CAST($1 AS text)
SELECT u0."id", u0."name" FROM "users" AS u0 WHERE (u0."id" = $1)
SELECT u0."id", count(o1."id") FROM "users" AS u0 LEFT OUTER JOIN "orders" AS o1 ON o1."user_id" = u0."id" GROUP BY u0."id"
SELECT TRUE FROM "users" AS u0 WHERE (u0."email" = $1) LIMIT 1
SELECT s0."count" FROM (SELECT count(*) AS "count" FROM "orders" AS so0) AS s0
UPDATE "tasks" AS t0 SET "state" = $1 WHERE (t0."id" = ANY($2)) RETURNING t0."id"
DELETE FROM "tasks" AS t0 WHERE (t0."project_id" = $1)
-- queues and locks
UPDATE tasks SET state = 'running', started_at = now() WHERE id = (SELECT id FROM tasks WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *
WITH next AS (SELECT id FROM tasks WHERE state = 'new' ORDER BY priority, id LIMIT 10 FOR UPDATE SKIP LOCKED) UPDATE tasks SET state = 'running' FROM next WHERE tasks.id = next.id RETURNING tasks.id, tasks.title
SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE
SELECT id FROM accounts WHERE id = $1 FOR SHARE
SELECT id FROM accounts WHERE id = $1 FOR UPDATE NOWAIT
-- by hand
SELECT id, name FROM users WHERE id = $1
SELECT id, name FROM users WHERE email = lower($1) AND deleted_at IS NULL
SELECT * FROM users WHERE id = ANY($1::bigint[])
SELECT * FROM users WHERE id <> ALL($1)
SELECT * FROM users WHERE name ILIKE '%' || $1 || '%' ORDER BY name LIMIT 20
SELECT * FROM users WHERE name ~* $1
SELECT * FROM users WHERE name SIMILAR TO '(a|b)%'
SELECT * FROM users WHERE ($1::text IS NULL OR name = $1) AND ($2::int IS NULL OR age > $2)
SELECT * FROM users ORDER BY created_at DESC NULLS LAST LIMIT 10
SELECT * FROM users FETCH FIRST 10 ROWS ONLY
SELECT * FROM users OFFSET 10 LIMIT 5
SELECT * FROM users LIMIT ALL
SELECT * FROM orders WHERE created_at >= now() - interval '7 days'
SELECT * FROM orders WHERE created_at::date = current_date
SELECT * FROM orders WHERE created_at >= date_trunc('month', now())
SELECT * FROM orders WHERE created_at BETWEEN $1 AND $2
SELECT * FROM orders WHERE tstzrange($1, $2) @> created_at
SELECT * FROM orders WHERE created_at > timestamp '2024-01-01 00:00:00'
SELECT date_trunc('week', created_at)::date AS week, sum(total) FROM orders GROUP BY 1 ORDER BY 1 DESC
SELECT to_char(created_at, 'YYYY-MM') AS month, count(*) FROM orders GROUP BY month ORDER BY month
SELECT extract(dow FROM created_at) AS weekday, count(*) FROM orders GROUP BY 1
SELECT extract(epoch FROM now() - created_at) AS age FROM orders
SELECT age(created_at) FROM orders
SELECT date_part('year', created_at) FROM orders
SELECT now() AT TIME ZONE 'utc'
SELECT name || ' <' || email || '>' FROM users
SELECT format('%s <%s>', name, email) FROM users
SELECT concat_ws(', ', name, email) FROM users
SELECT split_part(email, '@', 2) AS domain, count(*) FROM users GROUP BY domain ORDER BY 2 DESC
SELECT regexp_replace(phone, '[^0-9]', '', 'g') FROM users
SELECT E'tab\tseparated', name FROM users
SELECT encode(token, 'hex') FROM sessions
SELECT md5(email) FROM users
SELECT gen_random_uuid()
SELECT left(body, 100) AS teaser FROM posts
SELECT coalesce(data->>'theme', 'light') FROM users WHERE id = $1
SELECT data->'tags'->>0 FROM posts
SELECT jsonb_array_length(data->'tags') FROM posts WHERE jsonb_typeof(data->'tags') = 'array'
SELECT p.id, t.value FROM posts p, jsonb_array_elements_text(p.data->'tags') AS t(value)
SELECT p.id, t FROM posts p CROSS JOIN LATERAL jsonb_array_elements_text(p.data->'tags') AS t
SELECT key, value FROM jsonb_each_text($1)
SELECT jsonb_build_object('id', id, 'name', name) FROM users
SELECT json_agg(json_build_object('id', o.id, 'total', o.total)) FROM orders o WHERE o.user_id = $1
SELECT json_agg(u) FROM users u
SELECT row_to_json(u) FROM users u WHERE u.id = $1
SELECT to_jsonb(u) FROM users u
SELECT u.id, coalesce(json_agg(o.*) FILTER (WHERE o.id IS NOT NULL), '[]') AS orders FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id
SELECT jsonb_object_agg(key, value) FROM settings
SELECT u.id, x.total FROM users u LEFT JOIN LATERAL (SELECT o.total FROM orders o WHERE o.user_id = u.id ORDER BY o.created_at DESC LIMIT 1) x ON true
SELECT u.id, x.n FROM users u, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.user_id = u.id) x
SELECT d.day, count(o.id) FROM generate_series($1::date, $2::date, interval '1 day') AS d(day) LEFT JOIN orders o ON o.created_at::date = d.day GROUP BY d.day ORDER BY d.day
SELECT n FROM generate_series(1, 10) AS n
SELECT unnest(labels) AS label, count(*) FROM posts GROUP BY label
SELECT p.id, l.label FROM posts p, unnest(p.labels) AS l(label)
SELECT p.id, l.label, l.n FROM posts p, unnest(p.labels) WITH ORDINALITY AS l(label, n)
SELECT array_agg(DISTINCT name) FROM tags
SELECT array_length(labels, 1), labels[1] FROM posts
SELECT $1 = ANY(labels) FROM posts WHERE id = $2
SELECT ARRAY(SELECT name FROM tags ORDER BY name)
SELECT string_agg(DISTINCT name, ',') FROM tags
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'open') AS open FROM orders
SELECT bool_and(done), bool_or(done) FROM tasks WHERE project_id = $1
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median FROM orders
SELECT mode() WITHIN GROUP (ORDER BY status) FROM orders
SELECT category, sum(price) FROM products GROUP BY ROLLUP (category)
SELECT category, brand, sum(price) FROM products GROUP BY GROUPING SETS ((category), (brand), ())
SELECT DISTINCT ON (user_id) user_id, id, total FROM orders ORDER BY user_id, created_at DESC
SELECT width_bucket(total, 0, 1000, 10) AS bucket, count(*) FROM orders GROUP BY bucket
SELECT greatest(a, b, c), least(a, b, c) FROM scores
SELECT x.id, x.name FROM (VALUES (1, 'a'), (2, 'b')) AS x(id, name)
SELECT u.id FROM users u JOIN (VALUES ($1::bigint), ($2)) AS v(id) ON v.id = u.id
VALUES (1, 'a'), (2, 'b')
TABLE plans
SELECT * FROM ONLY users WHERE id = $1
SELECT * FROM events TABLESAMPLE SYSTEM (1)
SELECT * FROM posts WHERE search @@ to_tsquery('english', $1)
SELECT id, ts_rank(search, q) AS rank FROM posts, plainto_tsquery('english', $1) AS q WHERE search @@ q ORDER BY rank DESC LIMIT 10
SELECT * FROM posts WHERE to_tsvector('english', title || ' ' || body) @@ websearch_to_tsquery('english', $1)
SELECT ts_headline('english', body, to_tsquery('english', $1)) FROM posts WHERE id = $2
INSERT INTO users (name, email) VALUES ($1, $2) RETURNING id
INSERT INTO users (name, email) VALUES ($1, $2) RETURNING *
INSERT INTO users (name, email) SELECT * FROM unnest($1::text[], $2::text[])
INSERT INTO users (name, email) SELECT n, e FROM unnest($1::text[], $2::text[]) AS t(n, e) ON CONFLICT (email) DO NOTHING
INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value
INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT settings_pkey DO UPDATE SET value = excluded.value
INSERT INTO settings AS s (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE s.value IS DISTINCT FROM excluded.value
INSERT INTO counters (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1 RETURNING n
INSERT INTO drafts DEFAULT VALUES RETURNING id
UPDATE users SET (name, email) = ($1, $2) WHERE id = $3
UPDATE users SET name = $1, updated_at = now() WHERE id = $2 RETURNING *
UPDATE users SET data = jsonb_set(coalesce(data, '{}'::jsonb), '{theme}', to_jsonb($1::text)) WHERE id = $2
UPDATE users SET data = data || $1::jsonb WHERE id = $2
UPDATE users SET data = data - 'theme' WHERE id = $1
UPDATE posts SET labels = array_append(labels, $1) WHERE id = $2
UPDATE orders o SET total = x.total FROM (SELECT order_id, sum(quantity * price) AS total FROM items GROUP BY order_id) x WHERE x.order_id = o.id
UPDATE tasks t SET assignee_id = p.owner_id FROM projects p WHERE p.id = t.project_id AND t.assignee_id IS NULL
UPDATE products AS p SET price = v.price FROM (VALUES (1, 10.5), (2, 11.0)) AS v(id, price) WHERE v.id = p.id
UPDATE products AS p SET price = v.price FROM unnest($1::bigint[], $2::numeric[]) AS v(id, price) WHERE v.id = p.id
DELETE FROM sessions WHERE expires_at < now() RETURNING id
DELETE FROM items USING orders WHERE orders.id = items.order_id AND orders.status = 'cancelled'
DELETE FROM members m USING projects p WHERE p.id = m.project_id AND p.archived
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE created_at < $1 LIMIT 1000)
WITH moved AS (DELETE FROM tasks WHERE done RETURNING *) INSERT INTO archive (id, title) SELECT id, title FROM moved
WITH created AS (INSERT INTO users (name) VALUES ($1) RETURNING id) INSERT INTO members (user_id, project_id) SELECT id, $2 FROM created
WITH upd AS (UPDATE orders SET status = 'paid' WHERE id = $1 RETURNING user_id) SELECT u.email FROM users u JOIN upd ON upd.user_id = u.id
WITH t AS MATERIALIZED (SELECT * FROM orders WHERE total > 10) SELECT count(*) FROM t
MERGE INTO products AS p USING (VALUES ($1::bigint, $2::int)) AS v(id, quantity) ON p.id = v.id WHEN MATCHED THEN UPDATE SET quantity = p.quantity + v.quantity WHEN NOT MATCHED THEN INSERT (id, quantity) VALUES (v.id, v.quantity)
MERGE INTO stock s USING products p ON s.product_id = p.id WHEN MATCHED AND p.quantity = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = p.quantity
SELECT count(*) OVER () AS total_rows, u.id, u.name FROM users u ORDER BY u.id LIMIT 10
SELECT id, rank() OVER (PARTITION BY category ORDER BY price DESC) FROM products
SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)
SELECT EXISTS (SELECT 1 FROM users WHERE email = $1) AS "exists!"
SELECT id AS "id!", name AS "name?" FROM users
SELECT status AS "status: String" FROM orders
SELECT (total / 100.0)::numeric(10, 2) AS euros FROM orders
SELECT total::text FROM orders
SELECT CAST($1 AS uuid)
SELECT a.id FROM accounts a WHERE a.id = $1::uuid
SELECT count(*)::int FROM users
SELECT interval '1 day' * 3
SELECT 1 WHERE $1
SELECT * FROM users u WHERE u.* IS NOT NULL
SELECT u.name COLLATE "C" FROM users u ORDER BY u.name COLLATE "C"
SELECT id FROM users WHERE age IS NOT DISTINCT FROM $1
SELECT id FROM users WHERE name LIKE $1 || '%'
SELECT id FROM users WHERE position('x' IN name) > 0
SELECT overlay(phone PLACING '***' FROM 4 FOR 3) FROM users
SELECT substring(name FROM 1 FOR 3), substring(email FROM '@(.*)$') FROM users
SELECT trim(BOTH ' ' FROM name) FROM users
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders GROUP BY user_id HAVING count(*) > 3)
SELECT nullif(age, 0), round(total / nullif(n, 0), 2) FROM stats
