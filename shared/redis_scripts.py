"""What must happen at once in Redis, as server-side scripts.

A script is atomic like MULTI, can decide, and may be sent twice: when the reply is lost and the
client sends it again, XACK answers 0 and nothing is published a second time.
"""

from typing import Final

SETTLE: Final = """
-- End the work on entries of a group: acknowledge each, and publish what came of it.
-- Acknowledging first also lets a consumer go on when Redis is out of memory: after a write, a
-- script may exceed maxmemory, so the article moves on instead of standing still.
-- KEYS: source, target, dead   ARGV: group, then per entry: id, key (0 none, 2 target, 3 dead),
-- number of fields and values, fields and values    Returns the ids that were still pending.
local settled, at = {}, 2
while at <= #ARGV do
  local id, key, size = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if redis.call('XACK', KEYS[1], ARGV[1], id) == 1 then
    settled[#settled + 1] = id
    if key > 0 then redis.call('XADD', KEYS[key], '*', unpack(ARGV, at + 3, at + 2 + size)) end
  end
  at = at + 3 + size
end
return settled
"""

TRIM: Final = """
-- Drop what every group of a stream has acknowledged, and nothing else.
-- KEYS: stream    Returns the number of entries dropped.
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err or #groups == 0 then return 0 end
local ms, seq
for _, flat in ipairs(groups) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  local id, step = group['last-delivered-id'], 1
  if group['pending'] > 0 then
    id, step = redis.call('XPENDING', KEYS[1], group['name'])[2], 0
  end
  local m, s = string.match(id, '(%d+)-(%d+)')
  m, s = tonumber(m), tonumber(s) + step
  if not ms or m < ms or (m == ms and s < seq) then ms, seq = m, s end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f-%.0f', ms, seq))
"""

FORGET: Final = """
-- Remove a group's consumers that are gone: idle for long, or named, and without pending entries.
-- Asking and removing at once matters: XGROUP DELCONSUMER drops what became pending in between.
-- KEYS: stream    ARGV: group, idle milliseconds, name or ''    Returns how many were removed.
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local removed = 0
for _, flat in ipairs(consumers) do
  local consumer = {}
  for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
  local gone = consumer['idle'] >= tonumber(ARGV[2]) or consumer['name'] == ARGV[3]
  if gone and consumer['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    removed = removed + 1
  end
end
return removed
"""

ADVANCE: Final = """
-- Publish what was read of a file, and how far that is, at once: what is done twice, because a
-- reply was lost or a process killed, publishes once.
-- KEYS: stream, file, files    ARGV: life (one file under one name), records read before, now in
-- milliseconds, path, number of fields and values, these, then the articles
-- Returns the id of the last article of the file on the stream, or ''.
local life, at, last = unpack(redis.call('HMGET', KEYS[2], 'life', 'records', 'last_entry'))
if life ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
  at, last = '0', ''
end
if at ~= ARGV[2] then return last end
local size = tonumber(ARGV[5])
redis.call('HSET', KEYS[2], 'life', ARGV[1], unpack(ARGV, 6, 5 + size))
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4])
for i = 6 + size, #ARGV do last = redis.call('XADD', KEYS[1], '*', 'data', ARGV[i]) end
redis.call('HSET', KEYS[2], 'last_entry', last)
return last
"""

LEARN: Final = """
-- Remember what stands in the second half of an article, and say what of it three articles of its
-- source have had. Two articles that share a sign are one. Paragraphs are kept for two rounds: once
-- a round has met its number of them, those that it did not meet are dropped. Writing first what
-- takes no memory lets a consumer go on when Redis is full, as in SETTLE.
-- KEYS: sources, source    ARGV: paragraphs a round, sources, seconds kept, the article's three
-- signs of four bytes, then its paragraphs    Returns those that are learned.
local time = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time - ARGV[3])
local known = redis.call('HMGET', KEYS[2], 'round', 'met', unpack(ARGV, 5))
local round, met = known[1] or '0', tonumber(known[2] or 0)
local learned, new = {}, {}
for i = 5, #ARGV do
  local value = known[i - 2] or ''
  local last, signs = string.sub(value, 1, 1), string.sub(value, 2)
  if last ~= round then met = met + 1 end
  if signs ~= '+' then
    local fresh = true
    for a = 1, #signs, 4 do
      for b = 1, 9, 4 do
        if string.sub(signs, a, a + 3) == string.sub(ARGV[4], b, b + 3) then fresh = false end
      end
    end
    if fresh then signs = #signs == 24 and '+' or signs .. ARGV[4] end
  end
  if signs == '+' then learned[#learned + 1] = ARGV[i] end
  new[#new + 1], new[#new + 2] = ARGV[i], round .. signs
end
redis.call('HSET', KEYS[2], 'round', round, 'met', met, unpack(new))
if met >= tonumber(ARGV[1]) then
  local all, old = redis.call('HGETALL', KEYS[2]), {}
  for i = 1, #all, 2 do
    if #all[i] == 6 and string.sub(all[i + 1], 1, 1) ~= round then old[#old + 1] = all[i] end
  end
  for i = 1, #old, 1000 do
    redis.call('HDEL', KEYS[2], unpack(old, i, math.min(i + 999, #old)))
  end
  redis.call('HSET', KEYS[2], 'round', round == '0' and '1' or '0', 'met', 0)
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], time, KEYS[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) do
  redis.call('DEL', redis.call('ZPOPMIN', KEYS[1])[1])
end
return learned
"""

REPLAY: Final = """
-- Send a dead letter again: it leaves the dead letters in the step that puts it on its stream, so
-- it goes once, and a purge at the same time takes it or leaves it.
-- KEYS: dead, stream    ARGV: letter, stage that parked it, fields and values of the new entry
-- Returns the id of the new entry; nothing when the letter is gone.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return false end
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
"""

PURGE: Final = """
-- Delete dead letters for good.
-- KEYS: dead    ARGV: per letter: id, stage that parked it    Returns how many were there.
local purged = 0
for i = 1, #ARGV, 2 do purged = purged + redis.call('XDEL', KEYS[1], ARGV[i]) end
return purged
"""

PAGE: Final = """
-- Read entries of a stream, so many that they hold a number of bytes: an entry may have 2 KB or
-- 30 MB, and COUNT knows only how many.
-- KEYS: stream    ARGV: XRANGE or XREVRANGE, from, to, bytes, entries    Returns as these do.
local page, size, from = {}, 0, ARGV[2]
repeat
  local entry = redis.call(ARGV[1], KEYS[1], from, ARGV[3], 'COUNT', 1)[1]
  if not entry then break end
  page[#page + 1], from = entry, '(' .. entry[1]
  for _, part in ipairs(entry[2]) do size = size + #part end
until size >= tonumber(ARGV[4]) or #page >= tonumber(ARGV[5])
return page
"""
