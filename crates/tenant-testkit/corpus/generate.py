#!/usr/bin/env python3
"""Writes the part of the corpus that object-relational mappers make: `python3 generate.py` in this folder.

Each shape is written as sea-orm, diesel, Django or ActiveRecord write it. `{1}` and `{'x'}` are arguments: they become
placeholders, and a comment behind the statement says what they are.
"""

import re

TABLES = {
    "users": dict(key="id", columns=["id", "name", "email", "age", "active"], number="age", text="name", flag="active",
                  time="created", fresh=["400", "'fresh'", "'fresh@x'", "41", "TRUE"]),
    "orders": dict(key="id", columns=["id", "user_id", "total", "status"], number="total", text="status", flag=None,
                   time="placed", fresh=["400", "3", "77", "'open'"]),
    "items": dict(key="id", columns=["id", "order_id", "sku", "qty"], number="qty", text="sku", flag=None, time=None,
                  fresh=["400", "2", "'fresh'", "9"]),
    "tags": dict(key="user_id", columns=["user_id", "tag", "weight"], number="weight", text="tag", flag=None, time=None,
                 fresh=["400", "'fresh'", "5"]),
}
TENANT = {"users": "tenant_id", "orders": "tenant_id", "items": "org", "tags": "tenant_id"}
ORDER = {"users": ["id"], "orders": ["id"], "items": ["id"], "tags": ["user_id", "tag"]}
# child, column, parent, column
LINKS = [("orders", "user_id", "users", "id"), ("items", "order_id", "orders", "id"), ("tags", "user_id", "users", "id")]


class Style:
    def __init__(self, mapper, dialect):
        self.mapper, self.dialect = mapper, dialect
        tick = dialect == "mysql" or (mapper == "diesel" and dialect == "sqlite")
        self.q = "`" if tick else '"'

    def name(self, *parts):
        return ".".join(f"{self.q}{part}{self.q}" for part in parts)

    def column(self, table, column):
        return self.name(table, column)

    def all(self, table):
        columns = TABLES[table]["columns"]
        if self.mapper == "activerecord":
            return self.name(table) + ".*"
        if self.mapper == "seaorm":
            return ", ".join(self.column(table, column) for column in columns)
        if self.mapper == "django":
            return ", ".join(self.column(table, column) for column in columns)
        return ", ".join(self.column(table, column) for column in columns)

    def where(self, *conditions):
        conditions = [condition for condition in conditions if condition]
        if not conditions:
            return ""
        if self.mapper == "diesel":
            text = f"({conditions[0]})"
            for condition in conditions[1:]:
                text = f"({text} AND ({condition}))"
            return f" WHERE {text}"
        if self.mapper == "django" and len(conditions) > 1:
            return " WHERE (" + " AND ".join(conditions) + ")"
        return " WHERE " + " AND ".join(conditions)

    def either(self, *conditions):
        if self.mapper == "diesel":
            return " OR ".join(f"({condition})" for condition in conditions)
        return "(" + " OR ".join(conditions) + ")"

    def order(self, table, down=False):
        ways = {"activerecord": (" ASC", " DESC"), "django": (" ASC", " DESC"), "seaorm": (" ASC", " DESC"),
                "diesel": (" ASC", " DESC")}[self.mapper]
        return " ORDER BY " + ", ".join(self.column(table, c) + ways[down] for c in ORDER[table])

    def limit(self, number, offset=None):
        if self.mapper == "django":
            return f" LIMIT {number}" + (f" OFFSET {offset}" if offset else "")
        return f" LIMIT {{{number}}}" + (f" OFFSET {{{offset}}}" if offset else "")

    def join(self, kind, table, on):
        words = {"inner": "INNER JOIN", "left": "LEFT OUTER JOIN" if self.mapper in ("django", "activerecord", "diesel")
                 else "LEFT JOIN"}[kind]
        on = f"({on})" if self.mapper in ("django", "diesel") else on
        return f" {words} {self.name(table)} ON {on}"

    def returning(self, table):
        columns = TABLES[table]["columns"]
        if self.mapper == "seaorm":
            return " RETURNING " + ", ".join(self.name(c) for c in columns)
        if self.mapper == "activerecord":
            return " RETURNING " + self.name(TABLES[table]["key"])
        if self.dialect == "mysql":
            return " RETURNING " + ", ".join(self.name(c) for c in columns)
        return " RETURNING " + ", ".join(self.column(table, c) for c in columns)


