-- Django on MySQL
SELECT `users`.`id`, `users`.`name` FROM `users` WHERE `users`.`name` LIKE BINARY ?
SELECT `users`.`id` FROM `users` WHERE `users`.`name` LIKE ? ORDER BY `users`.`id` ASC LIMIT 21
SELECT `users`.`id` FROM `users` WHERE `users`.`name` REGEXP ?
SELECT `users`.`id`, COUNT(CASE WHEN `orders`.`status` = ? THEN `orders`.`id` ELSE NULL END) AS `paid` FROM `users` LEFT OUTER JOIN `orders` ON (`users`.`id` = `orders`.`user_id`) GROUP BY `users`.`id` ORDER BY NULL
SELECT CAST(DATE_FORMAT(`orders`.`created_at`, '%Y-%m-01') AS DATE) AS `month`, COUNT(`orders`.`id`) AS `n` FROM `orders` GROUP BY 1 ORDER BY 1 ASC
SELECT EXTRACT(YEAR FROM `orders`.`created_at`) AS `year` FROM `orders`
SELECT `orders`.`id` FROM `orders` WHERE DATE(CONVERT_TZ(`orders`.`created_at`, 'UTC', 'Europe/Berlin')) = ?
SELECT `orders`.`id` FROM `orders` WHERE `orders`.`id` = ? FOR UPDATE
SELECT `orders`.`id` FROM `orders` WHERE `orders`.`status` = ? LIMIT 10 FOR UPDATE SKIP LOCKED
SELECT `events`.`id` FROM `events` WHERE JSON_EXTRACT(`events`.`data`, '$."kind"') = JSON_EXTRACT(?, '$')
SELECT `events`.`id` FROM `events` WHERE JSON_CONTAINS(`events`.`data`, ?)
SELECT (1) AS `a` FROM `users` WHERE `users`.`email` = ? LIMIT 1
INSERT INTO `users` (`name`, `email`) VALUES (?, ?), (?, ?)
INSERT IGNORE INTO `post_tags` (`post_id`, `tag_id`) VALUES (?, ?), (?, ?)
INSERT INTO `users` (`email`, `name`) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE `name` = new.`name`
INSERT INTO `users` (`email`, `name`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`)
UPDATE `users` SET `age` = (`users`.`age` + ?) WHERE `users`.`id` = ?
DELETE FROM `users` WHERE `users`.`id` IN (?)
DELETE `comments` FROM `comments` INNER JOIN `posts` ON (`comments`.`post_id` = `posts`.`id`) WHERE `posts`.`user_id` = ?
SELECT `users`.`id` FROM `users` WHERE (`users`.`name` = ? XOR `users`.`email` = ?)
-- ActiveRecord on MySQL
SELECT `users`.* FROM `users` WHERE `users`.`id` = ? LIMIT 1
SELECT `users`.* FROM `users` WHERE `users`.`active` = TRUE ORDER BY `users`.`id` ASC LIMIT 1000
SELECT 1 AS one FROM `users` WHERE `users`.`email` = ? LIMIT 1
SELECT COUNT(*) FROM `orders` WHERE `orders`.`user_id` = ?
SELECT DISTINCT `users`.* FROM `users` INNER JOIN `orders` ON `orders`.`user_id` = `users`.`id` WHERE `orders`.`total` > 10
INSERT INTO `users` (`name`, `email`, `created_at`, `updated_at`) VALUES ('x', 'x@example.test', '2024-01-01 00:00:00', '2024-01-01 00:00:00')
INSERT INTO `users` (`name`,`email`) VALUES ('a', 'a@example.test'),('b', 'b@example.test') ON DUPLICATE KEY UPDATE `name`=VALUES(`name`)
UPDATE `users` SET `users`.`name` = 'x', `users`.`updated_at` = '2024-01-01 00:00:00' WHERE `users`.`id` = 1
UPDATE `posts` SET `posts`.`views` = COALESCE(`posts`.`views`, 0) + 1 WHERE `posts`.`id` = 1
UPDATE `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id` SET `posts`.`published` = FALSE WHERE `users`.`active` = FALSE
DELETE FROM `users` WHERE `users`.`id` = 1
DELETE `posts` FROM `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id` WHERE `users`.`active` = FALSE
SELECT `users`.* FROM `users` WHERE `users`.`id` = 1 LOCK IN SHARE MODE
SELECT `users`.* FROM `users` WHERE (name LIKE '%it''s%')
SELECT `users`.* FROM `users` WHERE BINARY `users`.`name` = ?
-- Laravel, Hibernate, TypeORM, sea-orm, Prisma
select * from `users` where `id` = ? limit 1
select * from `users` where `users`.`id` in (1, 2, 3) and `users`.`deleted_at` is null
select exists(select * from `users` where `email` = ?) as `exists`
select count(*) as aggregate from `users` where `active` = ?
select * from `users` where date(`created_at`) = ?
select * from `users` where year(`created_at`) = ? and month(`created_at`) = ?
select * from `users` where json_unquote(json_extract(`data`, '$."theme"')) = ?
select * from `users` where json_contains(`data`, ?, '$."tags"')
select * from `users` order by rand() limit 1
select * from `users` for update
insert into `users` (`name`, `email`, `updated_at`, `created_at`) values (?, ?, ?, ?)
insert ignore into `users` (`name`, `email`) values (?, ?)
insert into `users` (`email`, `name`) values (?, ?) on duplicate key update `name` = values(`name`)
update `users` set `name` = ?, `users`.`updated_at` = ? where `id` = ?
update `orders` inner join `users` on `users`.`id` = `orders`.`user_id` set `status` = ? where `users`.`active` = ?
delete `orders` from `orders` inner join `users` on `users`.`id` = `orders`.`user_id` where `users`.`active` = ?
update `users` set `data` = json_set(`data`, '$."theme"', ?) where `id` = ?
delete from `users` where `id` = ? limit 1
select u1_0.id,u1_0.name from users u1_0 where u1_0.name like ? escape '!' limit ?,?
SELECT `User`.`id` AS `User_id` FROM `users` `User` WHERE (`User`.`id` = ?) LIMIT 1
SELECT `users`.`id`, `users`.`name` FROM `users` WHERE `users`.`name` LIKE ? LIMIT ?
INSERT INTO `users` (`name`, `email`) VALUES (?, ?)
SELECT `app`.`users`.`id` FROM `app`.`users` WHERE (`app`.`users`.`id` = ? AND 1=1) LIMIT ? OFFSET ?
SELECT `t0`.`id` FROM `users` AS `t0` WHERE (`t0`.`id`) IN (SELECT `t1`.`user_id` FROM `orders` AS `t1` WHERE (`t1`.`total` > ?))
-- by hand
SELECT id, name FROM users WHERE id = ?
SELECT * FROM users LIMIT 20, 10
SELECT * FROM users WHERE name LIKE CONCAT('%', ?, '%')
SELECT * FROM users WHERE email <=> ?
SELECT * FROM users WHERE name REGEXP '^a'
SELECT * FROM users WHERE name NOT REGEXP '[0-9]'
SELECT * FROM users WHERE name RLIKE ?
SELECT * FROM users WHERE name = "x"
SELECT * FROM users WHERE NOT (active AND age > 18)
SELECT * FROM users WHERE active && age > 18
SELECT * FROM users WHERE age DIV 10 = 3
SELECT * FROM users WHERE age MOD 2 = 0
SELECT * FROM users WHERE flags & 4
SELECT * FROM users WHERE flags & 0x04
SELECT * FROM users WHERE token = X'0123ABCD'
SELECT * FROM users WHERE uuid = UUID_TO_BIN(?)
SELECT BIN_TO_UUID(uuid) AS uuid FROM users
SELECT * FROM users USE INDEX (users_by_email) WHERE email = ?
SELECT * FROM users FORCE INDEX (users_by_email) WHERE email = ?
SELECT * FROM users u IGNORE INDEX (PRIMARY) WHERE u.id > ?
SELECT STRAIGHT_JOIN u.id FROM users u JOIN orders o ON o.user_id = u.id
SELECT u.id FROM users u STRAIGHT_JOIN orders o ON o.user_id = u.id
SELECT SQL_CALC_FOUND_ROWS id FROM users LIMIT 10
SELECT SQL_NO_CACHE id FROM users
SELECT HIGH_PRIORITY id FROM users
SELECT 1 FROM DUAL
SELECT NOW() FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE email = ?)
SELECT * FROM orders WHERE created_at >= DATE_SUB(NOW(), INTERVAL 7 DAY)
SELECT * FROM orders WHERE created_at >= NOW() - INTERVAL 30 DAY
SELECT * FROM orders WHERE created_at > DATE_ADD(CURDATE(), INTERVAL -1 MONTH)
SELECT * FROM orders WHERE DATE(created_at) = CURDATE()
SELECT * FROM orders WHERE YEAR(created_at) = 2024 AND MONTH(created_at) = 5
SELECT * FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-02-01'
SELECT * FROM orders WHERE WEEK(created_at) = WEEK(NOW())
SELECT DATE_FORMAT(created_at, '%Y-%m') AS month, COUNT(*) AS n, SUM(total) AS amount FROM orders GROUP BY month ORDER BY month
SELECT DAYNAME(created_at) AS day, COUNT(*) FROM orders GROUP BY DAYNAME(created_at)
SELECT DATEDIFF(NOW(), created_at) AS age FROM orders
SELECT TIMESTAMPDIFF(HOUR, created_at, NOW()) AS hours FROM orders
SELECT UNIX_TIMESTAMP(created_at) FROM orders
SELECT FROM_UNIXTIME(at) FROM events WHERE at > UNIX_TIMESTAMP() - 3600
SELECT LAST_DAY(created_at), QUARTER(created_at), HOUR(created_at) FROM orders
SELECT STR_TO_DATE(?, '%d.%m.%Y')
SELECT CONCAT(name, ' <', email, '>') AS address FROM users
SELECT CONCAT_WS(', ', name, email) FROM users
SELECT SUBSTRING_INDEX(email, '@', -1) AS domain, COUNT(*) AS n FROM users GROUP BY domain ORDER BY n DESC
SELECT LEFT(body, 100) AS teaser FROM posts
SELECT LPAD(id, 6, '0') AS number FROM orders
SELECT IF(active, 'yes', 'no') AS active FROM users
SELECT IFNULL(nickname, name) FROM users
SELECT FORMAT(total, 2) FROM orders
SELECT GROUP_CONCAT(name) FROM tags
SELECT GROUP_CONCAT(DISTINCT name ORDER BY name SEPARATOR ', ') AS names FROM tags
SELECT p.id, GROUP_CONCAT(t.name ORDER BY t.name) AS tags FROM posts p LEFT JOIN post_tags pt ON pt.post_id = p.id LEFT JOIN tags t ON t.id = pt.tag_id GROUP BY p.id
SELECT CAST(total AS SIGNED), CAST(total AS DECIMAL(10,2)), CAST(id AS CHAR), CAST(created_at AS DATE) FROM orders
SELECT CONVERT(total, SIGNED) FROM orders
SELECT CONVERT(name USING utf8mb4) FROM users
SELECT data->'$.kind' FROM events
SELECT data->>'$.kind' AS kind, COUNT(*) FROM events GROUP BY kind
SELECT * FROM events WHERE data->>'$.kind' = 'login'
SELECT JSON_UNQUOTE(JSON_EXTRACT(data, '$.kind')) FROM events
SELECT JSON_OBJECT('id', id, 'name', name) FROM users
SELECT JSON_ARRAYAGG(JSON_OBJECT('id', id, 'total', total)) FROM orders WHERE user_id = ?
SELECT * FROM events WHERE JSON_CONTAINS(data, '"a"', '$.tags')
SELECT * FROM events WHERE 'a' MEMBER OF (data->'$.tags')
SELECT * FROM posts WHERE MATCH (title, body) AGAINST (? IN NATURAL LANGUAGE MODE)
SELECT id, MATCH (title, body) AGAINST (?) AS score FROM posts WHERE MATCH (title, body) AGAINST (?) ORDER BY score DESC
SELECT status, COUNT(*) FROM orders GROUP BY status WITH ROLLUP
SELECT user_id, SUM(total) AS spent FROM orders GROUP BY user_id HAVING spent > 100 ORDER BY spent DESC
SELECT id, price * quantity AS value FROM products HAVING value > 100
SELECT COUNT(DISTINCT user_id, day) FROM events
SELECT SUM(status = 'paid') AS paid, SUM(status = 'open') AS open FROM orders
SELECT MD5(email), SHA1(email), SHA2(email, 256) FROM users
SELECT UUID()
SELECT RAND()
SELECT GREATEST(a, b), LEAST(a, b) FROM scores
SELECT INET_NTOA(ip) FROM events WHERE ip = INET_ATON(?)
SELECT u.id, x.last FROM users u LEFT JOIN (SELECT user_id, MAX(created_at) AS last FROM orders GROUP BY user_id) x ON x.user_id = u.id
SELECT u.id, x.total FROM users u LEFT JOIN LATERAL (SELECT o.total FROM orders o WHERE o.user_id = u.id ORDER BY o.id DESC LIMIT 1) x ON TRUE
SELECT u.id FROM users u NATURAL JOIN members m
SELECT u.id FROM users u RIGHT JOIN orders o ON o.user_id = u.id
SELECT ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY id) AS n FROM orders
SELECT id FROM users WHERE (id, name) IN ((1, 'a'), (2, 'b'))
SELECT id FROM users WHERE FIND_IN_SET(?, roles)
SELECT id FROM users ORDER BY FIELD(status, 'new', 'open', 'done'), id
SELECT id FROM users ORDER BY name IS NULL, name
SELECT id FROM users WHERE name COLLATE utf8mb4_bin = ?
SELECT id FROM users WHERE name = _utf8mb4'x'
SELECT @@version
SELECT 'it\'s' AS quoted
SELECT 'a\nb' AS two_lines
SELECT `key`, `value` FROM settings
INSERT INTO users SET name = ?, email = ?
INSERT INTO users (name, email) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name), updated_at = NOW()
INSERT INTO users (name, email) VALUES (?, ?) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), name = VALUES(name)
INSERT INTO counters (name, n) VALUES (?, 1) ON DUPLICATE KEY UPDATE n = n + 1
INSERT INTO counters (name, n) VALUES (?, 1) AS new ON DUPLICATE KEY UPDATE n = counters.n + new.n
INSERT INTO counters (name, n) VALUES (?, 1) AS new(a, b) ON DUPLICATE KEY UPDATE n = counters.n + b
INSERT INTO archive (id, title) SELECT id, title FROM tasks WHERE done = 1
INSERT INTO users (name, email) SELECT ?, ? FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE email = ?)
INSERT INTO users (name, email) VALUES (?, DEFAULT)
INSERT INTO drafts () VALUES ()
INSERT LOW_PRIORITY INTO events (kind) VALUES (?)
REPLACE INTO settings (`key`, `value`) VALUES (?, ?)
REPLACE INTO settings SET `key` = ?, `value` = ?
UPDATE users SET name = ?, updated_at = NOW() WHERE id = ?
UPDATE users SET age = age + 1 WHERE id = ? LIMIT 1
UPDATE users SET score = score - 1 ORDER BY score DESC LIMIT 10
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.vip = 1 WHERE o.total > 1000
UPDATE users u LEFT JOIN orders o ON o.user_id = u.id SET u.idle = 1 WHERE o.id IS NULL
UPDATE users u, accounts a SET u.plan_id = a.plan_id WHERE a.id = u.account_id
UPDATE orders o JOIN (SELECT order_id, SUM(quantity * price) AS total FROM items GROUP BY order_id) x ON x.order_id = o.id SET o.total = x.total
UPDATE tasks t JOIN projects p ON p.id = t.project_id SET t.assignee_id = p.owner_id, t.updated_at = NOW() WHERE t.assignee_id IS NULL
UPDATE IGNORE settings SET `key` = ? WHERE `key` = ?
UPDATE users SET data = JSON_SET(data, '$.theme', ?) WHERE id = ?
UPDATE products SET price = ROUND(price * 1.1, 2) WHERE category = ?
DELETE FROM sessions WHERE expires_at < NOW()
DELETE FROM events WHERE created_at < ? ORDER BY id LIMIT 1000
DELETE o FROM orders o JOIN users u ON u.id = o.user_id WHERE u.deleted_at IS NOT NULL
DELETE FROM o USING orders o INNER JOIN users u ON u.id = o.user_id WHERE u.active = 0
DELETE i, o FROM items i JOIN orders o ON o.id = i.order_id WHERE o.status = 'cancelled'
DELETE t FROM tags t LEFT JOIN post_tags pt ON pt.tag_id = t.id WHERE pt.tag_id IS NULL
DELETE LOW_PRIORITY FROM events WHERE id = ?
WITH t AS (SELECT id FROM orders WHERE total > 10) SELECT COUNT(*) FROM t
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n
SELECT id FROM users WHERE id = ? FOR SHARE
SELECT id FROM users WHERE id = ? FOR UPDATE NOWAIT
SELECT id FROM users WHERE name = 'a' -- by hand
SELECT id FROM users WHERE name = 'a' # by hand
SELECT /* newest */ id FROM users ORDER BY id DESC LIMIT 1
SELECT a.id FROM (SELECT 1 AS id UNION ALL SELECT 2) AS a
SELECT TRUE, FALSE, NULL, -1, 1.5e3
SELECT COALESCE(MAX(version), 0) + 1 FROM documents WHERE name = ? FOR UPDATE
