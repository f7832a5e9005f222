-- The way that most decisions take: all limits are fixed windows of whole seconds. It decides as what follows does, which
-- is not even set up: that would take longer than all of this.

local all_fixed = true
for at = 5, #ARGV, 8 do
  if ARGV[at] ~= 'f' or ARGV[at + 4] == '0' then
    all_fixed = false
    break
  end
end

if all_fixed then
  local clock = redis.call('TIME')
  local seconds = tonumber(clock[1])
  local now = seconds * 1000000 + clock[2]
  if ARGV[1] ~= '0' and now > tonumber(ARGV[1]) then return struct.pack('<dd', 2, now) end

  local fields, count = {}, 0
  for at = 6, #ARGV, 8 do
    count = count + 1
    fields[count] = ARGV[at]
  end
  local states = redis.call('HMGET', KEYS[1], unpack(fields))

  local ends, used, starts, warned_in, warned = {}, {}, {}, {}, {}
  local denied_by, longest, costs = 0, nil, 0
  local is_new, has_begun, widest = false, false, 0
  for i = 1, count do
    local at = 8 * i - 3
    local window, cost = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 6])
    local start, stop, sum
    local state = states[i]
    if state then
      -- As in "save_all": matters until, warned in, warned, start, stop, used
      local _
      _, warned_in[i], warned[i], start, stop, sum = struct.unpack('<dddddd', state)
      if seconds >= stop or seconds + window < start then
        if seconds >= stop then sum = 0 end
        start = seconds - seconds % window
        stop, has_begun = start + window, true
      end
    else
      start, sum, warned_in[i], warned[i] = seconds - seconds % window, 0, 0, 0
      stop, is_new, has_begun = start + window, true, true
    end
    starts[i], ends[i], used[i] = start, stop, sum
    if window > widest then widest = window end
    if cost > 0 then
      costs = costs + cost
      if cost > ARGV[at + 2] - sum and ARGV[at + 7] == '1' then
        local wait = math.huge
        if cost <= tonumber(ARGV[at + 3]) then wait = stop * 1000000 - now end
        if longest == nil or wait >= longest then denied_by, longest = i, wait end
      end
    end
  end

  local admitted = denied_by == 0
  local thresholds, tells = ARGV[4], false
  local told = {}
  for i = 1, count do
    local at, sum = 8 * i - 3, used[i]
    if admitted then
      local cost = tonumber(ARGV[at + 6])
      -- 2^53 is the most there is.
      if sum > 9007199254740992 - cost then sum = 9007199254740992 else sum = sum + cost end
      used[i] = sum
    end
    told[i] = 0
    if thresholds ~= '' then
      local capacity, passed = tonumber(ARGV[at + 3]), 0
      -- The percentages ascend: below the first one, as almost always, nothing more is looked at.
      if capacity > 0 then
        for percent in string.gmatch(thresholds, '%d+') do
          if sum * 100 < capacity * percent then break end
          passed, told[i] = passed + 1, tonumber(percent)
        end
      end
      if passed > 0 then
        if warned_in[i] ~= starts[i] then warned_in[i], warned[i] = starts[i], 0 end
        if passed > warned[i] then
          warned[i], tells = passed, true
        else
          told[i] = 0
        end
      end
    end
  end

  if (admitted and costs > 0) or tells then
    local pairs_ = {}
    for i = 1, count do
      pairs_[2 * i - 1] = fields[i]
      pairs_[2 * i] =
        struct.pack('<dddddd', ends[i] * 1000000, warned_in[i], warned[i], starts[i], ends[i], used[i])
    end
    redis.call('HSET', KEYS[1], unpack(pairs_))
    if has_begun then
      local wanted = math.min(widest, 2678400) * 1000 + 60000
      if redis.call('PTTL', KEYS[1]) < wanted then redis.call('PEXPIRE', KEYS[1], wanted * 2) end
      if is_new and redis.call('HLEN', KEYS[1]) > count + 32 then
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
          if struct.unpack('<d', all[i + 1]) < now then redis.call('HDEL', KEYS[1], all[i]) end
        end
      end
    end
  end

  local wait = -1
  if longest and longest < math.huge then wait = longest end
  local status = admitted and 0 or 1
  if count == 1 then
    return struct.pack('<dddddddd', status, now, denied_by, wait, used[1], ends[1] * 1000000, 0, told[1])
  end
  local answer = {status, now, denied_by, wait}
  for i = 1, count do
    answer[4 * i + 1], answer[4 * i + 2] = used[i], ends[i] * 1000000
    answer[4 * i + 3], answer[4 * i + 4] = 0, told[i]
  end
  return struct.pack('<' .. string.rep('d', #answer), unpack(answer))
end