def filters(style, table):
    """Conditions by their structure."""
    info, c = TABLES[table], lambda name: style.column(table, name)
    number, text, key = c(info["number"]), c(info["text"]), c(info["key"])
    like = f"{text} LIKE {{'n%'}}"
    if style.mapper == "django" and style.dialect == "postgres":
        like = f"{text}::text LIKE {{'%n%'}}"
    if style.mapper == "django" and style.dialect == "sqlite":
        like = f"{text} LIKE {{'%n%'}} ESCAPE '\\'"
    if style.mapper == "django" and style.dialect == "mysql":
        like = f"{text} LIKE BINARY {{'%n%'}}" if False else f"{text} LIKE {{'%n%'}}"
    some = "= ANY(ARRAY[1, 2, 3])" if style.mapper == "diesel" and style.dialect == "postgres" else "IN ({1}, {2}, {3})"
    found = [
        f"{key} = {{3}}",
        f"{key} {some}",
        f"{number} > {{2}}",
        f"{number} BETWEEN {{1}} AND {{5}}",
        f"{number} IS NULL",
        f"{number} IS NOT NULL",
        like,
        f"NOT ({text} = {{'n1'}})" if style.mapper != "seaorm" else f"{text} <> {{'n1'}}",
        f"LOWER({text}) = {{'n2'}}",
        style.either(f"{number} < {{3}}", f"{text} = {{'n1'}}"),
        style.either(f"{key} = {{1}}", f"{key} = {{2}}", f"{number} IS NULL"),
        f"COALESCE({number}, 0) >= {{2}}",
        f"{text} = {{'canary-t1'}}",
        f"NOT ({key} {some} AND {number} IS NOT NULL)",
    ]
    if info["flag"]:
        flag = c(info["flag"])
        found.append({"diesel": f"{flag} = {{TRUE}}", "seaorm": f"{flag} = TRUE", "django": flag if style.dialect != "sqlite" else flag,
                      "activerecord": f"{flag} = {{TRUE}}"}[style.mapper])
        found.append({"diesel": f"{flag} <> {{TRUE}}", "seaorm": f"{flag} IS NOT TRUE", "django": f"NOT {flag}",
                      "activerecord": f"{flag} != {{TRUE}}"}[style.mapper])
    if info["time"]:
        found.append(f"{c(info['time'])} >= '2024-02-01 00:00:00'")
        found.append(f"{c(info['time'])} < '2024-03-01 00:00:00'")
    return found


