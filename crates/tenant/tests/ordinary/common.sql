-- Django: the manager's own queries
SELECT "users"."id", "users"."name", "users"."email", "users"."age" FROM "users"
SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."id" = ? LIMIT 21
SELECT "users"."id" FROM "users" WHERE "users"."email" = ? ORDER BY "users"."id" ASC LIMIT 1
SELECT "users"."id" FROM "users" ORDER BY "users"."id" DESC LIMIT 1
SELECT COUNT(*) AS "__count" FROM "users"
SELECT COUNT(*) AS "__count" FROM "users" WHERE "users"."active"
SELECT COUNT(DISTINCT "orders"."user_id") AS "n" FROM "orders"
SELECT 1 AS "a" FROM "users" WHERE "users"."email" = ? LIMIT 1
SELECT (1) AS "a" FROM "users" WHERE ("users"."email" = ? AND NOT ("users"."id" = ?)) LIMIT 1
SELECT DISTINCT "users"."name" FROM "users" ORDER BY "users"."name" ASC
SELECT "users"."id" FROM "users" WHERE ("users"."age" >= ? AND "users"."age" < ?)
SELECT "users"."id" FROM "users" WHERE ("users"."name" = ? OR "users"."email" = ?)
SELECT "users"."id" FROM "users" WHERE NOT ("users"."name" IN (?, ?) AND "users"."name" IS NOT NULL)
SELECT "users"."id" FROM "users" WHERE "users"."id" IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
SELECT "users"."id" FROM "users" WHERE "users"."deleted_at" IS NULL ORDER BY "users"."name" ASC, "users"."id" DESC LIMIT 20 OFFSET 40
SELECT "users"."id" FROM "users" WHERE "users"."name" LIKE ? ESCAPE '!'
SELECT "orders"."id", "users"."id", "users"."name" FROM "orders" INNER JOIN "users" ON ("orders"."user_id" = "users"."id")
SELECT "orders"."id" FROM "orders" INNER JOIN "users" ON ("orders"."user_id" = "users"."id") WHERE "users"."email" = ? ORDER BY "orders"."created_at" DESC LIMIT 10
SELECT "orders"."id", "users"."id" FROM "orders" LEFT OUTER JOIN "users" ON ("orders"."user_id" = "users"."id") WHERE "users"."id" IS NULL
SELECT "orders"."id", T3."id" FROM "orders" INNER JOIN "users" ON ("orders"."user_id" = "users"."id") LEFT OUTER JOIN "users" T3 ON ("users"."manager_id" = T3."id")
SELECT "users"."id", COUNT("orders"."id") AS "orders__count" FROM "users" LEFT OUTER JOIN "orders" ON ("users"."id" = "orders"."user_id") GROUP BY "users"."id"
SELECT "users"."id", COUNT("orders"."id") AS "n" FROM "users" LEFT OUTER JOIN "orders" ON ("users"."id" = "orders"."user_id") GROUP BY "users"."id" HAVING COUNT("orders"."id") > ? ORDER BY "n" DESC
SELECT SUM("orders"."total") AS "total__sum", AVG("orders"."total") AS "total__avg" FROM "orders"
SELECT MIN("orders"."created_at") AS "first", MAX("orders"."created_at") AS "last" FROM "orders" WHERE "orders"."user_id" = ?
SELECT "orders"."status", COUNT("orders"."id") AS "n" FROM "orders" GROUP BY "orders"."status" ORDER BY "orders"."status" ASC
SELECT "posts"."id" FROM "posts" INNER JOIN "post_tags" ON ("posts"."id" = "post_tags"."post_id") INNER JOIN "tags" ON ("post_tags"."tag_id" = "tags"."id") WHERE "tags"."name" IN (?, ?)
SELECT ("post_tags"."post_id") AS "_prefetch_related_val_post_id", "tags"."id", "tags"."name" FROM "tags" INNER JOIN "post_tags" ON ("tags"."id" = "post_tags"."tag_id") WHERE "post_tags"."post_id" IN (?, ?, ?)
SELECT "users"."id" FROM "users" WHERE EXISTS(SELECT 1 AS "a" FROM "orders" U0 WHERE U0."user_id" = ("users"."id") LIMIT 1)
SELECT "users"."id" FROM "users" WHERE NOT (EXISTS(SELECT 1 AS "a" FROM "orders" U1 WHERE (U1."status" = ? AND U1."user_id" = ("users"."id")) LIMIT 1))
SELECT "users"."id", (SELECT U0."total" FROM "orders" U0 WHERE U0."user_id" = ("users"."id") ORDER BY U0."created_at" DESC LIMIT 1) AS "last_total" FROM "users"
SELECT "users"."id", CASE WHEN "users"."age" >= ? THEN ? WHEN "users"."age" IS NULL THEN ? ELSE ? END AS "bracket" FROM "users"
SELECT "users"."id" FROM "users" WHERE "users"."id" IN (SELECT U0."user_id" FROM "orders" U0 WHERE U0."total" > ?)
SELECT COUNT(*) FROM (SELECT DISTINCT "users"."name" AS "col1" FROM "users") subquery
SELECT COUNT(*) FROM (SELECT "orders"."user_id" AS "col1" FROM "orders" GROUP BY 1 HAVING SUM("orders"."total") > ?) subquery
SELECT AVG("__col1") FROM (SELECT COUNT("orders"."id") AS "__col1" FROM "orders" GROUP BY "orders"."user_id") subquery
SELECT "users"."id", COALESCE(SUM("orders"."total"), ?) AS "spent" FROM "users" LEFT OUTER JOIN "orders" ON ("users"."id" = "orders"."user_id") GROUP BY "users"."id"
SELECT "users"."id", ROW_NUMBER() OVER (PARTITION BY "users"."age" ORDER BY "users"."id") AS "rn" FROM "users"
SELECT * FROM (SELECT "orders"."id" AS "col1", ROW_NUMBER() OVER (PARTITION BY "orders"."user_id" ORDER BY "orders"."total" DESC) AS "qual0" FROM "orders") "qualify" WHERE "qual0" <= ?
INSERT INTO "users" ("name", "email", "age") VALUES (?, ?, ?)
INSERT INTO "users" ("name", "email") VALUES (?, ?), (?, ?), (?, ?)
UPDATE "users" SET "name" = ?, "email" = ? WHERE "users"."id" = ?
UPDATE "users" SET "age" = ("users"."age" + ?) WHERE "users"."id" = ?
UPDATE "users" SET "active" = ? WHERE "users"."id" IN (?, ?, ?)
UPDATE "orders" SET "status" = CASE WHEN ("orders"."id" = ?) THEN ? WHEN ("orders"."id" = ?) THEN ? ELSE NULL END WHERE "orders"."id" IN (?, ?)
UPDATE "users" SET "deleted_at" = CURRENT_TIMESTAMP WHERE ("users"."last_seen" < ? AND "users"."deleted_at" IS NULL)
DELETE FROM "users" WHERE "users"."id" IN (?)
DELETE FROM "orders" WHERE "orders"."user_id" = ?
DELETE FROM "post_tags" WHERE ("post_tags"."post_id" = ? AND "post_tags"."tag_id" IN (?, ?))
(SELECT "users"."name" AS "col1" FROM "users") UNION (SELECT "tags"."name" AS "col1" FROM "tags")
-- ActiveRecord
SELECT "users".* FROM "users" WHERE "users"."id" = ? LIMIT ?
SELECT "users".* FROM "users" ORDER BY "users"."id" ASC LIMIT ?
SELECT "users".* FROM "users" WHERE "users"."active" = ? ORDER BY "users"."created_at" DESC LIMIT ? OFFSET ?
SELECT "users".* FROM "users" INNER JOIN "orders" ON "orders"."user_id" = "users"."id" WHERE "orders"."status" = ?
SELECT DISTINCT "users".* FROM "users" INNER JOIN "orders" ON "orders"."user_id" = "users"."id"
SELECT "orders".* FROM "orders" WHERE "orders"."user_id" IN (?, ?, ?)
SELECT 1 AS one FROM "users" WHERE "users"."email" = ? LIMIT ?
SELECT 1 AS one FROM "users" WHERE "users"."email" = ? AND "users"."id" != ? LIMIT ?
SELECT COUNT(*) FROM "orders" WHERE "orders"."user_id" = ?
SELECT COUNT(*) FROM (SELECT 1 AS one FROM "users" LIMIT ?) subquery_for_count
SELECT COUNT(*) AS "count_all", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status"
SELECT SUM("orders"."total") FROM "orders" WHERE "orders"."created_at" BETWEEN ? AND ?
SELECT MAX("users"."age") FROM "users"
SELECT "users"."email" FROM "users"
SELECT "users"."id", "users"."email" FROM "users" WHERE ("users"."created_at" > ?)
SELECT "users".* FROM "users" WHERE (age > 18 AND name LIKE '%a%')
SELECT "users".* FROM "users" WHERE (age > 18) AND (email IS NOT NULL)
SELECT "users".* FROM "users" WHERE ("users"."name" = ? OR "users"."age" BETWEEN ? AND ?)
SELECT "users".* FROM "users" WHERE "users"."id" NOT IN (SELECT "orders"."user_id" FROM "orders")
SELECT "users"."id" AS t0_r0, "users"."name" AS t0_r1, "orders"."id" AS t1_r0, "orders"."total" AS t1_r1 FROM "users" LEFT OUTER JOIN "orders" ON "orders"."user_id" = "users"."id" WHERE "orders"."total" > ?
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = ? AND "comments"."commentable_id" = ? ORDER BY "comments"."created_at" ASC
SELECT "tags".* FROM "tags" INNER JOIN "post_tags" ON "tags"."id" = "post_tags"."tag_id" WHERE "post_tags"."post_id" = ?
SELECT "users".* FROM "users" WHERE "users"."id" > ? ORDER BY "users"."id" ASC LIMIT ?
SELECT "posts".* FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" GROUP BY "posts"."id" ORDER BY COUNT(comments.id) DESC
INSERT INTO "posts" ("title", "body", "user_id", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?)
UPDATE "posts" SET "title" = ?, "updated_at" = ? WHERE "posts"."id" = ?
UPDATE "posts" SET "views" = COALESCE("views", 0) + 1 WHERE "posts"."id" = ?
UPDATE "posts" SET "views" = COALESCE("posts"."views", 0) + ?, "updated_at" = ? WHERE "posts"."id" = ?
UPDATE "tasks" SET "position" = "tasks"."position" + 1 WHERE "tasks"."project_id" = ? AND ("tasks"."position" >= 3)
UPDATE "users" SET "lock_version" = ?, "name" = ? WHERE "users"."id" = ? AND "users"."lock_version" = ?
DELETE FROM "posts" WHERE "posts"."id" = ?
DELETE FROM "comments" WHERE "comments"."post_id" IN (SELECT "posts"."id" FROM "posts" WHERE "posts"."user_id" = ?)
DELETE FROM "sessions" WHERE (updated_at < '2024-01-01 00:00:00')
-- Laravel, Doctrine, Hibernate
select * from "users" where "id" = ? limit 1
select * from "users" where "email" = ? and "users"."deleted_at" is null limit 1
select count(*) as aggregate from "users"
select exists(select * from "users" where "email" = ?) as "exists"
select * from "users" order by "created_at" desc limit 15 offset 0
select * from "orders" where "orders"."user_id" in (1, 2, 3)
select * from "users" where exists (select * from "orders" where "users"."id" = "orders"."user_id" and "total" > ?)
select "users".*, (select count(*) from "orders" where "users"."id" = "orders"."user_id") as "orders_count" from "users"
select "users".*, (select sum("orders"."total") from "orders" where "users"."id" = "orders"."user_id") as "orders_sum_total" from "users" order by "orders_sum_total" desc
select "tags".*, "post_tags"."post_id" as "pivot_post_id", "post_tags"."tag_id" as "pivot_tag_id" from "tags" inner join "post_tags" on "tags"."id" = "post_tags"."tag_id" where "post_tags"."post_id" in (1, 2)
select * from "users" where ("name" like ? or "email" like ?) and "active" = ?
insert into "users" ("name", "email", "updated_at", "created_at") values (?, ?, ?, ?)
update "users" set "name" = ?, "updated_at" = ? where "id" = ?
update "users" set "deleted_at" = ?, "updated_at" = ? where "id" = ?
delete from "users" where "id" = ?
delete from "sessions" where "last_activity" <= ?
SELECT t0.id AS id_1, t0.name AS name_2, t0.email AS email_3 FROM users t0 WHERE t0.email = ? LIMIT 1
SELECT u0_.id AS id_0, u0_.name AS name_1 FROM users u0_ WHERE u0_.name LIKE ? ORDER BY u0_.name ASC
SELECT DISTINCT u0_.id AS id_0, u0_.name AS name_1 FROM users u0_ LEFT JOIN orders o1_ ON u0_.id = o1_.user_id ORDER BY u0_.name ASC LIMIT 10
SELECT count(DISTINCT u0_.id) AS sclr_0 FROM users u0_ INNER JOIN orders o1_ ON u0_.id = o1_.user_id WHERE o1_.total > ?
select u1_0.id,u1_0.age,u1_0.email,u1_0.name from users u1_0 where u1_0.id=?
select u1_0.id,u1_0.name,o1_0.user_id,o1_0.id,o1_0.total from users u1_0 left join orders o1_0 on u1_0.id=o1_0.user_id where u1_0.id=?
select count(u1_0.id) from users u1_0 where u1_0.name like ? escape '!'
select o1_0.id from orders o1_0 where o1_0.created_at>=? and o1_0.created_at<? order by o1_0.created_at desc,o1_0.id
insert into orders (status,total,user_id,id) values (?,?,?,?)
update orders set status=?,total=?,user_id=? where id=?
update orders set status=?,version=? where id=? and version=?
delete from orders where id=? and version=?
-- Prisma, diesel, sea-orm, TypeORM, Sequelize
SELECT "users"."id", "users"."name", "users"."email" FROM "users" WHERE ("users"."id" = ? AND 1=1) LIMIT ? OFFSET ?
SELECT "users"."id" FROM "users" WHERE 1=1 ORDER BY "users"."id" ASC LIMIT ? OFFSET ?
SELECT "orders"."id", "orders"."user_id" FROM "orders" WHERE "orders"."user_id" IN (?,?,?) ORDER BY "orders"."id" ASC
SELECT "t0"."id", "t0"."name" FROM "users" AS "t0" WHERE ("t0"."id") IN (SELECT "t1"."user_id" FROM "orders" AS "t1" WHERE ("t1"."total" > ? AND "t1"."user_id" IS NOT NULL))
SELECT COUNT(*) FROM (SELECT "users"."id" FROM "users" WHERE "users"."age" > ? ORDER BY "users"."id" ASC LIMIT ? OFFSET ?) AS "sub"
SELECT COUNT(*), SUM("orders"."total"), "orders"."status" FROM "orders" WHERE 1=1 GROUP BY "orders"."status" ORDER BY "orders"."status" ASC LIMIT ? OFFSET ?
UPDATE "users" SET "name" = ? WHERE ("users"."id" IN (?) AND ("users"."id" = ? AND 1=1))
DELETE FROM "users" WHERE ("users"."id" IN (?) AND 1=1)
SELECT "users"."id", "users"."name" FROM "users" WHERE ("users"."name" = ?) ORDER BY "users"."id" LIMIT ?
SELECT "users"."id", "users"."name", "posts"."id", "posts"."title" FROM ("users" INNER JOIN "posts" ON ("posts"."user_id" = "users"."id")) WHERE ("users"."active" = ?)
SELECT "users"."id", "posts"."id" FROM ("users" LEFT OUTER JOIN "posts" ON ("posts"."user_id" = "users"."id"))
SELECT COUNT(*) FROM "posts" WHERE (("posts"."user_id" = ?) AND ("posts"."published" = ?))
UPDATE "posts" SET "title" = ?, "body" = ? WHERE ("posts"."id" = ?)
DELETE FROM "posts" WHERE ("posts"."title" LIKE ?)
SELECT "users"."id" AS "A_id", "users"."name" AS "A_name", "posts"."id" AS "B_id", "posts"."title" AS "B_title" FROM "users" LEFT JOIN "posts" ON "users"."id" = "posts"."user_id" ORDER BY "users"."id" ASC
SELECT COUNT(*) AS num_items FROM (SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."name" LIKE ?) AS "sub_query"
SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."id" = ? AND "users"."active" = TRUE
SELECT "User"."id" AS "User_id", "User"."name" AS "User_name" FROM "users" "User" WHERE (("User"."id" = ?)) LIMIT 1
SELECT "u"."id" AS "u_id" FROM "users" "u" LEFT JOIN "orders" "o" ON "o"."user_id"="u"."id" WHERE "o"."total" > ? ORDER BY "u"."id" ASC LIMIT 10
SELECT DISTINCT "distinctAlias"."User_id" AS "ids_User_id" FROM (SELECT "User"."id" AS "User_id" FROM "users" "User" LEFT JOIN "orders" "o" ON "o"."user_id" = "User"."id") "distinctAlias" ORDER BY "User_id" ASC LIMIT 1
SELECT "id", "name", "createdAt" FROM "users" AS "User" WHERE "User"."name" = 'x' LIMIT 1
SELECT "User"."id", "Orders"."id" AS "Orders.id", "Orders"."total" AS "Orders.total" FROM "users" AS "User" LEFT OUTER JOIN "orders" AS "Orders" ON "User"."id" = "Orders"."user_id"
SELECT count("User"."id") AS "count" FROM "users" AS "User" WHERE ("User"."age" > 18 AND "User"."age" < 65)
-- by hand: screens
SELECT id, name, email FROM users WHERE id = ?
SELECT * FROM users WHERE lower(email) = lower(?)
SELECT id, name FROM users WHERE name LIKE ? ORDER BY name LIMIT 10
SELECT u.id, u.name, count(o.id) AS orders FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id, u.name ORDER BY orders DESC
SELECT o.id, o.total, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.status = 'paid' AND o.created_at >= ? ORDER BY o.created_at DESC LIMIT 50
SELECT p.name, sum(i.quantity) AS sold FROM items i JOIN products p ON p.id = i.product_id JOIN orders o ON o.id = i.order_id WHERE o.status <> 'cancelled' GROUP BY p.name ORDER BY sold DESC LIMIT 10
SELECT t.id, t.title, t.due, u.name AS assignee FROM tasks t LEFT JOIN users u ON u.id = t.assignee_id WHERE t.project_id = ? AND t.done = FALSE ORDER BY t.position
SELECT count(*) FROM tasks WHERE project_id = ? AND done
SELECT count(*) AS total, sum(CASE WHEN done THEN 1 ELSE 0 END) AS done FROM tasks WHERE project_id = ?
SELECT project_id, count(*) AS open FROM tasks WHERE NOT done GROUP BY project_id HAVING count(*) > 5
SELECT p.* FROM projects p WHERE p.owner_id = ? OR EXISTS (SELECT 1 FROM members m WHERE m.project_id = p.id AND m.user_id = ?)
SELECT DISTINCT p.id, p.name FROM projects p JOIN tasks t ON t.project_id = p.id WHERE t.assignee_id = ?
SELECT c.body, c.created_at, u.name FROM comments c INNER JOIN users u ON u.id = c.user_id WHERE c.post_id = ? ORDER BY c.created_at
SELECT id FROM sessions WHERE token = ? AND expires_at > CURRENT_TIMESTAMP
SELECT plan.name, plan.price FROM plans plan WHERE plan.id = ?
SELECT a.id, a.balance, p.name AS plan FROM accounts a JOIN plans p ON p.id = a.plan_id WHERE a.id = ?
SELECT u.name, m.name AS manager FROM users u LEFT JOIN users m ON m.id = u.manager_id
SELECT * FROM users WHERE (name, email) = (?, ?)
SELECT * FROM posts WHERE published = TRUE AND (title LIKE ? OR body LIKE ?) ORDER BY created_at DESC LIMIT ? OFFSET ?
SELECT id, title FROM posts WHERE id < ? ORDER BY id DESC LIMIT 25
SELECT id, title FROM posts WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT 25
SELECT coalesce(nickname, name) AS shown FROM users WHERE id = ?
SELECT upper(substr(name, 1, 1)) AS initial, count(*) FROM users GROUP BY upper(substr(name, 1, 1)) ORDER BY 1
SELECT name, price * quantity AS value FROM products WHERE price * quantity > 1000
SELECT id, quantity, reserved, quantity - reserved AS free FROM products WHERE quantity - reserved < 10
SELECT id, price, round(price * 1.2, 2) AS gross FROM products
SELECT * FROM products WHERE price BETWEEN 10 AND 20 AND category IN ('a', 'b') AND name NOT LIKE '%old%'
SELECT * FROM products WHERE category IS NULL OR category = ''
SELECT name FROM products WHERE id NOT IN (SELECT product_id FROM items)
SELECT name FROM products p WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.product_id = p.id)
SELECT max(price) - min(price) AS spread, avg(price) AS mean FROM products
SELECT * FROM products WHERE price = (SELECT max(price) FROM products)
SELECT * FROM products p WHERE price > (SELECT avg(price) FROM products q WHERE q.category = p.category)
SELECT * FROM orders WHERE user_id = ? AND status IN ('new', 'paid') ORDER BY id
SELECT o.*, (SELECT count(*) FROM items i WHERE i.order_id = o.id) AS line_count FROM orders o WHERE o.id = ?
SELECT i.product_id, p.name, i.quantity, i.quantity * i.price AS amount FROM items AS i INNER JOIN products AS p ON i.product_id = p.id WHERE i.order_id = ?
SELECT 'user' AS kind, id, name FROM users WHERE name LIKE ? UNION ALL SELECT 'project', id, name FROM projects WHERE name LIKE ? ORDER BY name LIMIT 20
SELECT id FROM users WHERE age > 60 UNION SELECT user_id FROM orders WHERE total > 1000
SELECT user_id FROM orders EXCEPT SELECT id FROM users WHERE active
SELECT id FROM users INTERSECT SELECT user_id FROM orders
SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1
SELECT u.* FROM users u JOIN (SELECT user_id, max(created_at) AS last FROM orders GROUP BY user_id) x ON x.user_id = u.id WHERE x.last < ?
SELECT o.* FROM orders o JOIN (SELECT user_id, max(id) AS id FROM orders GROUP BY user_id) latest ON latest.id = o.id
SELECT id FROM events WHERE kind = ? AND created_at > ? ORDER BY created_at LIMIT 100
SELECT kind, count(*) AS n FROM events WHERE created_at >= ? AND created_at < ? GROUP BY kind ORDER BY n DESC, kind
SELECT CASE status WHEN 'paid' THEN 1 WHEN 'new' THEN 2 ELSE 3 END AS sort, id FROM orders ORDER BY sort, id
SELECT * FROM invoices WHERE paid_at IS NULL AND due_at < CURRENT_DATE
SELECT i.number, i.amount, a.name FROM invoices i, accounts a WHERE a.id = i.account_id AND i.amount > 100
SELECT a.name, coalesce(sum(i.amount), 0) AS open FROM accounts a LEFT JOIN invoices i ON i.account_id = a.id AND i.paid_at IS NULL GROUP BY a.id, a.name
SELECT nullif(name, '') AS name FROM users
SELECT length(name) AS len FROM users ORDER BY len DESC LIMIT 1
SELECT replace(email, '@old.test', '@new.test') FROM users
SELECT trim(name) FROM users WHERE trim(name) <> name
SELECT abs(balance) FROM accounts WHERE balance < 0
SELECT * FROM users u JOIN orders o USING (id)
SELECT 1
SELECT CURRENT_TIMESTAMP
SELECT 'it''s' AS quoted, -1 AS negative, 1.5 AS decimal_value, NULL AS missing, TRUE AS yes
SELECT count(*) FROM users WHERE age % 2 = 0
SELECT name FROM users WHERE NOT active
SELECT name FROM users WHERE active = TRUE AND NOT (age < 18 OR age > 65)
SELECT name FROM users ORDER BY CASE WHEN name = ? THEN 0 ELSE 1 END, name
SELECT DISTINCT category FROM products WHERE category IS NOT NULL ORDER BY category
SELECT x.name FROM (SELECT name, count(*) AS n FROM tags GROUP BY name) x WHERE x.n > 3
SELECT u.id FROM users u CROSS JOIN plans p WHERE p.id = u.plan_id
SELECT t.name, count(pt.post_id) AS posts FROM tags t LEFT JOIN post_tags pt ON pt.tag_id = t.id LEFT JOIN posts p ON p.id = pt.post_id AND p.published = TRUE GROUP BY t.id, t.name
SELECT p.id, (SELECT count(*) FROM comments c WHERE c.post_id = p.id) AS comments, (SELECT max(c.created_at) FROM comments c WHERE c.post_id = p.id) AS last FROM posts p ORDER BY p.id
SELECT o.id FROM orders o WHERE o.total = (SELECT max(o2.total) FROM orders o2 WHERE o2.user_id = o.user_id)
SELECT u.id, u.name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) >= 3
SELECT u.id FROM users u WHERE u.id = ? AND u.password_hash = ?
-- by hand: reports
WITH recent AS (SELECT * FROM orders WHERE created_at > ?) SELECT user_id, count(*) FROM recent GROUP BY user_id
WITH totals AS (SELECT user_id, sum(total) AS spent FROM orders GROUP BY user_id), ranked AS (SELECT user_id, spent, rank() OVER (ORDER BY spent DESC) AS place FROM totals) SELECT u.name, r.spent, r.place FROM ranked r JOIN users u ON u.id = r.user_id WHERE r.place <= 10
WITH RECURSIVE tree AS (SELECT id, parent_id, name, 0 AS depth FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.name, tree.depth + 1 FROM categories c JOIN tree ON tree.id = c.parent_id) SELECT * FROM tree ORDER BY depth, name
WITH RECURSIVE up AS (SELECT id, manager_id FROM users WHERE id = ? UNION ALL SELECT u.id, u.manager_id FROM users u INNER JOIN up ON up.manager_id = u.id) SELECT id FROM up
WITH RECURSIVE days (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM days WHERE n < 6) SELECT days.n, count(e.id) FROM days LEFT JOIN events e ON e.day = days.n GROUP BY days.n
SELECT user_id, total, sum(total) OVER (PARTITION BY user_id ORDER BY created_at) AS running FROM orders
SELECT id, total, lag(total) OVER (ORDER BY id) AS previous, lead(total) OVER (ORDER BY id) AS following FROM orders
SELECT id, ntile(4) OVER (ORDER BY total) AS quartile FROM orders
SELECT id, total, avg(total) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS smooth FROM orders
SELECT category, name, dense_rank() OVER w AS place FROM products WINDOW w AS (PARTITION BY category ORDER BY price DESC)
SELECT first_value(name) OVER (PARTITION BY category ORDER BY price) AS cheapest FROM products
SELECT status, count(*) * 100.0 / (SELECT count(*) FROM orders) AS share FROM orders GROUP BY status
SELECT status, count(*) AS n, sum(total) AS amount, avg(total) AS mean, min(total) AS low, max(total) AS high FROM orders GROUP BY status
SELECT u.id, sum(CASE WHEN o.status = 'paid' THEN o.total ELSE 0 END) AS paid, sum(CASE WHEN o.status = 'open' THEN o.total ELSE 0 END) AS open FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id
SELECT a.day, a.n, b.n AS before FROM (SELECT day, count(*) AS n FROM events GROUP BY day) a LEFT JOIN (SELECT day + 7 AS day, count(*) AS n FROM events GROUP BY day) b ON b.day = a.day
SELECT count(DISTINCT user_id) AS active FROM events WHERE created_at >= ?
SELECT day, count(*) AS n FROM events GROUP BY day ORDER BY day
SELECT p.category, sum(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id GROUP BY p.category HAVING sum(i.quantity * i.price) > 1000
SELECT o1.id, o2.id FROM orders o1 JOIN orders o2 ON o1.user_id = o2.user_id AND o1.id < o2.id AND o1.total = o2.total
WITH first AS (SELECT user_id, min(created_at) AS at FROM orders GROUP BY user_id) SELECT count(*) FROM first WHERE at >= ?
SELECT e.user_id FROM events e WHERE e.kind = 'signup' AND NOT EXISTS (SELECT 1 FROM events f WHERE f.user_id = e.user_id AND f.kind = 'login' AND f.created_at > e.created_at)
SELECT u.plan_id, p.name, count(*) FROM users u INNER JOIN plans p ON p.id = u.plan_id GROUP BY u.plan_id, p.name
SELECT s.name, s.n FROM (SELECT t.name, count(*) AS n FROM tags t JOIN post_tags pt ON pt.tag_id = t.id GROUP BY t.name) AS s ORDER BY s.n DESC LIMIT 5
-- by hand: writes
INSERT INTO users (name, email) VALUES ('x', 'x@example.test')
INSERT INTO users (id, name, email, age) VALUES (?, ?, lower(?), ?)
INSERT INTO post_tags (post_id, tag_id) SELECT ?, id FROM tags WHERE name IN (?, ?)
INSERT INTO events (kind, user_id, created_at) SELECT 'reminder', id, CURRENT_TIMESTAMP FROM users WHERE last_seen < ?
INSERT INTO orders (user_id, total, status) SELECT user_id, sum(total), 'merged' FROM orders WHERE status = 'split' GROUP BY user_id
INSERT INTO tasks (project_id, title, position) VALUES (?, ?, (SELECT coalesce(max(position), 0) + 1 FROM tasks WHERE project_id = ?))
UPDATE users SET name = ? WHERE id = ?
UPDATE users SET last_seen = CURRENT_TIMESTAMP WHERE id = ?
UPDATE users SET failed = failed + 1, locked = CASE WHEN failed + 1 >= 5 THEN TRUE ELSE locked END WHERE id = ?
UPDATE accounts SET balance = balance - ? WHERE id = ? AND balance >= ?
UPDATE products SET quantity = quantity - ?, reserved = reserved + ? WHERE id = ? AND quantity >= ?
UPDATE products SET price = round(price * 1.1, 2) WHERE category = ?
UPDATE orders SET status = 'paid', paid_at = ? WHERE id = ? AND status = 'open'
UPDATE orders SET total = (SELECT coalesce(sum(i.quantity * i.price), 0) FROM items i WHERE i.order_id = orders.id) WHERE id = ?
UPDATE tasks SET done = TRUE WHERE project_id IN (SELECT id FROM projects WHERE archived)
UPDATE tasks SET position = position - 1 WHERE project_id = ? AND position > ?
UPDATE users SET email = NULL, name = 'deleted' WHERE id = ?
UPDATE invoices SET status = 'overdue' WHERE due_at < ? AND paid_at IS NULL AND status <> 'overdue'
DELETE FROM sessions WHERE expires_at < CURRENT_TIMESTAMP
DELETE FROM items WHERE order_id = ? AND product_id = ?
DELETE FROM items WHERE order_id IN (SELECT id FROM orders WHERE status = 'cancelled' AND created_at < ?)
DELETE FROM events WHERE created_at < ? AND kind NOT IN ('audit', 'billing')
DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM post_tags WHERE post_tags.tag_id = tags.id)
DELETE FROM users WHERE id = ? AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.user_id = users.id)
DELETE FROM drafts
