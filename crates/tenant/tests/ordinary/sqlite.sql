-- Django on SQLite
SELECT "users"."id", COUNT("orders"."id") FILTER (WHERE "orders"."status" = ?) AS "paid" FROM "users" LEFT OUTER JOIN "orders" ON ("users"."id" = "orders"."user_id") GROUP BY "users"."id"
SELECT "users"."id" FROM "users" WHERE "users"."name" LIKE ? ESCAPE '\'
SELECT "users"."id" FROM "users" WHERE "users"."email" LIKE ? ESCAPE '\' ORDER BY "users"."email" ASC
SELECT "users"."id" FROM "users" WHERE "users"."name" REGEXP ?
SELECT "users"."id" FROM "users" WHERE "users"."created_at" BETWEEN ? AND ?
SELECT DISTINCT CAST(strftime('%Y-%m-01', "orders"."created_at") AS TEXT) AS "datefield" FROM "orders" WHERE "orders"."created_at" IS NOT NULL ORDER BY 1 ASC
SELECT CAST(SUM("orders"."total") AS NUMERIC) AS "total__sum" FROM "orders"
INSERT INTO "users" ("name", "email") VALUES (?, ?) RETURNING "users"."id"
INSERT INTO "post_tags" ("post_id", "tag_id") VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING
INSERT OR IGNORE INTO "post_tags" ("post_id", "tag_id") SELECT ?, ? UNION ALL SELECT ?, ?
INSERT INTO "users" ("email", "name") VALUES (?, ?) ON CONFLICT("email") DO UPDATE SET "name" = EXCLUDED."name"
SELECT JSON_EXTRACT("events"."data", '$.kind') AS "kind" FROM "events" WHERE JSON_EXTRACT("events"."data", '$.kind') = JSON_EXTRACT(?, '$')
SELECT "events"."id" FROM "events" WHERE JSON_TYPE("events"."data", '$.user') IS NOT NULL
SELECT (CASE WHEN JSON_TYPE("events"."data", '$.a') IN ('false', 'true', 'null') THEN JSON_TYPE("events"."data", '$.a') ELSE JSON_EXTRACT("events"."data", '$.a') END) AS "a" FROM "events"
UPDATE "events" SET "data" = JSON_SET("events"."data", '$.seen', ?) WHERE "events"."id" = ?
SELECT GROUP_CONCAT("tags"."name", ', ') AS "names" FROM "tags" INNER JOIN "post_tags" ON ("tags"."id" = "post_tags"."tag_id") GROUP BY "post_tags"."post_id"
-- ActiveRecord, diesel, sea-orm, Prisma on SQLite
INSERT INTO "users" ("name", "email", "created_at", "updated_at") VALUES (?, ?, ?, ?) RETURNING "id"
INSERT INTO "users" ("name","email") VALUES ('a', 'a@example.test'), ('b', 'b@example.test') ON CONFLICT DO NOTHING RETURNING "id"
INSERT INTO "users" ("email","name") VALUES (?, ?) ON CONFLICT ("email") DO UPDATE SET updated_at=(CASE WHEN ("name" IS excluded."name") THEN "users".updated_at ELSE STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW') END),"name"=excluded."name" RETURNING "id"
SELECT `users`.`id`, `users`.`name` FROM `users` WHERE (`users`.`id` = ?) LIMIT ?
SELECT `users`.`id`, `users`.`name`, `users`.`email` FROM `users` WHERE (`users`.`age` > ?) ORDER BY `users`.`name` ASC
INSERT INTO `users` (`name`, `email`) VALUES (?, ?)
INSERT INTO `users` (`name`, `email`) VALUES (?, ?) RETURNING `id`, `name`, `email`
REPLACE INTO `settings` (`key`, `value`) VALUES (?, ?)
UPDATE `users` SET `name` = ? WHERE (`users`.`id` = ?)
UPDATE `users` SET `name` = ? WHERE (`users`.`id` = ?) RETURNING `id`, `name`
DELETE FROM `users` WHERE (`users`.`id` = ?)
SELECT `main`.`users`.`id`, `main`.`users`.`name` FROM `main`.`users` WHERE (`main`.`users`.`id` = ? AND 1=1) LIMIT ? OFFSET ?
SELECT COUNT(*) FROM (SELECT `main`.`users`.`id` FROM `main`.`users` WHERE 1=1 LIMIT ? OFFSET ?) AS `sub`
INSERT INTO `main`.`users` (`name`, `email`) VALUES (?,?) RETURNING `id` AS `id`, `name` AS `name`
UPDATE `main`.`users` SET `name` = ? WHERE (`main`.`users`.`id` = ? AND 1=1) RETURNING `id` AS `id`
DELETE FROM `main`.`users` WHERE (`main`.`users`.`id` = ? AND 1=1)
-- sqlx, rusqlite, by hand
SELECT id, name FROM users WHERE id = ?1
SELECT id FROM users WHERE name = ?1 OR email = ?1
SELECT id, name FROM users WHERE email = $1
INSERT INTO users (name, email) VALUES (?1, ?2) RETURNING id
INSERT INTO users (name, email) VALUES ($1, $2)
INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value
INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE settings.value <> excluded.value
INSERT INTO counters (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n
INSERT INTO counters (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + excluded.n
INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)
INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)
INSERT OR ABORT INTO users (name) VALUES (?)
INSERT INTO drafts DEFAULT VALUES
UPDATE OR IGNORE settings SET key = ? WHERE key = ?
SELECT * FROM users WHERE email IS ?
SELECT * FROM users WHERE email IS NOT ?
SELECT * FROM users WHERE deleted_at ISNULL
SELECT * FROM users WHERE deleted_at NOTNULL
SELECT * FROM users WHERE deleted_at NOT NULL
SELECT * FROM users WHERE name GLOB 'a*'
SELECT * FROM users WHERE name NOT GLOB ?
SELECT * FROM users WHERE name = ? COLLATE NOCASE
SELECT * FROM users ORDER BY name COLLATE NOCASE ASC
SELECT * FROM users ORDER BY name COLLATE NOCASE, id LIMIT 10 OFFSET 20
SELECT * FROM users ORDER BY last_seen DESC NULLS LAST
SELECT * FROM users LIMIT 20, 10
SELECT * FROM users LIMIT -1 OFFSET 10
SELECT * FROM users WHERE flags & 0x10
SELECT * FROM users WHERE flags & 4 <> 0
SELECT * FROM users WHERE flags & (1 << 2)
SELECT * FROM users INDEXED BY users_by_email WHERE email = ?
SELECT * FROM users NOT INDEXED WHERE email = ?
SELECT * FROM orders WHERE date(created_at) = date('now')
SELECT * FROM orders WHERE created_at >= datetime('now', '-7 days')
SELECT * FROM orders WHERE created_at >= date('now', 'start of month')
SELECT strftime('%Y-%m', created_at) AS month, count(*), sum(total) FROM orders GROUP BY month ORDER BY month
SELECT strftime('%w', created_at) AS weekday, count(*) FROM orders GROUP BY 1
SELECT date(created_at, 'unixepoch') AS day, count(*) FROM events GROUP BY day
SELECT julianday('now') - julianday(created_at) AS age FROM orders
SELECT unixepoch('now') AS now
SELECT * FROM sessions WHERE expires_at < unixepoch()
SELECT name || ' <' || email || '>' AS address FROM users
SELECT printf('%05d', id) AS number FROM orders
SELECT printf('%.2f', total) FROM orders WHERE id = ?
SELECT ifnull(nickname, name) FROM users
SELECT iif(active, 'yes', 'no') AS active FROM users
SELECT typeof(value), value FROM settings
SELECT group_concat(name) FROM tags
SELECT group_concat(DISTINCT name) FROM tags
SELECT group_concat(name, ', ' ORDER BY name) FROM tags
SELECT total(amount) FROM invoices
SELECT hex(token) FROM sessions WHERE token = x'0123abcd'
SELECT lower(hex(randomblob(16)))
SELECT random() AS dice
SELECT * FROM users ORDER BY random() LIMIT 1
SELECT substr(email, instr(email, '@') + 1) AS domain, count(*) FROM users GROUP BY domain
SELECT data ->> '$.kind' AS kind, count(*) FROM events GROUP BY kind
SELECT data -> 'user' FROM events WHERE data ->> 'kind' = 'login'
SELECT json_extract(data, '$.kind') FROM events WHERE json_valid(data)
SELECT e.id, j.value FROM events e, json_each(e.data, '$.tags') j
SELECT e.id FROM events e WHERE EXISTS (SELECT 1 FROM json_each(e.data, '$.tags') WHERE value = ?)
SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))
SELECT json_group_array(json_object('id', id, 'name', name)) FROM users
SELECT json_group_array(name) FROM tags
SELECT u.id, (SELECT json_group_array(o.id) FROM orders o WHERE o.user_id = u.id) AS orders FROM users u
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) AS n FROM orders
SELECT sum(total) FILTER (WHERE created_at > ?) FROM orders
SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.status = 'paid' WHERE o.id IS NULL
SELECT u.id FROM users u NATURAL JOIN members m
SELECT u.id, o.id FROM users u FULL OUTER JOIN orders o ON o.user_id = u.id
SELECT o.id FROM users u RIGHT JOIN orders o ON o.user_id = u.id
SELECT id, min(price) FROM products GROUP BY category
SELECT max(a, b) FROM scores
SELECT min(quantity, 10) AS shown FROM products
SELECT id FROM users WHERE (id, name) IN (VALUES (1, 'a'), (2, 'b'))
SELECT x.column1 FROM (VALUES (1), (2), (3)) AS x
VALUES (1, 'a'), (2, 'b')
WITH ids (id) AS (VALUES (1), (2), (3)) SELECT u.name FROM users u JOIN ids ON ids.id = u.id
WITH t AS MATERIALIZED (SELECT * FROM orders WHERE total > 10) SELECT count(*) FROM t
WITH t AS NOT MATERIALIZED (SELECT * FROM orders WHERE total > 10) SELECT count(*) FROM t
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30) SELECT date('now', '-' || i || ' days') AS day, (SELECT count(*) FROM events WHERE date(created_at) = date('now', '-' || i || ' days')) FROM n
WITH old AS (SELECT id FROM orders WHERE created_at < ?) DELETE FROM items WHERE order_id IN (SELECT id FROM old)
WITH moved AS (SELECT id FROM tasks WHERE project_id = ?) UPDATE tasks SET project_id = ? WHERE id IN (SELECT id FROM moved)
UPDATE orders SET total = x.total FROM (SELECT order_id, sum(quantity * price) AS total FROM items GROUP BY order_id) AS x WHERE x.order_id = orders.id
UPDATE tasks SET assignee_id = p.owner_id FROM projects p WHERE p.id = tasks.project_id AND tasks.assignee_id IS NULL
UPDATE users SET (name, email) = (?, ?) WHERE id = ?
UPDATE users SET updated_at = datetime('now'), name = ? WHERE id = ? RETURNING *
UPDATE users SET data = json_set(coalesce(data, '{}'), '$.theme', ?) WHERE id = ?
UPDATE products SET quantity = max(quantity - ?, 0) WHERE id = ? RETURNING quantity
DELETE FROM sessions WHERE expires_at < datetime('now') RETURNING id
DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT 1000)
SELECT count(*) > 0 FROM users WHERE email = ?
SELECT EXISTS (SELECT 1 FROM users WHERE email = ?)
SELECT EXISTS (SELECT 1 FROM users WHERE email = ?) AS found
SELECT NOT EXISTS (SELECT 1 FROM users) AS empty
SELECT id FROM users WHERE name LIKE '%' || ? || '%'
SELECT id FROM users WHERE name LIKE ? || '%' ESCAPE '\'
SELECT id FROM users WHERE lower(name) LIKE '%' || lower(?) || '%' ORDER BY name LIMIT 20
SELECT CAST(total AS INTEGER), CAST(total AS REAL), CAST(id AS TEXT) FROM orders
SELECT id, cast(total / 100.0 AS text) || ' EUR' FROM orders
SELECT "name" FROM "users" WHERE "name" = 'x' -- by hand
SELECT /* the newest */ id FROM users ORDER BY id DESC LIMIT 1
SELECT [id], [name] FROM [users]
SELECT percent_rank() OVER (ORDER BY total) AS p, cume_dist() OVER (ORDER BY total) FROM orders
SELECT sum(n) OVER (ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM stats
SELECT round(avg(total), 2) AS mean, count(*) AS n FROM orders WHERE created_at BETWEEN date('now', '-1 month') AND date('now')
SELECT day, n, sum(n) OVER (ORDER BY day) AS so_far FROM (SELECT date(created_at) AS day, count(*) AS n FROM users GROUP BY 1)
SELECT coalesce(max(version), 0) + 1 FROM documents WHERE name = ?
SELECT id, name FROM users WHERE id > ? ORDER BY id LIMIT ?
SELECT key, value FROM settings
SELECT value FROM settings WHERE key = 'theme'
SELECT u.name, count(*) AS n FROM users AS u, orders AS o WHERE u.id = o.user_id GROUP BY u.id ORDER BY n DESC LIMIT 3
SELECT id FROM users WHERE unlikely(age > 100)
SELECT ltrim(number, '0'), rtrim(name), trim(name, '"') FROM invoices
SELECT sign(balance), ceil(balance), floor(balance), sqrt(abs(balance)) FROM accounts
SELECT count(DISTINCT date(created_at)) FROM events
SELECT id FROM users WHERE age IS NOT NULL AND age NOT BETWEEN 18 AND 65
SELECT id FROM users WHERE age == 3
SELECT id FROM users WHERE name IN tags