def reads(style, table):
    info, n = TABLES[table], style.name(table)
    c = lambda name: style.column(table, name)
    key, number, text = c(info["key"]), c(info["number"]), c(info["text"])
    conditions = filters(style, table)
    columns = style.all(table)
    for condition in conditions:
        yield f"SELECT {columns} FROM {n}{style.where(condition)}"
    for at, condition in enumerate(conditions):
        other = conditions[(at * 5 + 3) % len(conditions)]
        if other != condition:
            yield f"SELECT {columns} FROM {n}{style.where(condition, other)}{style.order(table, at % 2 == 0)}"
    third = conditions[4]
    yield f"SELECT {columns} FROM {n}{style.where(conditions[2], style.either(conditions[6], third), conditions[5])}"
    yield f"SELECT {columns} FROM {n}{style.order(table)}{style.limit(5)}"
    yield f"SELECT {columns} FROM {n}{style.order(table, True)}{style.limit(1)}"
    yield f"SELECT {columns} FROM {n}{style.where(conditions[2])}{style.order(table)}{style.limit(3, 2)}"
    yield f"SELECT {key}, {text} FROM {n}{style.order(table)}"
    yield f"SELECT DISTINCT {text} FROM {n}{style.where(conditions[5])}"
    yield f"SELECT DISTINCT {number}, {text} FROM {n} ORDER BY {number} DESC, {text} ASC"
    name = {"django": " AS " + style.name("__count"), "seaorm": " AS num_items", "activerecord": "", "diesel": ""}[style.mapper]
    yield f"SELECT COUNT(*){name} FROM {n}"
    yield f"SELECT COUNT(*){name} FROM {n}{style.where(conditions[2], conditions[5])}"
    yield f"SELECT COUNT(DISTINCT {text}) FROM {n}"
    inner = f"SELECT {columns} FROM {n}{style.where(conditions[3])}"
    if style.mapper == "seaorm":
        yield f"SELECT COUNT(*) AS num_items FROM ({inner}) AS {style.name('sub_query')}"
    if style.mapper == "django":
        yield (f"SELECT COUNT(*) FROM (SELECT DISTINCT {text} AS {style.name('col1')} FROM {n}{style.where(conditions[2])}) "
               f"{style.name('subquery')}")
        yield f"SELECT 1 AS {style.name('a')} FROM {n}{style.where(conditions[0])} LIMIT 1"
    if style.mapper == "activerecord":
        yield f"SELECT 1 AS one FROM {n}{style.where(conditions[0])} LIMIT {{1}}"
        yield f"SELECT COUNT(*) FROM (SELECT 1 AS one FROM {n}{style.where(conditions[2])} LIMIT {{3}}) subquery_for_count"
    if style.mapper == "diesel":
        yield f"SELECT EXISTS (SELECT {columns} FROM {n}{style.where(conditions[0])})"
    for function in ("MIN", "MAX", "SUM"):
        yield f"SELECT {function}({number}) FROM {n}{style.where(conditions[11])}"
    yield f"SELECT AVG({number}) AS {style.name('average')} FROM {n}"
    yield f"SELECT COUNT(*) AS count_all, {text} AS {style.name('grouped')} FROM {n} GROUP BY {text}"
    yield f"SELECT {text}, SUM({number}) AS total_of FROM {n}{style.where(conditions[5])} GROUP BY {text} HAVING COUNT(*) > {{1}}"
    yield f"SELECT {text}, {number}, COUNT(*) AS n FROM {n} GROUP BY {text}, {number} ORDER BY {text} ASC, {number} DESC"
    yield f"SELECT {text}, COUNT(*) AS n FROM {n} GROUP BY {text} HAVING SUM({number}) >= {{3}} ORDER BY n DESC, {text} ASC LIMIT 2"
    yield f"SELECT CASE WHEN {number} > {{3}} THEN {text} ELSE {{'low'}} END AS band, {key} FROM {n}"
    yield (f"SELECT {key}, CASE WHEN {number} IS NULL THEN 0 WHEN {number} < {{3}} THEN 1 ELSE 2 END AS rank_of FROM {n} "
           f"ORDER BY CASE WHEN {number} IS NULL THEN 1 ELSE 0 END, {', '.join(c(o) for o in ORDER[table])}")
    top = style.name("m", info["number"])
    top = style.where(f"{number} = (SELECT MAX({top}) FROM {n} {style.name('m')})")
    yield f"SELECT {columns} FROM {n}{top}"
    inner_key, inner_number, inner_name = style.name("U0", info["key"]), style.name("U0", info["number"]), style.name("U0")
    among = style.where(f"{key} IN (SELECT {inner_key} FROM {n} {inner_name} WHERE {inner_number} > {{2}})")
    yield f"SELECT {columns} FROM {n}{among}{style.order(table)}"
    order = ORDER[table]
    if len(order) == 1:
        yield f"SELECT {columns} FROM {n}{style.where(f'{key} > {{3}}')}{style.order(table)}{style.limit(4)}"
    else:
        after = style.where("(" + c(order[0]) + ", " + c(order[1]) + ") > ({2}, {'n1'})")
        yield f"SELECT {columns} FROM {n}{after}{style.order(table)}{style.limit(4)}"
    yield (f"SELECT {columns} FROM {n}{style.where(style.either(f'{number} > {{2}}', f'({number} = {{2}} AND {key} > {{1}})'))}"
           f" ORDER BY {number} ASC, {', '.join(c(o) for o in order)}{style.limit(4)}")
    if style.dialect != "sqlite":
        yield f"SELECT {columns} FROM {n}{style.where(conditions[0])} FOR UPDATE"
        yield f"SELECT {columns} FROM {n}{style.where(conditions[1])}{style.order(table)} FOR UPDATE SKIP LOCKED"
    yield f"SELECT {columns} FROM {n}{style.where('1 = 0' if style.mapper != 'django' else '0 = 1')}"
    yield (f"SELECT {key}, ROW_NUMBER() OVER (PARTITION BY {text} ORDER BY {', '.join(c(o) for o in order)}) AS {style.name('row')} FROM {n}"
           f"{style.where(conditions[5])}")
    yield f"SELECT {key} FROM {n}{style.where(conditions[0])} UNION SELECT {key} FROM {n}{style.where(conditions[2])}"


