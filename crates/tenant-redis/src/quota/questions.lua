-- All questions, in order. One that fails, over a key that is none of ours for example, is no reason not to decide another.

local decide
local answers, keys = {struct.pack('<dd', 0, now)}, 1
local none = {}
for i = 4, #ARGV do
  local q, key = question_of(ARGV[i]), KEYS[keys]
  percentages = q.warns and all_percentages or none
  local done, answer
  if q.is_fixed then
    done, answer = pcall(q.count == 1 and decide_one or decide_some, key, q)
  else
    -- It reads what was kept until here.
    save_fixed(key)
    decide = decide or engine()
    done, answer = pcall(decide, key, q, keys)
  end
  if not done then answer = struct.pack('<ddd', -1, 0, 0) .. string.rep('\0', 32 * q.count) end
  answers[i - 2] = answer
  keys = keys + 1 + q.permits
end
for i = 1, #keys_kept do save_fixed(keys_kept[i]) end
return table.concat(answers)
