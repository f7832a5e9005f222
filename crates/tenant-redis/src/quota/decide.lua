-- Decides over all limits at once: all admit, or nothing is charged.
--
-- KEYS: the tenant's counts; then, in order, the permits of each limit of kind c.
-- ARGV: until when this may be done at all (0: for ever); the permit; the length of its lease; at which percentages to
-- warn; then eight for each limit: its seven, and whether it denies.
-- Answer: {0 admitted | 1 denied | 2 too late, now, which limit denies, wait (-1: for ever), then for each limit: used,
-- resets, mark, warning}

-- A request that was on its way while the server stood still is answered by nobody any more: it must not be charged.
if ARGV[1] ~= '0' and now > tonumber(ARGV[1]) then return packed({2, now}) end

local limits = limits_from(5, 8)
load_all(limits)

local denied_by, longest = 0, nil
local costs_nothing = true
for i, l in ipairs(limits) do
  if l.cost > 0 then
    costs_nothing = false
    if ARGV[l.at] == '1' and not l.does.fits(l) then
      local wait = math.huge
      if l.cost <= l.capacity then wait = l.does.wait(l) end
      if longest == nil or wait >= longest then denied_by, longest = i, wait end
    end
  end
end

local admitted = denied_by == 0
local answer = {admitted and 0 or 1, now, denied_by, (longest and longest < math.huge) and longest or -1}
local warned = false
for _, l in ipairs(limits) do
  local mark = l.does.charge(l, admitted and l.cost or 0)
  local told = warn(l, ARGV[4])
  warned = warned or told > 0
  local at = #answer
  answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4] = l.used, l.does.resets(l), mark, told
end
if (admitted and not costs_nothing) or warned then save_all(limits) end
return packed(answer)
