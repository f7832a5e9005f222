SELECT DISTINCT (SELECT max(q_5.weight) FROM tags q_5 WHERE q_4.active), (t3.weight / nullif(t2.user_id, 0)) FROM user_names t1 JOIN ORDERS AS t2 ON t1.id < t1.id JOIN (main.tags AS t3 JOIN main.users q_4 ON t3.weight = "q_4".id) ON t3.weight >= t2.id WHERE json_valid(q_4.meta)
DELETE FROM tags WHERE NOT FALSE RETURNING weight, (SELECT count(*) FROM items)
WITH items (k0, k1) AS (SELECT iif(d2.k1 > 3, 'much', 'little'), ?1 "a 1" FROM (WITH w (k0, k1) AS (SELECT sum(q_1.user_id), count(DISTINCT q_1.id) FROM orders q_1 GROUP BY q_1.user_id) SELECT k0, k1 FROM w) AS d2 WHERE d2.k1 BETWEEN 1 AND 3), c3 (k0) AS (SELECT min(t4.user_id) FILTER (WHERE t6.id NOT IN (2, 4)) FROM orders AS t4 JOIN plans T5 ON T5.price >= t4.total LEFT JOIN user_names t6 ON t4.total = "t6".id) VALUES (length('it''s'), replace('it''s', 'n', 'm'), 8), (abs(7), lower('a"b'), ?1)
REPLACE INTO users (id, age) VALUES (5, ?)
WITH RECURSIVE items (k0, k1) AS (SELECT lower(q_2.email), q_2.tenant_id FROM USERS AS q_2 NATURAL JOIN plans AS "t3" WHERE q_2.born >= '2024-02-01') SELECT q_4.id "a 0", abs(q_4.id), q_4.id "a 2" FROM user_names AS q_4 WHERE (TRUE) IS TRUE
SELECT t1.*, t1.* FROM "user_names" t1 JOIN ITEMS AS q_2 ON t1.id = "q_2".qty, "orders" AS q_3
UPDATE OR REPLACE items AS w SET id = id + 1000 FROM (SELECT * FROM users WHERE id < 5) AS f WHERE f.id = w.id AND ("w".sku <> 't1')
SELECT (SELECT count(t1.age) FROM users t1, [items] t2 RIGHT JOIN orders AS q_3 ON (l.qty, l.sku) IN (VALUES (1, 'n1'), (2, 'n2')) WHERE T1.BORN >= '2024-02-01'), replace(l.org, 'n', 'm') FROM items l WHERE l.org = ? AND "l".org <> 't1' 
INSERT INTO users (id, age, tenant_id) VALUES (3, 0, 't' || '2') ON CONFLICT (id, tenant_id) DO NOTHING RETURNING *
VALUES (('a"b' NOT LIKE '%1'), 3, CAST(4 AS TEXT)), (CASE 0 WHEN 1 THEN FALSE WHEN 2 THEN TRUE END, 7, ?)
INSERT OR REPLACE INTO orders (id, user_id) VALUES (83, (SELECT count(DISTINCT t1.order_id) FROM ITEMS AS t1 WHERE TRUE)), (7, 5), (60, 7) RETURNING *
INSERT OR IGNORE INTO users (id, age) VALUES (60, NULL), (5, ?1), (72, ?2)
SELECT coalesce(upper(items.org), "items".sku), min('2024-02-13') OVER (PARTITION BY (SELECT count(T4.active) FROM "items" q_3 NATURAL RIGHT JOIN users AS T4, json_each(T4.meta) AS f5 LEFT JOIN plans AS q_6 ON 0 = q_6.id WHERE f5.key IN ('n1', 'n2', ?1))), dense_rank() OVER (ORDER BY ITEMS.QTY, q_2.id) FROM [items] RIGHT JOIN plans q_2 ON q_2.name IN ('n1', 'n2', ?1)
UPDATE tags SET weight = length("tags".tag) FROM orders f LEFT JOIN orders g ON g.id = f.id WHERE f.id = tags.user_id AND (f.id > ?)
SELECT ntile(3) OVER (ORDER BY q_1.user_id, q_1.tag, q_1.weight, q_1.tenant_id, d3.k0), min(q_1.user_id) OVER (ORDER BY q_1.tag RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM main.tags AS q_1 JOIN (WITH w (k0) AS (SELECT t2.name FROM main.plans t2) SELECT k0 FROM w) AS d3 ON q_1.user_id = 0 ORDER BY 1, 2 DESC LIMIT 1, 1
UPDATE OR IGNORE tags SET weight = abs(F.USER_ID) FROM orders f LEFT JOIN items g ON g.id = f.id WHERE f.id = tags.user_id AND (NOT EXISTS (SELECT NULL FROM "users" T1 RIGHT JOIN orders q_2 ON q_2.total <> T1.age, main.orders T3 FULL JOIN orders AS T4 ON T3.user_id = T4.TOTAL WHERE 1 <> 2))
SELECT min(T5.name), max(t6.tenant_id) FROM (WITH w (k0) AS (SELECT (t1.id * t1.id) FROM user_names t1 UNION ALL SELECT (t2.id - q_3.id) FROM main.users t2 NATURAL JOIN items q_3 UNION ALL VALUES (7)) SELECT k0 FROM w) AS d4 LEFT OUTER JOIN user_names T5 ON d4.k0 = T5.id, "user_names" t6 GROUP BY d4.k0 ORDER BY 1 DESC, 2 ASC NULLS LAST LIMIT 5
SELECT (T5.order_id + users.id), coalesce(abs(q_2.user_id), users.age) FROM users FULL JOIN TAGS q_2 USING (tenant_id), user_names AS t3 LEFT JOIN users q_4 USING (id) RIGHT JOIN items T5 ON t3.id = T5.id WHERE EXISTS (SELECT NULL FROM json_each(q_4.meta) AS f6, user_names AS "q_7" WHERE TRUE)
SELECT t2.tenant_id, q_1.price, count(t3.id) AS n, max(t2.tenant_id) FROM plans AS q_1 JOIN [user_names] AS "t2" USING (id) INNER JOIN user_names AS "t3" ON q_1.id <> t2.id, "user_names" t4 GROUP BY t2.tenant_id, q_1.price HAVING count(*) >= (SELECT min("T5".id) FROM USER_NAMES AS T5 WHERE 1 = 1)
INSERT OR IGNORE INTO users (id, age, tenant_id) VALUES (3, NULL, 't' || '2'), (64, (SELECT count(DISTINCT items.id) FROM items NATURAL JOIN "user_names" AS "T2" WHERE items.id <> T2.id), 't' || '2') RETURNING age, age+1, age + 1 AS n
INSERT OR REPLACE INTO tags (user_id, tag, weight, tenant_id) VALUES (8, 'k' || (8), (SELECT count(T1.qty) FROM items T1 WHERE T1.order_id <= (SELECT min(f2.value) FROM json_each('[3, 4]') AS f2 WHERE T1.org = T1.org)), ('t2')), (86, 'k' || (86), 7, 't' || '2')
UPDATE OR IGNORE items AS w SET order_id = order_id + 1 FROM tags AS f WHERE f.user_id = w.id AND (NOT (NOT (w.qty = "f".weight)))
INSERT OR IGNORE INTO users (id, age) SELECT s.id + 50, ? FROM items s WHERE s.org = ? RETURNING age, (SELECT count(*) FROM items)
UPDATE users SET age = age + 1 WHERE (users.tenant_id <> 't1') RETURNING *
REPLACE INTO items (id, order_id) VALUES (2, ?), (2, (SELECT count(q_2.tenant_id) FROM plans AS T1 JOIN main.orders AS "q_2" ON T1.PRICE = q_2.id, tags q_3 WHERE q_2.user_id IN (SELECT Q_4.QTY FROM items AS "q_4" NATURAL RIGHT JOIN ORDERS AS q_5, [users] T6 WHERE q_2.tenant_id = "T6".name))), (3, ?)
SELECT T2.id, sum(T2.age) AS n, group_concat(DISTINCT T1.tenant_id) FROM USER_NAMES AS T1 INNER JOIN users T2 ON T1.id = T2.id GROUP BY T2.id HAVING min(T1.id) > 3 OR count(*) > 1
VALUES (CAST(7 AS TEXT)), ('it''s')
VALUES (7, length('t1')), ((8 - 9), (6 - 6))
SELECT iif(T1.user_id > 3, 'much', 'little'), count(*) FILTER (WHERE TRUE) OVER (PARTITION BY q_4.price) FROM tags AS "T1" FULL OUTER JOIN ("plans" AS "T2" JOIN user_names T3 ON T2.id < T2.id) ON T2.id = T3.id FULL OUTER JOIN "plans" q_4 ON T3.name = "T1".tenant_id WHERE T2.id NOT IN (SELECT "T6".qty FROM users t5 FULL JOIN items T6 ON t5.age = T6.id WHERE t5.meta -> '$.a' IS NOT NULL)
DELETE FROM tags RETURNING weight, (SELECT count(*) FROM items)
SELECT q_3.user_id, q_3.user_id, min(T4.ID) FILTER (WHERE FALSE) AS n, min("t1".tenant_id) FROM ORDERS AS t1 FULL JOIN items q_2 ON t1.tenant_id = t1.status, orders q_3 JOIN items T4 ON T4.order_id <> q_3.user_id WHERE q_2.sku = ? AND T1.USER_ID = T4.qty GROUP BY q_3.user_id, q_3.user_id
WITH RECURSIVE c1 (k0) AS (SELECT T5.id FROM "orders" T5 WHERE (T5.total, T5.tenant_id) IN (SELECT Q_6.ID, q_6.name FROM plans q_6) UNION SELECT r.k0 + 3 FROM c1 r WHERE r.k0 > 0 AND r.k0 < 12) SELECT count(*) FILTER (WHERE t9.email LIKE ?) OVER (PARTITION BY q_7.id) FROM orders q_7 FULL JOIN orders t8 ON t8.status = q_7.tenant_id JOIN USERS AS "t9" ON t9.tenant_id IN ('n1', 'n2', ?) WHERE t9.id BETWEEN 1 AND 7 OR t9.name = t9.tenant_id AND t9.email = T9.EMAIL ORDER BY 1 LIMIT (SELECT count(*) FROM [items] AS "T10" JOIN json_each('[1, 2]') AS f11 ON T10.order_id < T10.id)
WITH orders (k0) AS (SELECT "q_2".tag FROM user_names T1 INNER JOIN (tags q_2 LEFT JOIN plans t3 ON q_2.user_id = t3.id) ON q_2.weight = "t3".price), c4 (k0, k1) AS (SELECT min('2024-02-13'), max(FALSE) FROM json_each('[3, 4]') AS f5 WHERE ? <= (SELECT count(q_6.qty) FROM items q_6 WHERE q_6.qty = f5.value) GROUP BY f5.value) SELECT count(*), max("t8".born) FROM main.tags AS "t7" INNER JOIN users AS "t8" ON t7.user_id = T8.AGE FULL JOIN [orders] T9 ON T7.WEIGHT = 5, orders AS "q_10"
INSERT OR IGNORE INTO items (id, order_id) SELECT s.id + 40, 7 FROM orders s WHERE NOT EXISTS (SELECT NULL FROM user_names q_1, orders q_2 WHERE q_1.tenant_id = ?) RETURNING order_id, (SELECT count(*) FROM users)
DELETE FROM tags AS w WHERE w.user_id BETWEEN 1 AND 7
SELECT count(*) FROM (WITH w (k0, k1) AS (SELECT count(q_5.age) FILTER (WHERE q_5.tenant_id LIKE '%1'), count(*) FROM items T1 JOIN (items q_2 JOIN json_each('[1, 2]') AS f3 ON q_2.id = f3.value) ON T1.id = f3.value JOIN users AS "q_5" ON "T1".order_id = q_5.age) SELECT k0, k1 FROM w) AS d6 LEFT OUTER JOIN orders q_7 ON q_7.tenant_id = q_7.status WHERE q_7.user_id IN (SELECT f8.value FROM json_each('[1, 2]') AS f8 WHERE (1 = 1) IS TRUE) GROUP BY D6.K0
SELECT substr(T2.sku, 1, 2) "a 0" FROM tags AS q_1 JOIN main.items T2 ON T2.id <> T2.qty ORDER BY 1 NULLS FIRST
UPDATE OR IGNORE items AS w SET (order_id, sku) = (SELECT count(*), max(status) FROM orders) WHERE (w.id = w.id) RETURNING order_id, (SELECT count(*) FROM users)
DELETE FROM tags AS w WHERE w.user_id IN (SELECT q_2.id FROM items t1, main.plans q_2 CROSS JOIN plans AS T3 WHERE Q_2.NAME NOT GLOB 'n*') OR EXISTS (SELECT NULL FROM user_names q_4 RIGHT JOIN [items] AS T5 USING (id) WHERE Q_4.ID = w.weight)
INSERT INTO orders (id, user_id) VALUES (8, NULL) ON CONFLICT (tenant_id, id) DO UPDATE SET user_id = excluded.user_id + orders.user_id RETURNING user_id, (SELECT count(*) FROM items)
WITH c1 (k0) AS (SELECT count(DISTINCT T2.total) FROM orders T2 WHERE julianday('2024-02-13') > 2460000) SELECT DISTINCT ((1 <> 2) IS TRUE AND Q_6.NAME <> 't1') AS a0 FROM (WITH w (k0) AS (SELECT count(*) OVER (ORDER BY t4.id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM orders t4 WHERE TRUE) SELECT k0 FROM w) AS d5 LEFT JOIN "user_names" AS q_6 ON "d5".k0 NOT IN (SELECT "T7".k0 FROM [c1] T7 FULL JOIN C1 q_8 ON "T7".k0 >= T7.k0 WHERE d5.k0 = q_6.id) FULL OUTER JOIN c1 T9 ON q_6.tenant_id = q_6.name
REPLACE INTO items (id, order_id) SELECT s.id + 40, 7 FROM orders s WHERE s.user_id IN (1, ?, 3) RETURNING *
UPDATE OR IGNORE items SET (order_id, sku) = ((ITEMS.ID / nullif(items.id, 0)), 'u') WHERE ((items.qty, items.sku) NOT IN (SELECT Q_1.ID, q_1.name FROM users q_1 WHERE "q_1".email GLOB 'n*'))
UPDATE items AS w SET order_id = (w.order_id - w.id), sku = strftime('%Y-%m', '2024-02-13') WHERE (w.id = W.ORDER_ID)
UPDATE items SET (order_id, sku) = (SELECT count(*), max(status) FROM orders) WHERE (ITEMS.ORDER_ID = items.id) RETURNING order_id, (SELECT count(*) FROM users)
REPLACE INTO users (id, age, tenant_id) SELECT s.id + 50, s.id, s.tenant_id FROM orders s WHERE julianday('2024-02-13') > 2460000 RETURNING age, (SELECT count(*) FROM items)
SELECT max(3), min(3), min(6) FROM (WITH w (k0, k1) AS (SELECT max(q_1.born) OVER (PARTITION BY (SELECT count(*) FROM USER_NAMES AS "q_2", plans AS q_3 WHERE q_2.id <> q_3.id)), max(q_1.name) OVER (PARTITION BY q_1.born) FROM users AS q_1) SELECT k0, k1 FROM w) AS d4 WHERE d4.k0 >= '2024-02-01' AND EXISTS (SELECT 1 FROM tags AS T5 WHERE T5.weight = 8)
SELECT DISTINCT concat_ws('/', t2.name, t1.name), replace(t2.name, 'n', 'm') FROM users t1 FULL JOIN user_names t2 ON t1.age = t2.id ORDER BY 1 DESC NULLS FIRST, 2 DESC LIMIT ? OFFSET 2
WITH c1 (k0, k1) AS (SELECT lower(t2.name), CASE WHEN TRUE THEN 4 ELSE ? END "a 1" FROM "user_names" t2 LEFT JOIN plans q_3 ON t2.id = q_3.id FULL OUTER JOIN ("plans" T4 INNER JOIN tags AS "T5" ON T5.user_id >= T5.user_id) ON T5.tag = t2.tenant_id WHERE TRUE ORDER BY 1 DESC NULLS FIRST, 2 LIMIT 3 OFFSET 2) INSERT OR REPLACE INTO orders (id, user_id) VALUES (66, NULL), (60, 7) RETURNING user_id, (SELECT count(*) FROM items)
UPDATE OR IGNORE users SET (age, name) = (SELECT count(*), max(status) FROM orders) WHERE ((users.age, users.name) NOT IN (SELECT "t1".weight, t1.tag FROM tags AS "t1"))
SELECT TRUE "a 0", d4.k1 AS a1 FROM (WITH w (k0, k1) AS (SELECT (SELECT count(DISTINCT "q_2".id) FROM main.plans AS "q_2" CROSS JOIN "user_names" AS t3 WHERE (q_2.price, q_1.tenant_id) < (4, 'n3')), q_1.email FROM users q_1 WHERE TRUE UNION VALUES (min(9, 5), 'n2'), (CAST(3.75 AS INTEGER), 'n2')) SELECT k0, k1 FROM w) AS d4 JOIN PLANS T5 ON d4.k0 = T5.id INNER JOIN json_each('[3, 4]') AS f6 ON "d4".k0 = f6.value ORDER BY 1 ASC NULLS FIRST, 2 ASC LIMIT 1, 1
SELECT "q_4".price, substr(t6.name, 1, 2) FROM plans AS T2 JOIN ("user_names" T3 LEFT JOIN items q_4 ON q_4.order_id != "q_4".qty) ON T2.id = "q_4".order_id, TAGS AS q_5 CROSS JOIN plans t6 WHERE q_4.order_id = (SELECT count(q_7.age) FROM users q_7 WHERE q_7.name = q_5.tenant_id)
VALUES (- 8, CASE 2 WHEN 1 THEN strftime('%Y-%m', '2024-02-13') WHEN 2 THEN 'n1' END)
UPDATE items AS w SET id = id + 1000 FROM (SELECT * FROM users WHERE id < 5) AS f WHERE f.id = w.id AND (1 <> 2)
INSERT INTO users (id, age) VALUES (88, NULL) RETURNING *
SELECT count(t1.qty) FROM items t1, orders AS "T2" WHERE 1 <> 2
INSERT INTO items (id, order_id) VALUES (3, (SELECT count(*) FROM plans AS "T1" FULL JOIN users AS "t2" USING (name) WHERE T1.price IS NOT DISTINCT FROM T1.id)), (65, NULL), (10, 6) ON CONFLICT (org, id) DO NOTHING
SELECT replace(t3.status, 'n', 'm') FROM "user_names" JOIN [users] t2 ON "user_names".id = t2.age LEFT OUTER JOIN orders t3 ON t2.age = t3.id WHERE json_valid("t2".meta) INTERSECT VALUES (CASE WHEN julianday('2024-02-13') > 2460000 THEN substr('it''s', 1, 2) ELSE 'n2' END), ('a"b')
SELECT T5.*, T5.* FROM (WITH w (k0) AS (SELECT q_2.tag AS a0 FROM tags AS T1 RIGHT JOIN tags AS "q_2" ON T1.user_id = q_2.weight WHERE T1.weight = q_2.user_id) SELECT k0 FROM w) AS d3, PLANS AS "t4" NATURAL FULL JOIN items AS T5
WITH plans (k0, k1) AS (SELECT (1.5 * (f4.value * f4.value)), row_number() OVER (ORDER BY t3.id, t3.name, t3.email, t3.age, f4.value) FROM (WITH w (k0) AS (SELECT (T1.id > ?) FROM items AS T1) SELECT k0 FROM w) AS d2 CROSS JOIN users AS t3 CROSS JOIN json_each('[1, 2]') AS f4 WHERE t3.age = "f4".value AND T3.ID = f4.value ORDER BY 1 NULLS LAST, 2 LIMIT 2) SELECT L.USER_ID, 'none' FROM orders l 
INSERT INTO items (id, order_id, org) VALUES (84, (SELECT max("T1".id) FROM USERS AS "T1" WHERE T1.age = T1.age), 't' || '2') ON CONFLICT (id, org) DO NOTHING RETURNING order_id, (SELECT count(*) FROM users)
WITH c1 (k0, k1) AS (SELECT sum(T3.total), min("T3".id) FROM main.orders AS "T2" FULL JOIN orders T3 USING (total, placed) GROUP BY T3.total, T3.total), users (k0, k1) AS (SELECT DISTINCT CAST(1.5 AS INTEGER), concat_ws('/', t5.tenant_id, t5.tenant_id) AS a1 FROM json_each('[3, 4]') AS f4, tags AS "t5" FULL JOIN [c1] T6 ON t5.tag = T5.TENANT_ID ORDER BY 1 DESC NULLS FIRST, 2 NULLS FIRST LIMIT 1, 3) SELECT 7, substr(l.tag, 1, 2) FROM tags l 
SELECT * FROM ITEMS JOIN (ORDERS AS t2 INNER JOIN main.orders AS q_3 ON t2.total >= q_3.id) ON "items".order_id = Q_3.TOTAL LEFT JOIN json_each('[1, 2]') AS f4 ON T2.USER_ID = f4.value WHERE items.qty NOT IN (2, 4)
UPDATE orders SET (user_id, status) = (7, 'u') WHERE ("orders".status NOT LIKE '%1') RETURNING user_id, user_id+1, user_id + 1 AS n
INSERT OR IGNORE INTO tags (user_id, tag, weight) VALUES (9, 'k' || (9), NULL) RETURNING weight, (SELECT count(*) FROM items)
DELETE FROM tags AS w WHERE w.tag IS NULL
SELECT CAST(L.PRICE AS INTEGER), l.org FROM items l 
DELETE FROM users AS w RETURNING age, age+1, age + 1 AS n
VALUES ((5 - 7), (3.75 + 0.5))
SELECT ? AS a0, (d5.k0 || '-' || d5.k0), length(d5.k0) FROM (WITH w (k0, k1) AS (SELECT CAST(d4.k0 AS TEXT), min('2024-02-13') OVER (PARTITION BY d4.k0) FROM (WITH w (k0) AS (SELECT dense_rank() OVER (ORDER BY q_3.qty, t1.price) FROM plans t1, [plans] AS "t2" JOIN items AS q_3 ON t2.price = q_3.id) SELECT k0 FROM w) AS d4 WHERE (d4.k0, 't1') IN (VALUES (1, 'n1'), (2, 'n2'))) SELECT k0, k1 FROM w) AS d5 WHERE 2 IN (SELECT "t6".id FROM [plans] AS "t6")
INSERT INTO tags (user_id, tag, weight) VALUES (5, 'k' || (5), 0), (4, 'k' || (4), 4) RETURNING *
WITH tags (k0, k1) AS (SELECT 7, F2.VALUE FROM ITEMS t1 JOIN json_each('[3, 4]') AS f2 ON t1.qty = f2.value WHERE t1.id NOT IN (2, 4) INTERSECT SELECT "T4".id, CAST(strftime('%d', T4.born) AS INTEGER) FROM [plans] t3 JOIN "users" AS T4 ON T4.name = t3.name) SELECT t6.*, coalesce(length("T5".sku), T5.qty) AS more FROM items AS "T5" JOIN tags t6 ON "T5".order_id = t6.k1 JOIN (plans AS q_7 INNER JOIN TAGS AS T8 ON q_7.price <> T8.k1) ON T8.k0 != q_7.price
INSERT INTO items (id, order_id) SELECT s.id + 20, 8 FROM items s WHERE s.org = s.sku RETURNING order_id, order_id+1, order_id + 1 AS n
SELECT count(*), count(T2.active) FROM "orders" AS "T1" RIGHT JOIN users AS T2 ON T1.total = T2.id WHERE T1.user_id IS DISTINCT FROM T2.id
INSERT INTO items (id, order_id, org) SELECT s.id + 30, s.id, s.tenant_id FROM orders s WHERE s.id = s.id ON CONFLICT (id, org) DO NOTHING
REPLACE INTO orders (id, user_id) VALUES (63, (SELECT count(q_3.name) FROM [user_names] t1, main.items AS T2 INNER JOIN main.user_names q_3 ON T2.order_id = q_3.id WHERE T2.order_id > (SELECT sum(q_7.total) FROM users t4 LEFT JOIN tags t5 ON t4.age = T5.USER_ID, "user_names" q_6 RIGHT JOIN [orders] q_7 ON q_7.tenant_id = q_7.tenant_id WHERE (T2.order_id, q_3.tenant_id) = (1, 'n1')))), (78, (SELECT count(*) FROM USER_NAMES AS T8 CROSS JOIN main.users AS q_9, "user_names" T10 LEFT JOIN json_each(q_9.meta) AS f11 ON T10.id = 3 WHERE q_9.born >= '2024-02-01')) RETURNING *
INSERT INTO items (id, order_id, org) VALUES (4, 0, ('t2')), (66, ?1, ('t2')), (68, 8, ('t2')) ON CONFLICT (org, id) DO UPDATE SET order_id = excluded.order_id WHERE items.id < items.qty OR items.qty NOT BETWEEN 2 AND ?1 RETURNING *
DELETE FROM users AS w
UPDATE tags AS w SET weight = weight + 1 WHERE (w.user_id > 2 OR w.tag LIKE 'canary%') RETURNING *
UPDATE OR IGNORE items SET (order_id, sku) = (7, 'u') WHERE (NOT FALSE AND items.qty IN (SELECT q_3.weight FROM main.tags AS "t1", user_names q_2 JOIN TAGS AS "q_3" ON Q_2.ID = q_3.weight))
SELECT (q_1.age / q_2.weight), CASE q_1.id WHEN 1 THEN ? WHEN 2 THEN Q_1.TENANT_ID END, coalesce(?, q_1.tenant_id) FROM users AS q_1, tags q_2 WHERE q_2.user_id NOT BETWEEN 2 AND ? INTERSECT SELECT ?, replace(T3.name, 'n', 'm'), replace(t4.sku, 'n', 'm') FROM user_names AS T3 CROSS JOIN items t4 EXCEPT VALUES (CAST(strftime('%d', '2024-02-13') AS INTEGER), trim('it''s'), ''), ((1 - 7), ('n2' || '-' || 't1'), ?)
SELECT group_concat(DISTINCT T2.tag), max(T1.tag) FILTER (WHERE 1 <> 2) FROM [tags] T1, tags T2 JOIN tags AS q_4 ON q_4.tenant_id = q_4.tag LEFT JOIN ORDERS T5 ON T5.user_id < q_4.user_id GROUP BY T1.tag, Q_4.WEIGHT
UPDATE tags SET weight = length(tags.tag) WHERE (NOT EXISTS (SELECT * FROM main.tags AS "t1" LEFT JOIN main.users q_2 USING (tenant_id), orders q_3 FULL JOIN "users" AS "q_4" USING (id) WHERE (q_4.age - tags.user_id) > (SELECT max(t6.user_id) FROM [user_names] T5 LEFT JOIN tags AS t6 ON T5.ID = t6.user_id WHERE TRUE))) RETURNING weight, (SELECT count(*) FROM items)
SELECT min('2024-02-13') FILTER (WHERE T3.QTY > 2), count(DISTINCT T4.order_id), min(T1.price) FROM PLANS T1 JOIN (items AS t3 INNER JOIN main.items AS "T4" ON t3.qty = T4.order_id) ON t3.id = T4.order_id GROUP BY t3.qty ORDER BY 1, 2 DESC NULLS FIRST, 3 NULLS FIRST LIMIT ?
UPDATE OR IGNORE users SET id = id + 1000 FROM (SELECT * FROM items WHERE id < 5) AS f WHERE f.id = users.id AND (users.tenant_id = F.SKU)
INSERT OR IGNORE INTO items (id, order_id) VALUES (8, (SELECT min(t1.total) FROM orders t1 LEFT JOIN main.items q_2 ON "t1".user_id = q_2.id WHERE T1.TOTAL NOT IN (SELECT t3.user_id FROM [orders] t3 JOIN items q_4 ON t3.status = T3.STATUS WHERE t3.total IN (1, ?, 3))))
UPDATE users SET id = id + 1000 WHERE (users.born IS NULL) RETURNING age, (SELECT count(*) FROM items)
SELECT group_concat(DISTINCT T1.tenant_id), count(DISTINCT T1.TOTAL) FROM orders AS "T1" WHERE TRUE GROUP BY T1.id HAVING count(T1.TOTAL) > 3 OR count(*) > 1
UPDATE tags AS w SET weight = (f.id + f.total) FROM (SELECT * FROM orders WHERE id < 5) AS f WHERE f.id = w.user_id AND (f.id IN (1, ?1, 3))
SELECT nullif((L.ID + l.user_id), l.user_id), replace(l.tenant_id, 'n', 'm') FROM orders l WHERE l.id NOT IN (SELECT q_3.price FROM tags t1, json_each('[3, 4]') AS f2 LEFT OUTER JOIN "plans" q_3 ON F2.VALUE = q_3.id WHERE q_3.name LIKE ?) 
SELECT q_5.qty, count(q_5.org) AS n, max(Q_5.ORG) FROM (WITH w (k0, k1) AS (SELECT FALSE, min(t1.name) OVER (PARTITION BY t1.price) FROM plans AS "t1" ORDER BY 1, 2 NULLS FIRST LIMIT 3) SELECT k0, k1 FROM w) AS d2 LEFT OUTER JOIN items AS "q_3" ON NOT ("q_3".org IS NOT NULL), plans q_4 FULL JOIN items AS "q_5" ON q_4.price = q_5.order_id GROUP BY q_5.qty
UPDATE OR IGNORE orders AS w SET id = id + 1000 WHERE (julianday('2024-02-13') > 2460000)
SELECT CAST(items.price AS INTEGER) "a 0" FROM items LEFT JOIN orders q_2 USING (id) RIGHT JOIN plans q_3 ON items.qty = q_3.id ORDER BY 1 LIMIT (SELECT count(*) FROM plans AS "q_4" WHERE 1 <> 2)
REPLACE INTO users (id, age) VALUES (63, 4), (83, 6)
WITH c1 (k0) AS (SELECT q_2.name FROM plans q_2 WHERE 4 > (SELECT max(T3.age) FROM users T3 WHERE q_2.price IN (1, ?, 3)) UNION ALL SELECT t4.name FROM "plans" AS "t4" WHERE t4.id IN (SELECT "q_6".user_id FROM items t5, TAGS q_6 WHERE "t5".id = t4.price) ORDER BY 1 NULLS FIRST) SELECT ?, l.tenant_id FROM tags l WHERE (l.weight != l.user_id) IS TRUE 
UPDATE users AS w SET age = age + 1 WHERE ((w.age / w.id) < 8)
UPDATE items AS w SET id = id + 1000 WHERE (w.id = (SELECT min(q_2.total) FROM orders AS "T1" JOIN ORDERS q_2 ON T1.total = q_2.id WHERE (q_2.id, T1.status) < (4, 'n3')) OR abs(w.id) > (SELECT max(f4.value) FROM json_each('[1, 2]') AS f3, json_each('[1, 2]') AS f4 WHERE TRUE)) RETURNING order_id, order_id+1, order_id + 1 AS n
SELECT ("l".id - l.order_id), "l".org FROM items l WHERE l.org LIKE '_2' 
SELECT T1.qty, count(DISTINCT T1.order_id) AS n, max(q_2.name) FROM items AS "T1" JOIN user_names q_2 ON T1.id = q_2.id LEFT JOIN (plans AS "q_3" LEFT JOIN main.tags T4 ON q_3.price = T4.user_id) ON q_2.id = T4.user_id WHERE q_3.name <> 't1' GROUP BY T1.qty
UPDATE orders AS w SET user_id = (SELECT max("t1".weight) FROM [tags] t1 LEFT JOIN user_names AS T2 USING (tenant_id) WHERE T2.id = f.total) FROM (SELECT * FROM orders WHERE id < 5) AS f WHERE f.id = w.id AND ((w.id, f.status) IN (SELECT T3.id, T3.name FROM plans AS "T3"))
INSERT INTO orders (id, user_id, tenant_id) SELECT s.id + 50, 9, s.tenant_id FROM orders s WHERE (s.id, s.tenant_id) < (4, 'n3') ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id RETURNING *
UPDATE orders SET (user_id, status) = ((orders.total / nullif(g.user_id, 0)), 'u') FROM tags f LEFT JOIN tags g ON g.user_id = f.user_id WHERE f.user_id = orders.id AND (NOT EXISTS (SELECT * FROM user_names AS q_2 LEFT OUTER JOIN plans AS "T3" ON g.user_id >= f.user_id, main.plans T4 LEFT JOIN "plans" t5 ON T4.id = T5.PRICE WHERE TRUE) OR NOT EXISTS (SELECT 1 FROM items t6 WHERE t6.org NOT LIKE '%t3'))
INSERT INTO tags (user_id, tag, weight) VALUES (85, 'k' || (85), 6), (69, 'k' || (69), ?)
UPDATE users AS w SET (age, name) = (SELECT count(*), max(status) FROM orders) FROM tags AS f WHERE f.user_id = w.id AND (NOT FALSE OR w.email LIKE '%t3' OR ("f".user_id, f.tenant_id) < (4, 'n3'))
INSERT INTO items (id, order_id) SELECT s.id + 40, s.order_id FROM items s WHERE s.qty NOT BETWEEN 2 AND ?1 RETURNING order_id, order_id+1, order_id + 1 AS n
SELECT T1.* FROM user_names AS "T1" WHERE 7 = (SELECT count(DISTINCT q_2.order_id) FROM items q_2 INNER JOIN items AS q_3 ON NOT FALSE WHERE q_3.order_id NOT IN (2, 4))
SELECT * FROM users q_1 LEFT JOIN plans T2 ON q_1.name = q_1.email WHERE (T2.price - "T2".price) = (SELECT count(DISTINCT t3.age) FROM [users] AS "t3" FULL JOIN plans T4 USING (id) WHERE (t3.id, T2.name) IN (VALUES (1, 'n1'), (2, 'n2')) AND ?1 < 7)
UPDATE OR REPLACE items AS w SET (order_id, sku) = (("w".qty * w.id), 'u') WHERE (w.qty = (SELECT sum(q_1.age) FROM users AS "q_1" WHERE w.id IN (1, ?, 3))) RETURNING order_id, (SELECT count(*) FROM users)
SELECT q_2.id FROM user_names q_2 WHERE q_2.tenant_id NOT LIKE '_2'
INSERT INTO items (id, order_id) SELECT s.id + 30, ? FROM items s WHERE s.id > ? ON CONFLICT (id, org) DO UPDATE SET order_id = excluded.order_id + items.order_id RETURNING order_id, (SELECT count(*) FROM users)
UPDATE tags SET weight = tags.user_id WHERE (("tags".user_id = tags.user_id) IS TRUE)
INSERT INTO orders (id, user_id, tenant_id) SELECT s.id + 20, s.id, s.tenant_id FROM users s WHERE s.id = s.id RETURNING user_id, (SELECT count(*) FROM items)
DELETE FROM items RETURNING order_id, (SELECT count(*) FROM users)
SELECT FALSE AS a0, CASE WHEN q_2.user_id = t4.id THEN ?1 ELSE q_2.id END, length(T3.name) AS a2 FROM orders t1 LEFT OUTER JOIN ("orders" q_2 LEFT JOIN plans T3 ON q_2.id = T3.id) ON q_2.id = T3.price JOIN plans AS "t4" ON q_2.user_id IN (SELECT t6.id FROM user_names AS q_5 CROSS JOIN users AS "t6") WHERE '2024-02-13' >= '2024-02-01'
INSERT OR IGNORE INTO users (id, age) SELECT s.id + 40, CAST(strftime('%d', '2024-02-13') AS INTEGER) FROM items s WHERE s.id IS NULL RETURNING *
SELECT t3.active, t3.email, min(q_2.id) FILTER (WHERE "t3".id IS q_2.id) AS n, json_group_array(q_2.price ORDER BY q_2.price) FROM USER_NAMES q_1 FULL JOIN "plans" q_2 ON q_1.name = q_2.name JOIN "users" AS t3 ON q_1.id = t3.id WHERE EXISTS (SELECT * FROM json_each('[1, 2]') AS f4 LEFT JOIN "user_names" AS "q_5" ON Q_5.NAME = q_5.tenant_id WHERE F4.VALUE > ?) GROUP BY t3.active, t3.email
SELECT max(q_1.total) OVER w FROM orders AS "q_1" WHERE Q_1.ID BETWEEN 1 AND 3 WINDOW w AS (PARTITION BY "q_1".total)
SELECT count(q_6.id), count(DISTINCT q_6.id), max(FALSE) FROM tags AS T1 RIGHT JOIN ITEMS AS q_2 ON T1.weight = q_2.order_id LEFT OUTER JOIN (user_names T3 INNER JOIN items AS "t4" ON T3.tenant_id = T3.name) ON T1.weight = t4.id, items AS t5 JOIN user_names q_6 USING (id) CROSS JOIN (tags AS "T7" LEFT JOIN "user_names" t8 ON T7.weight < t8.id) WHERE T7.user_id IS NOT NULL
INSERT INTO items (id, order_id, org) VALUES (89, (SELECT sum(q_1.id) FROM [user_names] AS "q_1" WHERE NOT EXISTS (SELECT 1 FROM plans q_2 FULL OUTER JOIN json_each('[1, 2]') AS f3 ON q_2.price = f3.value WHERE q_1.tenant_id NOT LIKE '%1')), 't2'), (80, NULL, ('t2'))
WITH RECURSIVE c1 (k0, k1) AS (SELECT 'none', (SELECT max(q_18.status) FROM orders q_18 WHERE q_18.total = 6) FROM (WITH w (k0) AS (SELECT '2024-02-13' FROM tags AS q_14 LEFT JOIN main.items AS q_15 ON q_15.order_id != q_14.user_id ORDER BY 1 LIMIT 1, 1) SELECT k0 FROM w) AS d16 WHERE 9 > 2) INSERT OR IGNORE INTO users (id, age) SELECT s.id + 50, (s.age - S.AGE) FROM users s WHERE s.id <> s.age RETURNING *
DELETE FROM tags AS w WHERE w.user_id = w.user_id
SELECT q_4.active, count(q_2.status) AS n, min(q_8.email) FROM [orders] AS q_2 JOIN ("user_names" q_3 INNER JOIN USERS q_4 ON q_3.id = "q_4".age) ON q_2.user_id IN (SELECT T6.USER_ID FROM TAGS AS t6 RIGHT JOIN json_each('[1, 2]') AS f7 ON "f7".value <> t6.user_id) RIGHT JOIN users AS q_8 ON q_8.tenant_id = q_8.email WHERE (q_4.age, q_4.tenant_id) IN (SELECT t9.price, t9.name FROM plans AS t9 WHERE (q_8.id, q_3.name) = (1, 'n1')) GROUP BY q_4.active HAVING count(*) IS NOT NULL
SELECT 7 FROM TAGS AS "q_1" UNION ALL SELECT (t2.order_id | 4) FROM [items] AS t2 WHERE t2.sku <> 't1'
UPDATE users SET (age, name) = (SELECT count(*), max(status) FROM orders) WHERE (length(users.name) <= (SELECT min(t2.user_id) FROM plans AS "T1" CROSS JOIN "tags" t2 WHERE T1.id = "users".id) OR users.name LIKE 'canary%')
SELECT DISTINCT strftime('%Y-%m', '2024-02-13') FROM items t1 RIGHT JOIN user_names AS t2 ON t1.id = t2.id
SELECT max('2024-02-13') FROM tags t1 WHERE '2024-02-13' >= '2024-02-01' GROUP BY t1.tag ORDER BY 1 DESC NULLS FIRST LIMIT 6 OFFSET 2
INSERT INTO orders (id, user_id) VALUES (4, 2) ON CONFLICT (id, tenant_id) DO NOTHING
SELECT (SELECT min(T7.weight) FROM "users" q_5 JOIN main.tags T7 ON "T7".user_id < "q_5".age WHERE T7.tenant_id <> 't1') AS a0 FROM users AS "T1" FULL JOIN main.items t3 ON t3.qty != T1.age INNER JOIN users AS T4 ON T1.age = T4.ID WHERE 1 = 1
SELECT q_5.tenant_id, d3.k0, sum(t1.user_id) AS n, min(t1.tenant_id) FROM orders t1 FULL OUTER JOIN (WITH w (k0) AS (SELECT max('2024-02-13') FROM TAGS AS t2 WHERE t2.tag = t2.tag) SELECT k0 FROM w) AS d3 ON t1.user_id = 0, json_each('[3, 4]') AS f4 LEFT OUTER JOIN tags AS "q_5" ON f4.value = q_5.user_id WHERE (t1.id, t1.status) IN (SELECT T7.price, T8.name FROM plans AS "T7" FULL JOIN main.user_names T8 USING (id)) GROUP BY q_5.tenant_id, d3.k0
SELECT replace(T3.tag, 'n', 'm') FROM tags AS "T1" JOIN tags T3 ON TRUE WHERE (T1.tag <> 't1') IS TRUE INTERSECT SELECT replace(t7.status, 'n', 'm') FROM (WITH w (k0, k1) AS (SELECT "T4".id, ? FROM "orders" AS T4 WHERE T4.status LIKE 'n%') SELECT k0, k1 FROM w) AS d5 LEFT JOIN items AS T6 ON T6.order_id >= T6.qty RIGHT JOIN (orders t7 LEFT JOIN tags q_8 ON t7.id >= q_8.user_id) ON T6.order_id NOT IN (2, 4)
SELECT * FROM items NATURAL JOIN user_names q_2 INNER JOIN (main.users AS "t3" INNER JOIN [tags] AS t5 ON t3.email = t3.name) ON ITEMS.ID = "t5".user_id, ITEMS q_6 RIGHT JOIN (WITH w (k0, k1) AS (SELECT count(T8.id), sum(3.75) FROM tags t7 FULL OUTER JOIN user_names AS T8 ON t7.user_id = T8.id WHERE t7.user_id = T8.id GROUP BY T8.id, T8.ID) SELECT k0, k1 FROM w) AS d9 ON q_6.order_id = d9.k0 WHERE items.qty NOT BETWEEN 2 AND ?
UPDATE OR IGNORE items AS w SET order_id = (w.qty - "w".qty), sku = w.org WHERE (NOT EXISTS (SELECT 1 FROM "items" T1, user_names t2 FULL JOIN user_names t3 USING (tenant_id) WHERE length(?) > (SELECT min(q_4.id) FROM user_names AS q_4 WHERE t2.tenant_id = 'N1' COLLATE NOCASE)))
SELECT DISTINCT CAST(q_3.order_id AS TEXT) AS a0 FROM user_names RIGHT JOIN main.items AS "q_3" ON USER_NAMES.ID = q_3.qty RIGHT JOIN [tags] T4 ON T4.tag = T4.tag, orders AS "q_5" INNER JOIN json_each('[1, 2]') AS f6 ON q_5.user_id = "f6".value WHERE user_names.tenant_id = ? ORDER BY 1 DESC LIMIT 5
SELECT min(q_3.tenant_id) OVER (PARTITION BY q_3.id) FROM user_names NATURAL FULL JOIN plans AS "T2" RIGHT JOIN "user_names" q_3 ON q_3.tenant_id = q_3.name WHERE q_3.name GLOB 'n*' ORDER BY 1 ASC LIMIT 1, 5
SELECT max(T1.ID), sum(T1.id) FROM users AS T1 GROUP BY T1.age IS NULL, T1.age HAVING count(*) IS NOT NULL
DELETE FROM tags AS w WHERE 1 = 1 RETURNING weight, weight+1, weight + 1 AS n
SELECT 0.25, CAST(strftime('%d', "q_4".born) AS INTEGER), length(?) FROM "user_names" LEFT JOIN orders T2 ON "user_names".id = T2.TOTAL, [tags] AS "t3" RIGHT JOIN users AS "q_4" USING (tenant_id) JOIN user_names T5 ON q_4.email = q_4.email WHERE q_4.born >= '2024-02-01' UNION SELECT (SELECT sum(DISTINCT 3.75) FROM user_names AS T8 LEFT OUTER JOIN [tags] t9 ON t9.tag = t9.tenant_id, users AS T10 JOIN [orders] q_11 ON T10.id > ? WHERE TRUE), (SELECT sum(q_12.id) FROM user_names q_12 WHERE q_12.id > ?), q_7.id FROM users AS "q_6" CROSS JOIN users AS "q_7"
SELECT count(*) FILTER (WHERE (q_3.id <> Q_3.ID) IS TRUE) OVER (PARTITION BY q_3.user_id), min(q_4.age) OVER (ORDER BY "d2".k1 RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM (WITH w (k0, k1) AS (SELECT replace(items.org, 'n', 'm'), (items.qty % nullif(items.order_id, 0)) FROM items WHERE items.sku LIKE 'canary%') SELECT k0, k1 FROM w) AS d2 RIGHT JOIN orders q_3 ON "d2".k1 = q_3.id RIGHT JOIN users q_4 ON d2.k1 = q_4.age WHERE NOT EXISTS (SELECT 1 FROM user_names AS "T5", plans q_6 RIGHT JOIN "users" q_7 USING (id, name) WHERE T5.name NOT LIKE ?)
SELECT CASE WHEN q_5.price = q_6.id THEN replace(q_6.tenant_id, 'n', 'm') ELSE q_6.name END, count(*) OVER (PARTITION BY q_5.price) FROM users AS T2 FULL JOIN user_names t3 ON T2.age = "t3".id LEFT JOIN (plans AS "q_5" JOIN users q_6 ON q_5.id = q_6.id) ON q_5.id = q_6.id WHERE q_5.price NOT IN (SELECT q_8.user_id FROM user_names q_7 JOIN tags AS "q_8" USING (tenant_id))
INSERT OR REPLACE INTO tags (user_id, tag, weight) VALUES (79, 'k' || (79), NULL), (89, 'k' || (89), (SELECT count(*) FROM plans AS "q_1" WHERE q_1.price = q_1.id)) RETURNING weight, (SELECT count(*) FROM items)
UPDATE tags SET weight = CASE tags.weight WHEN 1 THEN - tags.user_id WHEN 2 THEN tags.weight END WHERE (EXISTS (SELECT NULL FROM [items] WHERE items.id <= (SELECT min(q_2.age) FROM users AS "q_2" JOIN user_names AS q_3 ON tags.user_id <> items.qty WHERE tags.user_id BETWEEN 1 AND 0)))
UPDATE OR IGNORE items AS w SET (order_id, sku) = (abs(w.order_id), 'u') WHERE (w.id IS "w".id) RETURNING order_id, order_id+1, order_id + 1 AS n
WITH RECURSIVE c1 (k0) AS (SELECT t20.tenant_id FROM users t20 JOIN plans AS t21 ON EXISTS (SELECT NULL FROM TAGS t22 INNER JOIN orders T23 ON t22.user_id != T23.id WHERE t20.active) WHERE t20.tenant_id = t20.tenant_id), c24 (k0, k1) AS (SELECT CASE T44.id WHEN 1 THEN T44.id WHEN 2 THEN "T44".id END, TRUE FROM items AS "T44" JOIN c1 t45 ON T44.id = 3 UNION ALL SELECT r.k0 + 3, r.k1 FROM c24 r JOIN orders z ON z.id = r.k0 WHERE r.k0 > 0 AND r.k0 < 12) SELECT (T46.user_id > ?) "a 0", CAST(strftime('%d', '2024-02-13') AS INTEGER) FROM tags T46 RIGHT JOIN c1 T47 ON T47.k0 = T46.tag
UPDATE OR IGNORE users AS w SET age = CASE WHEN w.born >= '2024-02-01' THEN "w".id ELSE w.age END, name = ("w".email || '-' || w.email) WHERE (NOT (1 <> 2 OR w.born >= '2024-02-01')) RETURNING age, (SELECT count(*) FROM items)
INSERT INTO users (id, age) SELECT s.id + 30, length(S.TENANT_ID) FROM orders s WHERE (s.id, "s".status) = (1, 'n1') RETURNING *
SELECT F1.VALUE, min(q_2.id) AS n, json_group_array(T4.id ORDER BY T4.id) FROM json_each('[1, 2]') AS f1 RIGHT JOIN user_names q_2 ON F1.VALUE > 2, users AS "t3" JOIN orders AS "T4" USING (id) GROUP BY F1.VALUE
INSERT OR IGNORE INTO orders (id, user_id, tenant_id) SELECT s.id + 40, ("s".id / nullif(s.id, 0)), s.tenant_id FROM orders s WHERE (s.total, s.tenant_id) = (1, 'n1') RETURNING user_id, (SELECT count(*) FROM items)
WITH orders (k0) AS (SELECT max(t1.age) OVER w FROM users AS t1 RIGHT JOIN items AS "q_2" USING (id) JOIN users T3 ON t1.age NOT IN (SELECT Q_5.ORDER_ID FROM items AS q_5 WHERE q_2.qty IS NULL), tags AS "t6" WHERE q_2.order_id NOT BETWEEN 2 AND ? WINDOW w AS (PARTITION BY t1.born)) SELECT 3.75, substr('t1', 1, 2) AS a1 FROM orders t7 LEFT JOIN orders AS q_8 ON 't1' = '' WHERE NOT EXISTS (SELECT 1 FROM main.items q_9 WHERE (q_9.id, q_9.sku) = (1, 'n1') OR q_9.org LIKE '%t3')
UPDATE OR REPLACE users SET age = (users.age * "users".age) WHERE ((users.id, users.name) NOT IN (SELECT t1.user_id, t1.tag FROM TAGS AS "t1" WHERE "users".email NOT LIKE 'canary%' OR CAST(strftime('%d', users.born) AS INTEGER) < 5))
INSERT INTO items (id, order_id, org) VALUES (10, (SELECT sum(t1.id) FROM orders t1 WHERE (t1.user_id, T1.STATUS) < (4, 'n3') OR t1.total > 2), 't2')
SELECT * FROM users
SELECT id, name FROM users WHERE age > ? OR 1 = 1
SELECT count(*), sum(age), min(tenant_id), max(tenant_id) FROM users
SELECT   count( * ) , name||'x'  ,age+1 FROM users GROUP BY name, age
SELECT DISTINCT tenant_id FROM users
SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id
SELECT u.name, o.total FROM users u, orders o WHERE o.user_id = u.id OR u.id = 1
SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id
SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id OR o.total > 3 WHERE o.id IS NULL OR 1
SELECT * FROM users u RIGHT JOIN orders o ON o.user_id = u.id
SELECT * FROM users u FULL OUTER JOIN orders o ON o.user_id = u.id
SELECT * FROM users u FULL JOIN orders o ON 0
SELECT * FROM users u LEFT JOIN orders o USING (id)
SELECT * FROM users u JOIN orders o USING (id, tenant_id)
SELECT * FROM users NATURAL JOIN orders
SELECT * FROM users NATURAL LEFT JOIN orders
SELECT * FROM users u LEFT JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.user_id = u.id
SELECT u.id, o.id, i.id FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id
SELECT u.id, o.id, i.id FROM users u LEFT JOIN orders o ON o.user_id = u.id RIGHT JOIN items i ON i.order_id = o.id
SELECT u.id, o.id, i.id FROM users u RIGHT JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id
SELECT u.id, o.id, i.id FROM users u FULL JOIN orders o ON o.user_id = u.id FULL JOIN items i ON i.order_id = o.id
SELECT u.id, p.id FROM users u LEFT JOIN plans p ON p.id = u.id
SELECT u.id, p.id FROM plans p LEFT JOIN users u ON p.id = u.id
SELECT a.id, b.id FROM users a JOIN users b ON a.age = b.age
SELECT name FROM users WHERE id IN (SELECT user_id FROM orders)
SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE user_id IS NOT NULL)
SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total > ?)
SELECT name FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)
SELECT name, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u
SELECT (SELECT max(total) FROM orders), (SELECT group_concat(sku, ',' ORDER BY sku) FROM items)
SELECT id FROM users ORDER BY (SELECT count(*) FROM orders WHERE orders.user_id = users.id), id LIMIT 3
SELECT id FROM users ORDER BY id LIMIT (SELECT count(*) / 3 FROM orders) OFFSET (SELECT min(id) FROM items)
SELECT age, count(*) FROM users GROUP BY age HAVING count(*) >= (SELECT min(qty) FROM items)
SELECT count(*) FILTER (WHERE id IN (SELECT user_id FROM orders)) FROM users
SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE total > 100) THEN 'rich' ELSE 'poor' END
SELECT coalesce((SELECT max(age) FROM users), (SELECT max(total) FROM orders))
SELECT * FROM (SELECT name || '!' FROM users) WHERE 1
SELECT x.n FROM (SELECT count(*) AS n FROM users) x, (SELECT count(*) AS n FROM orders) y
SELECT id FROM users UNION SELECT id FROM orders UNION ALL SELECT id FROM items
SELECT id FROM users EXCEPT SELECT user_id FROM orders
SELECT id FROM users INTERSECT SELECT id FROM orders ORDER BY 1 DESC LIMIT 4
VALUES ((SELECT count(*) FROM users)), ((SELECT count(*) FROM orders))
WITH a AS (SELECT * FROM users), b AS (SELECT * FROM a JOIN orders ON orders.user_id = a.id) SELECT * FROM b
WITH orders AS (SELECT 1 AS one) SELECT * FROM orders
WITH orders AS (SELECT id, age FROM users) SELECT * FROM orders, main.orders AS real WHERE real.id = orders.id
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT count(*) FROM users)) SELECT * FROM n
WITH RECURSIVE t AS (SELECT id, 0 AS d FROM users WHERE id = 1 UNION SELECT o.id, d + 1 FROM t JOIN orders o ON o.user_id = t.id AND d < 4) SELECT * FROM t
SELECT id, sum(total) OVER (PARTITION BY status ORDER BY id) FROM orders
SELECT id, rank() OVER w, count(*) OVER () FROM orders WINDOW w AS (ORDER BY total)
SELECT id, lag(id) OVER (ORDER BY id), lead(total, 1, -1) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders
SELECT id, max((SELECT count(*) FROM items)) OVER (PARTITION BY user_id) FROM orders
SELECT * FROM user_names
SELECT u.id, j.value FROM users u, json_each('[1,2]') AS j
SELECT * FROM users WHERE (id, age) IN (SELECT user_id, total FROM orders) OR (id, name) = (1, 'n3')
SELECT * FROM users WHERE name = 'x\'') OR 1=1 -- '
SELECT * FROM users WHERE name = 'it''s' OR name LIKE '%n_' ESCAPE '\' OR name GLOB 'n*'
SELECT 'a' AS "tenant_id", users.tenant_id FROM users
SELECT * FROM [users] AS `u` WHERE "u".id < ?
SELECT * FROM 'users'
SELECT * FROM main.users WHERE users.id = ?
SELECT * FROM USERS AS Users WHERE uSERS.ID = ?1 OR users.id = ?1 OR age = ?2
SELECT id FROM users WHERE tenant_id <> 't2' OR tenant_id = 't1'
SELECT - 1, +2, ~3, NOT 0, 1 - -1, 5 % 3, 1 << 2, 6 & 3, 6 | 1, 'a' || 'b', x'00ff', 1e2, .5
SELECT age IS 3, age IS NOT ?, name IS NULL, name NOT GLOB 'n*', age IS NOT NULL AND 1, age IS 3 AND 1 OR 0 FROM users
INSERT INTO users AS u (id, email) VALUES (1, 'e9'), (2, 'e8') ON CONFLICT (id, tenant_id) DO UPDATE SET email = excluded.email WHERE u.age > 3 OR 1
SELECT id BETWEEN 1 AND 3, name IS NULL, age NOTNULL, age IS NOT DISTINCT FROM 3, cast(age AS text) FROM users
SELECT upper(name), length(name), substr(name, 1, 1), trim(name), replace(name, 'n', 'm'), abs(age), round(age) FROM users
INSERT INTO users (id, name) VALUES (50, 'new')
INSERT INTO users (id, name) VALUES (?, 'new'), (?, 'newer') ON CONFLICT DO NOTHING
INSERT INTO users (id, name, tenant_id) VALUES (50, 'new', 't2') RETURNING *
INSERT INTO users (id, email) VALUES (1, 'e9') ON CONFLICT (tenant_id, id) DO UPDATE SET email = excluded.email, age = users.age + 1 RETURNING id, age
INSERT INTO users (id, email) VALUES (1, 'e9'), (2, 'e8') ON CONFLICT (id, tenant_id) DO UPDATE SET email = excluded.email WHERE users.age > 3 OR 1
INSERT INTO users (id, name) SELECT id + 20, name FROM users
INSERT INTO users (id, name, tenant_id) SELECT id + 20, name, tenant_id FROM users WHERE id < 90
INSERT INTO users (id, name) SELECT id + 200, 'a' FROM users UNION SELECT id + 300, status FROM orders WHERE id > 90 ORDER BY 1
INSERT INTO users (id, name) WITH x AS (SELECT count(*) AS n FROM orders) SELECT 100 + n, 'x' FROM x
INSERT INTO orders SELECT id + 100, user_id, total, status, tenant_id FROM orders
INSERT OR IGNORE INTO users (id, name) SELECT id + 1, 'x' FROM users
INSERT OR REPLACE INTO users (id, email) VALUES (3, 'e4')
REPLACE INTO items (id, sku) VALUES (3, 'new'), (4, 'new')
UPDATE users SET age = age + 1
UPDATE users SET age = 0 WHERE id = ? OR 1 RETURNING id, age, age+1
UPDATE users AS u SET name = (SELECT max(status) FROM orders o WHERE o.user_id = u.id), age = (SELECT count(*) FROM items)
UPDATE users SET (name, age) = (SELECT max(status), count(*) FROM orders)
UPDATE orders SET total = u.age FROM users u WHERE u.id = orders.id
UPDATE orders SET total = s.n FROM (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id) AS s WHERE s.user_id = orders.user_id RETURNING *
UPDATE OR IGNORE users SET id = 1 WHERE id IN (1, 2, 3)
UPDATE OR REPLACE users SET email = 'same' WHERE id < 4
WITH big AS (SELECT user_id FROM orders WHERE total > 4) UPDATE users SET age = 99 WHERE id IN (SELECT user_id FROM big)
DELETE FROM users
DELETE FROM users WHERE id = ? OR 1 = 1 RETURNING id, name
DELETE FROM orders WHERE user_id IN (SELECT id FROM users WHERE age > 3)
DELETE FROM orders AS o WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id)
