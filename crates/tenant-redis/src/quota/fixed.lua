-- The way that most decisions take: all limits are fixed windows of whole seconds. It decides as the engine does, which is
-- not even set up for it: that would take longer than all of this. What was read is kept for the questions that follow, and
-- written once: nobody else comes in between.

local MOST = 9007199254740992
local kept, keys_kept = {}, {}
-- A state as it is kept.
local START, STOP, USED, WARNED_IN, WARNED, WINDOW, IS_CHANGED, HAS_BEGUN, IS_NEW = 1, 2, 3, 4, 5, 6, 7, 8, 9

local function begun(window)
  local start = seconds - seconds % window
  return {start, start + window, 0, 0, 0, window, false, true, true}
end

local function read(text, window)
  -- As in "save_all": matters until, warned in, warned, start, stop, used
  local _, warned_in, warned, start, stop, used = struct.unpack('<dddddd', text)
  if seconds < stop and seconds + window >= start then
    return {start, stop, used, warned_in, warned, window, false, false, false}
  end
  if seconds >= stop then used = 0 end
  start = seconds - seconds % window
  return {start, start + window, used, warned_in, warned, window, false, true, false}
end

-- The tenant's states, those of a question among them.
local function states_of(key, q)
  local states = kept[key]
  if not states then
    states = {}
    kept[key], keys_kept[#keys_kept + 1] = states, key
  end
  if q.count == 1 then
    local text = redis.call('HGET', key, q.field)
    states[q.field] = text and read(text, q.window) or begun(q.window)
    return states
  end
  local texts = redis.call('HMGET', key, unpack(q.fields))
  for i = 1, q.count do
    local field = q.fields[i]
    if not states[field] then
      states[field] = texts[i] and read(texts[i], q.windows[i]) or begun(q.windows[i])
    end
  end
  return states
end

-- The highest percentage that is reached and was not told of in this window; 0 for none. They ascend: below the first one,
-- as almost always, nothing more is looked at.
local function warning_of(state, used, capacity)
  local first = percentages[1]
  if not first or capacity == 0 or used * 100 < capacity * first then return 0 end
  local passed = 1
  for i = 2, #percentages do
    if used * 100 >= capacity * percentages[i] then passed = i end
  end
  if state[WARNED_IN] ~= state[START] then state[WARNED_IN], state[WARNED] = state[START], 0 end
  if passed <= state[WARNED] then return 0 end
  state[WARNED] = passed
  return percentages[passed]
end

-- How many times a cost fits, of as many as are asked.
local function fitting(times, cost, room)
  if cost * times <= room then return times end
  if cost > room then return 0 end
  return math.floor(room / cost)
end

-- What is used after a cost was charged so many times: 2^53 is the most there is.
local function charged(used, cost, times)
  if used > MOST - cost * times then return MOST end
  return used + cost * times
end

-- One limit, as most questions are about.
local function decide_one(key, q)
  local states = kept[key]
  local state = states and states[q.field] or states_of(key, q)[q.field]
  local used, cost, admitted, by, wait = state[USED], q.cost, q.times, 0, -1
  if cost > 0 then
    if q.denies == 1 then admitted = fitting(admitted, cost, q.limit - used) end
    if admitted < q.times then
      by = 1
      if cost <= q.capacity then wait = state[STOP] * 1000000 - now end
    end
    used = charged(used, cost, admitted)
    state[USED] = used
  end
  local told = warning_of(state, used, q.capacity)
  if (admitted > 0 and cost > 0) or told > 0 then state[IS_CHANGED] = true end
  return struct.pack('<ddddddd', admitted, by, wait, used, state[STOP] * 1000000, 0, told)
end

local function decide_some(key, q)
  local count, states = q.count, kept[key]
  local is_known = states
  for i = 1, count do is_known = is_known and states[q.fields[i]] end
  if not is_known then states = states_of(key, q) end

  local admitted, sum = q.times, 0
  for i = 1, count do
    local cost = q.costs[i]
    sum = sum + cost
    if cost > 0 and q.all_deny[i] == 1 then
      admitted = fitting(admitted, cost, q.limits[i] - states[q.fields[i]][USED])
    end
  end

  local answer, tells = {admitted, 0, -1}, false
  local longest
  for i = 1, count do
    local state, cost = states[q.fields[i]], q.costs[i]
    local used = charged(state[USED], cost, admitted)
    state[USED] = used
    if admitted < q.times and cost > 0 and q.all_deny[i] == 1 and cost > q.limits[i] - used then
      local wait = math.huge
      if cost <= q.capacities[i] then wait = state[STOP] * 1000000 - now end
      if longest == nil or wait >= longest then answer[2], longest = i, wait end
    end
    local told = warning_of(state, used, q.capacities[i])
    tells = tells or told > 0
    local to = 4 * i
    answer[to], answer[to + 1], answer[to + 2], answer[to + 3] = used, state[STOP] * 1000000, 0, told
  end
  if longest and longest < math.huge then answer[3] = longest end
  if (admitted > 0 and sum > 0) or tells then
    for i = 1, count do states[q.fields[i]][IS_CHANGED] = true end
  end
  return answer_of(answer, count)
end

local function save_fixed(key)
  local states = kept[key]
  kept[key] = nil
  if not states then return end
  local pairs_, count, widest, is_new, has_begun = {}, 0, 0, false, false
  for field, state in pairs(states) do
    if state[IS_CHANGED] then
      local stop = state[STOP]
      pairs_[count + 1] = field
      pairs_[count + 2] = struct.pack(
        '<dddddd', stop * 1000000, state[WARNED_IN], state[WARNED], state[START], stop, state[USED])
      count = count + 2
      is_new, has_begun = is_new or state[IS_NEW], has_begun or state[HAS_BEGUN]
      if state[WINDOW] > widest then widest = state[WINDOW] end
    end
  end
  if count == 0 then return end
  redis.call('HSET', key, unpack(pairs_))
  if has_begun then
    local wanted = math.min(widest, 2678400) * 1000 + 60000
    if redis.call('PTTL', key) < wanted then redis.call('PEXPIRE', key, wanted * 2) end
    if is_new and redis.call('HLEN', key) > count / 2 + 32 then
      local all = redis.call('HGETALL', key)
      for i = 1, #all, 2 do
        if struct.unpack('<d', all[i + 1]) < now then redis.call('HDEL', key, all[i]) end
      end
    end
  end
end
