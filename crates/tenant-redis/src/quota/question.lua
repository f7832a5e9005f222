-- Decides one question after the other; each of them over all of its limits at once: all admit, or nothing is charged.
--
-- KEYS: of each question the tenant's counts, then, in order, the permits of each limit of kind c.
-- ARGV: until when this may be done at all (0: for ever); the length of a permit's lease; at which percentages to warn; then
-- one for each question, packed: whether all of its limits are fixed windows of whole seconds, whether it may warn, how many
-- times it is asked, how many limits, how many keys
-- of permits; if not all are, the permit; then each limit: field, limit, capacity, window, parts,
-- whether it denies, cost.
-- Answer, in doubles: 0 decided | 2 too late; now; then for each question {how many times it was admitted | -1: it
-- failed, which limit denies the others, wait (-1: for ever), then for each limit: used, resets, mark, warning}

local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
local now = seconds * 1000000 + clock[2]

-- A request that was on its way while the server stood still is answered by nobody any more: it must not be charged.
if ARGV[1] ~= '0' and now > tonumber(ARGV[1]) then return struct.pack('<dd', 2, now) end

local LEASE = tonumber(ARGV[2])
local all_percentages, percentages = {}, nil
for percent in string.gmatch(ARGV[3], '%d+') do all_percentages[#all_percentages + 1] = tonumber(percent) end

-- A question without its key. Many ask the same, of one tenant or under one plan: each is read once.
local read_already = {}
local function question_of(packed)
  local q = read_already[packed]
  if q then return q end
  q = {}
  local at, is_fixed, warns
  -- The permit is 32 characters.
  is_fixed, warns, q.times, q.count, q.permits, at = struct.unpack('<BBHHH', packed)
  q.is_fixed, q.warns = is_fixed == 1, warns == 1
  if not q.is_fixed then q.permit, at = struct.unpack('<c32', packed, at) end
  q.fields, q.limits, q.capacities, q.windows, q.parts, q.all_deny, q.costs = {}, {}, {}, {}, {}, {}, {}
  for i = 1, q.count do
    q.fields[i], q.limits[i], q.capacities[i], q.windows[i], q.parts[i], q.all_deny[i], q.costs[i], at =
      struct.unpack('<Bc0ddddBd', packed, at)
  end
  q.field, q.limit, q.capacity, q.window = q.fields[1], q.limits[1], q.capacities[1], q.windows[1]
  q.denies, q.cost = q.all_deny[1], q.costs[1]
  read_already[packed] = q
  return q
end

-- By the number of limits.
local ANSWERS = {'<ddddddd', '<ddddddddddd', '<ddddddddddddddd'}
local function answer_of(numbers, count)
  return struct.pack(ANSWERS[count] or '<' .. string.rep('d', 3 + 4 * count), unpack(numbers))
end
