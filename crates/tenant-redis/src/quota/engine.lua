-- The counts of one tenant, as the engine in memory keeps them, in microseconds instead of nanoseconds.
--
-- Lua's numbers are doubles, which hold whole numbers exactly up to 2^53. Everything here stays below that, or says so:
-- times in microseconds do until the year 2255; amounts are at most 2^53; products are taken apart (see "divided").
--
-- It counts by "now"; a tenant's counts are a hash, each of whose fields is the state of one limit: {matters until, window and number of the last warning,
-- then what the algorithm needs}.

local MOST = 9007199254740992
local LONGEST = 2678400 -- 31 days, in seconds

local floor = math.floor
local PERMIT -- of the question that is decided

-- States and answers are doubles, one after the other, which takes a third of the time of anything that is read more easily.
local function packed(numbers) return struct.pack('<' .. string.rep('d', #numbers), unpack(numbers)) end

local function unpacked(text)
  local numbers = {struct.unpack('<' .. string.rep('d', #text / 8), text)}
  numbers[#numbers] = nil -- where it stopped reading
  return numbers
end

local function plus(a, b)
  if a > MOST - b then return MOST end
  return a + b
end

local function ceiling(a, b)
  local quotient = floor(a / b)
  if quotient * b < a then quotient = quotient + 1 end
  return quotient
end

-- a * b as a quotient and a remainder of w; exact for a and b up to 2^53 and w below 2^42: digit by digit, of base 1024.
local function divided(a, b, w)
  if a * b < MOST then
    local product = a * b
    return floor(product / w), product % w
  end
  local digits, count = {}, 0
  while b > 0 do
    count = count + 1
    digits[count] = b % 1024
    b = floor(b / 1024)
  end
  local whole, part = floor(a / w), a % w
  local quotient, remainder = 0, 0
  for i = count, 1, -1 do
    local sum = remainder * 1024 + part * digits[i]
    quotient = quotient * 1024 + whole * digits[i] + floor(sum / w)
    remainder = sum % w
  end
  return quotient, remainder
end

-- Start and end of the window around a moment, in seconds; 0 stands for a calendar month (the algorithm is H. Hinnant's
-- "civil_from_days", with years that begin in March).
local function bounds(window, seconds)
  if window > 0 then
    local start = seconds - seconds % window
    return start, start + window
  end
  local days = floor(seconds / 86400) + 719468
  local era = floor(days / 146097)
  local of_era = days - era * 146097
  local year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * of_year + 2) / 153)
  local before = floor((153 * month + 2) / 5)
  local length
  if month < 11 then
    length = floor((153 * (month + 1) + 2) / 5) - before
  else
    local civil = era * 400 + year + 1
    local leap = civil % 4 == 0 and (civil % 100 ~= 0 or civil % 400 == 0)
    length = leap and 29 or 28
  end
  local start = days - 719468 - (of_year - before)
  return start * 86400, (start + length) * 86400
end

local function micros(window)
  if window > 0 then return window * 1000000 end
  return LONGEST * 1000000
end

-- fixed ------------------------------------------------------------------------------------------------------------

local fixed = {}

function fixed.new(l)
  l.start, l.stop = bounds(l.window, floor(now / 1000000))
  l.used = 0
end

function fixed.load(l, state)
  l.start, l.stop, l.used = state[4], state[5], state[6]
  local seconds = floor(now / 1000000)
  if seconds >= l.stop then
    fixed.new(l)
  elseif seconds + micros(l.window) / 1000000 < l.start then
    l.start, l.stop = bounds(l.window, seconds)
  end
end

function fixed.fits(l) return l.cost <= l.limit - l.used end
function fixed.wait(l) return l.stop * 1000000 - now end
function fixed.charge(l, cost) l.used = plus(l.used, cost) return 0 end
function fixed.resets(l) return l.stop * 1000000 end
function fixed.warns_in(l) return l.start end
function fixed.state(l) return {l.stop * 1000000, 0, 0, l.start, l.stop, l.used} end

function fixed.settle(l, charged, actual, resets)
  if l.stop * 1000000 == resets then l.used = plus(math.max(l.used - charged, 0), actual) end
end

-- sliding ----------------------------------------------------------------------------------------------------------

local sliding = {}

local function end_of(l, moment) return moment - moment % l.step + l.step end

local function add_up(l)
  l.used = 0
  for i = 1, #l.counts do l.used = plus(l.used, l.counts[i]) end
end

function sliding.new(l)
  l.step = ceiling(micros(l.window), l.parts)
  l.stop = end_of(l, now)
  l.counts, l.used = {}, 0
  for i = 1, l.parts + 1 do l.counts[i] = 0 end
end

function sliding.load(l, state)
  local window, parts = micros(l.window), #state - 5
  l.stop, l.counts, l.step = state[4], {}, ceiling(window, parts)
  for i = 5, #state do l.counts[i - 4] = state[i] end
  add_up(l)
  if now >= l.stop then
    local steps = math.min(floor((now - l.stop) / l.step) + 1, parts + 1)
    for i = parts + 1, 1, -1 do l.counts[i] = l.counts[i - steps] or 0 end
    add_up(l)
    l.stop = end_of(l, now)
  elseif l.stop - now > window + l.step then
    l.stop = end_of(l, now)
  end
  if parts ~= l.parts then
    -- Cut anew: what was counted counts as if it had just come.
    local used, newest = l.used, l.stop - l.step
    sliding.new(l)
    l.stop = end_of(l, math.max(now, newest))
    l.counts[1], l.used = used, used
  end
end

function sliding.fits(l) return l.cost <= l.limit - l.used end

function sliding.wait(l)
  local left, leaves = l.used, l.stop
  for i = l.parts + 1, 1, -1 do
    left = left - l.counts[i]
    if l.cost <= l.limit - left then break end
    leaves = leaves + l.step
  end
  return leaves - now
end

function sliding.charge(l, cost)
  l.counts[1] = plus(l.counts[1], cost)
  l.used = plus(l.used, cost)
  return floor(l.stop / l.step)
end

function sliding.resets(l) return l.stop + l.step * l.parts end
function sliding.warns_in(l) return (bounds(l.window, floor((l.stop - 1) / 1000000))) end

function sliding.state(l)
  local state = {l.stop + l.step * l.parts, 0, 0, l.stop}
  for i = 1, l.parts + 1 do state[4 + i] = l.counts[i] end
  return state
end

function sliding.settle(l, charged, actual, resets, mark)
  local age = floor(l.stop / l.step) - mark
  local count = l.counts[age + 1]
  if count then
    l.counts[age + 1] = plus(math.max(count - charged, 0), actual)
    add_up(l)
  end
end

-- token bucket -----------------------------------------------------------------------------------------------------

-- What is missing is whole tokens and a part of one, of which a token has as many as the window has microseconds, and a
-- microsecond pays as many as the limit: neither rounds.
local bucket = {}

function bucket.new(l) l.debt, l.part, l.time, l.taken = 0, 0, now, 0 end

function bucket.load(l, state)
  l.debt, l.part, l.time, l.taken = state[4], state[5], state[6], state[7]
  local window = micros(l.window)
  if now >= l.time then
    -- What has flown in until now flew at the rate that the limit had when it was looked at last.
    local whole, part = divided(state[8], now - l.time, window)
    l.debt, l.part = l.debt - whole, l.part - part
    if l.part < 0 then l.debt, l.part = l.debt - 1, l.part + window end
    if l.debt < 0 then l.debt, l.part = 0, 0 end
    l.time = now
  elseif l.time - now > window then
    l.time = now
  end
  l.used = l.debt + (l.part > 0 and 1 or 0)
end

function bucket.fits(l)
  local room = l.capacity - l.debt
  return l.cost < room or (l.cost == room and l.part == 0)
end

-- When so much of the debt is paid; beyond 2^53 the quotient may be a microsecond short, and is made one longer.
local function paid(l, debt, part)
  if l.limit == 0 then return l.time end
  local product = debt * micros(l.window) + part
  if product < MOST then return l.time + ceiling(product, l.limit) end
  return l.time + math.min(math.ceil(product / l.limit) + 1, LONGEST * 1000000 * 1000)
end

function bucket.wait(l) return math.max(paid(l, l.debt + l.cost - l.capacity, l.part) - now, 0) end

function bucket.charge(l, cost)
  l.debt = plus(l.debt, cost)
  l.used = l.debt + (l.part > 0 and 1 or 0)
  if l.taken >= MOST - cost then l.taken = l.taken - (MOST - cost) else l.taken = l.taken + cost end
  return l.taken
end

function bucket.resets(l) return paid(l, l.debt, l.part) end
function bucket.warns_in(l) return (bounds(l.window, floor(l.time / 1000000))) end

function bucket.state(l)
  local full = paid(l, l.debt, l.part)
  if l.limit == 0 then full = l.time + micros(l.window) end
  return {full, 0, 0, l.debt, l.part, l.time, l.taken, l.limit}
end

-- First taken is first paid: of a charge no more is given back than is left of the debt without what was taken later.
function bucket.settle(l, charged, actual, resets, mark)
  if actual >= charged then
    bucket.charge(l, actual - charged)
    return
  end
  local later = l.taken - mark
  if later < 0 then later = later + MOST end
  local back = charged - actual
  if l.debt < later then return end
  if l.debt - later >= back then
    l.debt = l.debt - back
  else
    l.debt, l.part = later, 0
  end
  l.used = l.debt + (l.part > 0 and 1 or 0)
end

-- concurrency ------------------------------------------------------------------------------------------------------

-- A sorted set: a member "amount:permit" with the moment at which its lease ends, and '' with the negative sum. Both are
-- in one key, so that whatever becomes of the key, the sum is right.
local held = {}

local function reap(key)
  local sum = -(redis.call('ZSCORE', key, '') or 0)
  local dead = redis.call('ZRANGEBYSCORE', key, '(0', now)
  if #dead > 0 then
    for i = 1, #dead do sum = sum - tonumber(string.match(dead[i], '^%d+')) end
    redis.call('ZREMRANGEBYSCORE', key, '(0', now)
    redis.call('ZADD', key, -sum, '')
  end
  return sum
end

function held.new(l) l.used = reap(l.key) end
held.load = held.new
function held.fits(l) return l.cost <= l.limit - l.used end
function held.wait() return 1000000 end

function held.charge(l, cost)
  if cost == 0 then return 0 end
  l.used = plus(l.used, cost)
  redis.call('ZADD', l.key, now + LEASE, string.format('%.0f:%s', cost, PERMIT), -l.used, '')
  redis.call('PEXPIRE', l.key, ceiling(LEASE, 500))
  return 0
end

function held.resets() return now + 1000000 end
function held.warns_in() return (bounds(60, floor(now / 1000000))) end
function held.state() return {now + 60000000, 0, 0} end
function held.settle() end

local algorithms = {f = fixed, s = sliding, b = bucket, c = held}

-- all together -----------------------------------------------------------------------------------------------------

-- The permits of limits of kind c are at the keys that follow that of the counts, the one at "keys".
local function load_all(limits, key, keys)
  local fields = {}
  for i, l in ipairs(limits) do
    fields[i] = l.field
    if l.kind == 'c' and KEYS[keys + 1] then
      keys = keys + 1
      l.key = KEYS[keys]
    end
  end
  local states = redis.call('HMGET', key, unpack(fields))
  for i, l in ipairs(limits) do
    l.does = algorithms[l.kind]
    l.warned_in, l.warned = 0, 0
    if states[i] then
      local state = unpacked(states[i])
      l.warned_in, l.warned = state[2], state[3]
      l.does.load(l, state)
    else
      l.is_new = true
      l.does.new(l)
      l.used = l.used or 0
    end
  end
end

local function save_all(limits, key)
  local pairs_, is_new, longest = {}, false, 0
  for _, l in ipairs(limits) do
    local state = l.does.state(l)
    state[2], state[3] = l.warned_in, l.warned
    pairs_[#pairs_ + 1] = l.field
    pairs_[#pairs_ + 1] = packed(state)
    is_new = is_new or l.is_new
    longest = math.max(longest, state[1] - now, l.kind == 'c' and 0 or micros(l.window))
  end
  redis.call('HSET', key, unpack(pairs_))
  -- A window's length beyond what matters, so that a clock that steps back finds its counts.
  local wanted = math.min(floor(longest / 1000), LONGEST * 1000) + 60000
  if redis.call('PTTL', key) < wanted then redis.call('PEXPIRE', key, wanted * 2) end
  -- Limits that the tenant had once are not kept for as long as it is busy.
  if is_new and redis.call('HLEN', key) > #limits + 32 then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if unpacked(all[i + 1])[1] < now then redis.call('HDEL', key, all[i]) end
    end
  end
end

-- Of the percentages, the highest that is reached and was not told of in this window; 0 for none.
local function warn(l, percentages)
  local count, reached = 0, 0
  for i = 1, #percentages do
    -- Hundredfold amounts are exact up to 2^46; beyond that nobody minds one more or less.
    if l.capacity > 0 and l.used * 100 >= l.capacity * percentages[i] then
      count, reached = count + 1, percentages[i]
    end
  end
  if count == 0 then return 0 end
  local window = l.does.warns_in(l)
  if l.warned_in ~= window then l.warned_in, l.warned = window, 0 end
  if count <= l.warned then return 0 end
  l.warned = count
  return reached
end
