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
