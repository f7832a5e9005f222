-- One question by the engine.

local function decide(key, q, keys)
  PERMIT = q.permit
  local limits, count = {}, q.count
  for i = 1, count do
    local field = q.fields[i]
    limits[i] = {
      kind = string.sub(field, 1, 1),
      field = field,
      limit = q.limits[i],
      capacity = q.capacities[i],
      window = q.windows[i],
      parts = q.parts[i],
      denies = q.all_deny[i],
      cost = q.costs[i],
    }
  end
  load_all(limits, key, keys)

  local denied_by, longest = 0, nil
  local costs_nothing = true
  for i, l in ipairs(limits) do
    if l.cost > 0 then
      costs_nothing = false
      if l.denies == 1 and not l.does.fits(l) then
        local wait = math.huge
        if l.cost <= l.capacity then wait = l.does.wait(l) end
        if longest == nil or wait >= longest then denied_by, longest = i, wait end
      end
    end
  end

  local admitted = denied_by == 0
  local answer = {admitted and 1 or 0, denied_by, (longest and longest < math.huge) and longest or -1}
  local warned = false
  for _, l in ipairs(limits) do
    local mark = l.does.charge(l, admitted and l.cost or 0)
    local told = warn(l, percentages)
    warned = warned or told > 0
    local to = #answer
    answer[to + 1], answer[to + 2], answer[to + 3], answer[to + 4] = l.used, l.does.resets(l), mark, told
  end
  if (admitted and not costs_nothing) or warned then save_all(limits, key) end
  return answer_of(answer, count)
end

return decide