def joined(style):
    for child, column, parent, to in LINKS:
        on = f"{style.column(child, column)} = {style.column(parent, to)}"
        back = f"{style.column(parent, to)} = {style.column(child, column)}"
        p, ch = TABLES[parent], TABLES[child]
        name = style.name
        cf, pf = filters(style, child), filters(style, parent)
        for kind in ("inner", "left"):
            yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.join(kind, child, on if style.mapper != 'django' else back)}"
            yield f"SELECT {style.all(child)} FROM {name(child)}{style.join(kind, parent, on)}{style.where(pf[2])}{style.order(child)}"
            yield (f"SELECT {style.all(parent)}, {style.all(child)} FROM {name(parent)}{style.join(kind, child, back)}"
                   f"{style.where(cf[2], pf[5])}")
            yield f"SELECT DISTINCT {style.all(parent)} FROM {name(parent)}{style.join(kind, child, back)}{style.where(cf[5])}"
            yield (f"SELECT {style.column(parent, to)}, COUNT({style.column(child, column)}) AS n FROM {name(parent)}"
                   f"{style.join(kind, child, back)} GROUP BY {style.column(parent, to)} ORDER BY {style.column(parent, to)}")
            yield (f"SELECT {style.column(parent, p['text'])}, SUM({style.column(child, ch['number'])}) AS s FROM {name(parent)}"
                   f"{style.join(kind, child, back)}{style.where(pf[5])} GROUP BY {style.column(parent, p['text'])} HAVING COUNT(*) > {{1}}")
            yield f"SELECT COUNT(*) FROM {name(parent)}{style.join(kind, child, back)}{style.where(style.either(cf[2], pf[2]))}"
            for condition in (cf[4], cf[6], cf[9], pf[10], cf[13]):
                yield f"SELECT {style.column(parent, to)} FROM {name(parent)}{style.join(kind, child, back)}{style.where(condition)}"
        yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.join('left', child, back)}{style.where(f'{style.column(child, column)} IS NULL')}"
        u0 = lambda c: style.name("U0", c)
        sub = f"SELECT {u0(column)} FROM {name(child)} {name('U0')}"
        cn, pk = u0(ch["number"]), style.column(parent, to)
        yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.where(f'{pk} IN ({sub} WHERE {cn} > {{2}})')}"
        yield (f"SELECT {style.all(parent)} FROM {name(parent)}"
               f"{style.where(f'{pk} NOT IN ({sub} WHERE {u0(column)} IS NOT NULL)')}")
        one = "SELECT 1 AS " + name("a") if style.mapper == "django" else "SELECT 1"
        exists = f"EXISTS ({one} FROM {name(child)} {name('U0')} WHERE {u0(column)} = {style.column(parent, to)}"
        yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.where(exists + ')')}"
        yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.where(f'NOT {exists} AND {cn} >= {{3}})')}"
        yield f"SELECT {style.all(parent)} FROM {name(parent)}{style.where(style.either(exists + ')', pf[4]))}"
        count = f"(SELECT COUNT(*) FROM {name(child)} {name('U0')} WHERE {u0(column)} = {style.column(parent, to)})"
        yield f"SELECT {style.column(parent, to)}, {count} AS n FROM {name(parent)}"
        yield f"SELECT {style.all(parent)} FROM {name(parent)} ORDER BY {count} DESC, {', '.join(style.column(parent, o) for o in ORDER[parent])}{style.limit(3)}"
        yield f"SELECT {style.all(child)} FROM {name(child)}{style.where(f'{style.column(child, column)} IN ({{1}}, {{2}}, {{3}}, {{4}})')}"
        # Eager loading: every column under a name of its own.
        called = lambda at, i, c: style.name(f"t{at}_r{i}" if style.mapper == "activerecord" else "AB"[at] + "_" + c)
        aliased = [f"{style.column(t, c)} AS {called(at, i, c)}"
                   for at, t in enumerate((parent, child)) for i, c in enumerate(TABLES[t]["columns"])]
        yield f"SELECT {', '.join(aliased)} FROM {name(parent)}{style.join('left', child, back)}{style.where(pf[1])}"
        yield f"SELECT {', '.join(aliased)} FROM {name(parent)}{style.join('left', child, back)}{style.order(parent)}, {', '.join(style.column(child, o) for o in ORDER[child])}"
        t2 = lambda c: style.name("T2", c)
        yield (f"SELECT {style.all(child)} FROM {name(child)} INNER JOIN {name(child)} {name('T2')} ON "
               f"({style.column(child, column)} = {t2(column)}){style.where(t2(ch['number']) + ' > {2}')}")
    three = (f"SELECT {style.column('users', 'name')}, {style.column('items', 'sku')} FROM {style.name('users')}"
             f"{style.join('inner', 'orders', style.column('orders', 'user_id') + ' = ' + style.column('users', 'id'))}")
    link = style.column("items", "order_id") + " = " + style.column("orders", "id")
    for kind in ("inner", "left"):
        yield f"{three}{style.join(kind, 'items', link)}"
        yield f"{three}{style.join(kind, 'items', link)}{style.where(filters(style, 'users')[6], filters(style, 'orders')[2])}"
        yield f"{three.replace('INNER JOIN', 'LEFT JOIN')}{style.join(kind, 'items', link)}{style.where(filters(style, 'items')[9])}"
    yield f"SELECT {style.all('users')} FROM {style.name('users')}{style.join('inner', 'plans', style.column('plans', 'id') + ' = ' + style.column('users', 'age'))}"
    yield f"SELECT {style.column('plans', 'name')}, COUNT({style.column('users', 'id')}) AS n FROM {style.name('plans')}{style.join('left', 'users', style.column('plans', 'id') + ' = ' + style.column('users', 'age'))} GROUP BY {style.column('plans', 'name')}"


def writes(style, table):
    info, n, name = TABLES[table], style.name(table), style.name
    columns, fresh = info["columns"], info["fresh"]
    c = (lambda column: style.column(table, column)) if style.mapper != "seaorm" else (lambda column: style.column(table, column))
    number, text = info["number"], info["text"]
    row = lambda shift: "(" + ", ".join("{" + (value if not value.startswith("4") or len(value) != 3 else str(400 + shift)) + "}" if True else value
                                           for value in [v.replace("fresh", f"fresh{shift}") for v in fresh]) + ")"
    head = f"INSERT INTO {n} ({', '.join(name(column) for column in columns)}) VALUES "
    yield head + row(0)
    yield head + ", ".join(row(shift) for shift in range(3))
    yield head + row(1) + style.returning(table)
    yield head + ", ".join(row(shift) for shift in range(2)) + style.returning(table)
    least = [info["key"]] + [o for o in ORDER[table] if o != info["key"]]
    values = ["{401}"] + ["{'least'}" for _ in least[1:]]
    yield f"INSERT INTO {n} ({', '.join(name(column) for column in least)}) VALUES ({', '.join(values)})"
    tenant = TENANT[table]
    taken = ["{2}"] + ["{'n1'}" for _ in least[1:]]
    if style.dialect == "mysql":
        yield head + row(2) + f" ON DUPLICATE KEY UPDATE {name(number)} = VALUES({name(number)})"
        yield (f"INSERT INTO {n} ({', '.join(name(column) for column in least)}, {name(number)}) VALUES ({', '.join(taken)}, {{9}}) "
               f"ON DUPLICATE KEY UPDATE {name(number)} = VALUES({name(number)})")
        yield f"INSERT IGNORE INTO {n} ({', '.join(name(column) for column in least)}) VALUES ({', '.join(taken)})"
    else:
        target = ", ".join(name(column) for column in least)
        for keys in (target, f"{name(tenant)}, {target}"):
            yield head + row(2) + f" ON CONFLICT ({keys}) DO NOTHING"
            yield (f"INSERT INTO {n} ({target}, {name(number)}) VALUES ({', '.join(taken)}, {{9}}) ON CONFLICT ({keys}) "
                   f"DO UPDATE SET {name(number)} = {name('excluded', number)}{style.returning(table)}")
            yield (f"INSERT INTO {n} ({target}, {name(number)}) VALUES ({', '.join(taken)}, {{9}}) ON CONFLICT ({keys}) "
                   f"DO UPDATE SET {name(number)} = COALESCE({name(table, number)}, 0) + {name('excluded', number)} "
                   f"WHERE {name(table, number)} IS NULL OR {name(table, number)} < {{100}}")
        yield head + row(2) + " ON CONFLICT DO NOTHING"
    source = ", ".join([f"{c(info['key'])} + 500"] + [c(o) for o in least[1:]] + [c(number)])
    yield f"INSERT INTO {n} ({', '.join(name(column) for column in least)}, {name(number)}) SELECT {source} FROM {n}{style.where(filters(style, table)[5])}"
    conditions = filters(style, table)
    setting = name(number)
    for at, condition in enumerate(conditions):
        assigned = [f"{setting} = {{8}}", f"{setting} = COALESCE({c(number)}, 0) + {{1}}",
                    f"{setting} = {{8}}, {name(text if table != 'tags' else number)} = " + ("{'changed'}" if table != "tags" else "{8}"),
                    f"{setting} = CASE WHEN {c(number)} > {{3}} THEN {{1}} ELSE {c(number)} END", f"{setting} = NULL"][at % 5]
        if table == "tags" and at % 5 == 2:
            assigned = f"{setting} = {{8}}"
        yield f"UPDATE {n} SET {assigned}{style.where(condition)}"
    yield f"UPDATE {n} SET {setting} = {{1}}"
    if style.dialect != "mysql":
        yield f"UPDATE {n} SET {setting} = {{8}}{style.where(conditions[1])}{style.returning(table)}"
    for child, column, parent, to in LINKS:
        if child == table:
            u, uto, unumber = name("U0"), name("U0", to), name("U0", TABLES[parent]["number"])
            among = style.where(f"{c(column)} IN (SELECT {uto} FROM {name(parent)} {u} WHERE {unumber} > {{2}})")
            orphan = style.where(f"NOT EXISTS (SELECT 1 FROM {name(parent)} {u} WHERE {uto} = {c(column)})")
            yield f"UPDATE {n} SET {setting} = {{0}}{among}"
            yield f"DELETE FROM {n}{among}"
            yield f"DELETE FROM {n}{orphan}"
            yield f"UPDATE {n} SET {setting} = (SELECT MAX({unumber}) FROM {name(parent)} {u} WHERE {uto} = {c(column)})"
    for condition in conditions:
        yield f"DELETE FROM {n}{style.where(condition)}"
    if style.dialect != "mysql" or style.mapper == "seaorm":
        yield f"DELETE FROM {n}{style.where(conditions[0])}{style.returning(table) if style.dialect != 'mysql' else ' RETURNING ' + ', '.join(name(x) for x in columns)}"
    yield f"DELETE FROM {n}"


def finished(sql, dialect):
    """Placeholders for the arguments, and what they are."""
    arguments = []

    def placeholder(match):
        arguments.append(match.group(1))
        return f"${len(arguments)}" if dialect == "postgres" else "?"

    sql = re.sub(r"\{((?:'[^']*'|[^{}'])+)\}", placeholder, sql)
    return sql if not arguments else f"{sql}\n-- arguments: {', '.join(arguments)}"


def main():
    for dialect in ("sqlite", "postgres", "mysql"):
        for mapper in ("seaorm", "diesel", "django", "activerecord"):
            style = Style(mapper, dialect)
            statements = []
            for table in TABLES:
                statements += list(reads(style, table)) + list(writes(style, table))
            statements += list(joined(style))
            statements = list(dict.fromkeys(finished(sql, dialect) for sql in statements))
            with open(f"{dialect}/{mapper}.slt", "w", encoding="utf-8") as file:
                file.write(f"# What {mapper} writes. Made by generate.py.\n")
                for sql in statements:
                    file.write(f"\nstatement ok\n{sql}\n")
            print(dialect, mapper, len(statements))


main()
