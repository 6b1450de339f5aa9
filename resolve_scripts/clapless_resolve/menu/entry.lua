-- An entry of Resolve's menu, in Lua 5.1: makes the calls that Clapless asks for.
-- The agreement stands in clapless_resolve/mailbox.py. Written by `clapless resolve install`.
-- The free edition took io, os.execute, require and debug away in 21.1: nothing here needs them.

local SETTINGS = {} --@SETTINGS@

local BEAT_S = 1 -- how often the app says that it lives
local GONE_S = 30 -- after so long without a beat it is gone
local STARTING_S = 40 -- how long an app that was just started may take
local POLL_S = 0.05
local KNOCK_AGAIN_S = 20 -- a knock is stale after a minute; another entry may be served first
local MOST_BYTES = 131072 -- longest answer
local DEEPEST = 32
local PREFERENCE = "Global.Clapless."

-- What may or may not be there -------------------------------------------------------------------

local function global(name)
  local ok, value = pcall(function() return _G[name] end)
  if ok then return value end
  return nil
end

local function has(object, name)
  local ok, value = pcall(function() return object[name] end)
  return ok and type(value) == "function"
end

local bmd = global("bmd") or {}

local function can(name) return has(global("os") or {}, name) end

local function wait(seconds)
  if has(bmd, "wait") then return bmd.wait(seconds) end
  local from = os.clock()
  while os.clock() - from < seconds do end
end

local function find_resolve()
  local found = global("resolve")
  if found ~= nil then return found end
  if has(_G, "Resolve") then
    local ok, answer = pcall(global("Resolve"))
    if ok and answer ~= nil then return answer end
  end
  if has(bmd, "scriptapp") then return bmd.scriptapp("Resolve") end
  return nil
end

local function find_fusion(resolve)
  for _, name in ipairs({ "fusion", "fu", "app" }) do
    local object = global(name)
    if object ~= nil and has(object, "SetPrefs") then return object end
  end
  if resolve ~= nil and has(resolve, "Fusion") then return resolve:Fusion() end
  return nil
end

-- Speaking to the person -------------------------------------------------------------------------

local function window(fusion, text)
  local ui = fusion.UIManager
  local dispatcher = bmd.UIDispatcher(ui)
  local shown = dispatcher:AddWindow({
    ID = "Clapless", WindowTitle = "Clapless", Geometry = { 300, 300, 560, 220 },
  }, ui:VGroup({
    ui:Label({ ID = "Text", Text = text, WordWrap = true }),
    ui:Button({ ID = "Fine", Text = "OK", Weight = 0 }),
  }))
  shown.On.Fine.Clicked = function() dispatcher:ExitLoop() end
  shown.On.Clapless.Close = function() dispatcher:ExitLoop() end
  shown:Show()
  dispatcher:RunLoop()
  shown:Hide()
end

-- Returns whether the text is in a window; the console has it in any case, where it is not muted.
local function say(fusion, text)
  local out = global("print")
  if out then out("Clapless: " .. text) end
  local ok, ui = pcall(function() return fusion.UIManager end)
  if not ok or ui == nil or not has(bmd, "UIDispatcher") then return false end
  local shown, problem = pcall(window, fusion, text)
  if not shown and out then out("Clapless: no window (" .. tostring(problem) .. ")") end
  return shown
end

-- JSON -------------------------------------------------------------------------------------------

-- How many bytes of a character of UTF-8 begin at i, 0 where none does.
local function character(text, i)
  local first = text:byte(i)
  local length = first < 0x80 and 1 or first >= 0xC2 and first < 0xE0 and 2
    or first >= 0xE0 and first < 0xF0 and 3 or first >= 0xF0 and first < 0xF5 and 4 or 0
  for j = i + 1, i + length - 1 do
    local byte = text:byte(j)
    if not byte or byte < 0x80 or byte > 0xBF then return 0 end
  end
  local second = text:byte(i + 1) or 0
  if (first == 0xE0 and second < 0xA0) or (first == 0xED and second > 0x9F)
    or (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F) then
    return 0
  end
  return length
end

local function quoted(text)
  if text:find("[\128-\255]") then
    local parts, i = {}, 1
    while i <= #text do
      local length = character(text, i)
      parts[#parts + 1] = length > 0 and text:sub(i, i + length - 1) or "?"
      i = i + math.max(length, 1)
    end
    text = table.concat(parts)
  end
  return '"' .. text:gsub('[%c"\\]', function(one)
    return string.format("\\u%04x", one:byte())
  end) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  if value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return string.format("%.0f", value)
  end
  return string.format("%.17g", value)
end

-- Length of a list, nil where a table is none.
local function list_length(value)
  local count = 0
  for key in pairs(value) do
    if key ~= "__flags" then
      if type(key) ~= "number" or key < 1 or key ~= math.floor(key) then return nil end
      count = count + 1
    end
  end
  for i = 1, count do
    if value[i] == nil then return nil end
  end
  return count
end

local function encode(value, handle, depth)
  local kind = type(value)
  if kind == "nil" then return "null" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return number(value) end
  if kind == "string" then return quoted(value) end
  if kind ~= "table" or getmetatable(value) ~= nil then
    return string.format('{"@":%d}', handle(value))
  end
  if depth > DEEPEST then error("a table that holds itself") end
  local parts, length = {}, list_length(value)
  if length then
    for i = 1, length do parts[i] = encode(value[i], handle, depth + 1) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, one in pairs(value) do
    if key ~= "__flags" then
      local name = type(key) == "number" and number(key) or tostring(key)
      parts[#parts + 1] = quoted(name) .. ":" .. encode(one, handle, depth + 1)
    end
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

local function hexadecimal(text)
  return (text:gsub(".", function(one) return string.format("%02x", one:byte()) end))
end

-- Calls ------------------------------------------------------------------------------------------

local function caller(resolve)
  local objects, last = { [0] = resolve }, 0

  local function handle(object)
    last = last + 1
    objects[last] = object
    return last
  end

  local function given(value)
    if type(value) ~= "table" then return value end
    if value["@"] ~= nil then return objects[value["@"]] end
    local made = {}
    for key, one in pairs(value) do made[key] = given(one) end
    return made
  end

  local function make(call, made)
    local object = type(call.on) == "table" and made[call.on.call] or objects[call.on]
    if object == nil then error("there is no object to ask " .. tostring(call["do"])) end
    local with, name = call.with or {}, call["do"]
    if name == "?has" then
      local known = {}
      for i, one in ipairs(with) do known[i] = has(object, one) end
      return known
    end
    if name == "?get" then return object[with[1]] end
    local method = object[name]
    if method == nil then error("this Resolve has no " .. name) end
    return (method(object, unpack(given(with), 1, table.maxn(with))))
  end

  -- Returns the JSON list of results.
  return function(calls)
    local made, parts = {}, {}
    for i, call in ipairs(calls) do
      local ok, value = pcall(make, call, made)
      local text
      if ok then
        made[i] = value
        ok, text = pcall(encode, value, handle, 0)
        value = ok and value or text
      end
      parts[i] = ok and '{"ok":' .. text .. "}" or '{"error":' .. quoted(tostring(value)) .. "}"
    end
    local whole = "[" .. table.concat(parts, ",") .. "]"
    return #whole <= MOST_BYTES and whole or '{"long":true}'
  end
end

-- The mailbox ------------------------------------------------------------------------------------

-- Installed for all users, a place is told by a variable and what follows it.
local function place(said)
  if type(said) ~= "table" then return said end
  local base = os.getenv(said[1]) or ""
  return base:gsub("\\", "/") .. said[2]
end

local function read(name)
  local path = place(SETTINGS.mailbox) .. "/" .. name
  if has(bmd, "fileexists") and not bmd.fileexists(path) then return nil end
  local chunk = loadfile(path)
  if not chunk then return nil end
  if has(_G, "setfenv") then setfenv(chunk, {}) end
  local ok, value = pcall(chunk)
  if ok and type(value) == "table" and value.v == 1 then return value end
  return nil
end

local function write(fusion, preferences)
  for key, value in pairs(preferences) do fusion:SetPrefs(PREFERENCE .. key, value) end
  -- Resolve may be writing the file itself.
  for _ = 1, 5 do
    local ok, answer = pcall(function() return fusion:SavePrefs() end)
    if ok and answer ~= false then return true end
    wait(POLL_S)
  end
  return false
end

local function clock() return has(bmd, "gettime") and bmd.gettime() or os.time() end

-- Returns a function that says for how long the app's heart stood still, in seconds, nil until it
-- was seen to beat.
local function heart()
  local first, beat, seen = read("alive.lua"), nil, nil
  beat = first and first.beat
  return function()
    local now, alive = clock(), read("alive.lua")
    if alive and alive.beat ~= beat then
      beat, seen = alive.beat, now
    end
    return seen and now - seen
  end
end

local function wait_for_beat(still, seconds)
  local from = clock()
  while clock() - from < seconds do
    if still() then return true end
    wait(POLL_S * 4)
  end
  return false
end

local function is_served(still)
  if wait_for_beat(still, 3 * BEAT_S) then return true end
  if not (SETTINGS.start and can("execute")) then return false end
  os.execute(SETTINGS.start)
  return wait_for_beat(still, STARTING_S)
end

local function new_session()
  local id = has(bmd, "createuuid") and tostring(bmd.createuuid()) or tostring({})
  return os.time() .. "-" .. id:gsub("[^%w]", "")
end

local function knock_text(resolve, session)
  local function ask(name)
    local ok, answer = pcall(function() return resolve[name](resolve) end)
    return ok and answer or ""
  end
  return hexadecimal(encode({
    v = 1, session = session, entry = SETTINGS.entry, time = os.time(),
    version = tostring(ask("GetVersionString")), product = tostring(ask("GetProductName")),
  }, tostring, 0))
end

-- Serves until the app says good-bye; returns its last words, nil and a sentence where it went.
local function serve(resolve, fusion, still)
  local session, make, last, knocked = new_session(), caller(resolve), 0, nil
  while true do
    if last == 0 and (not knocked or clock() - knocked > KNOCK_AGAIN_S) then
      if not write(fusion, { ClaplessKnock = knock_text(resolve, session) }) then
        return nil, "Resolve did not save its preferences, over which Clapless speaks with it. "
          .. "Close any dialog, and choose the entry again."
      end
      knocked = clock()
    end
    local post = read("call.lua")
    if post and post.session == session and post.id > last then
      last = post.id
      if post.bye then
        write(fusion, { ClaplessKnock = "", ClaplessAnswer = "" })
        return post.bye
      end
      local answer = session .. ":" .. last .. ":" .. hexadecimal(make(post.calls))
      if not write(fusion, { ClaplessAnswer = answer }) then
        return nil, "Resolve did not save its preferences, over which Clapless speaks with it. "
          .. "Close any dialog, and choose the entry again."
      end
    else
      local silence = still()
      if silence and silence > GONE_S then
        write(fusion, { ClaplessKnock = "", ClaplessAnswer = "" })
        return nil, "Clapless stopped answering. Nothing of yours was changed: choose the entry "
          .. "again."
      end
      wait(POLL_S)
    end
  end
end

local function main()
  local resolve = find_resolve()
  local fusion = find_fusion(resolve)
  if resolve == nil or fusion == nil then
    say(fusion, "Resolve does not answer its own menu. Start it again.")
    return
  end
  local still = heart()
  if not is_served(still) then
    say(fusion, "Clapless is not running. Start it (" .. SETTINGS.by_hand .. ") and choose this "
      .. "entry again.")
    return
  end
  local bye, problem = serve(resolve, fusion, still)
  local words = { bye and bye.sentence or problem }
  for _, one in ipairs(bye and bye.details or {}) do words[#words + 1] = one end
  say(fusion, table.concat(words, "\n"))
end

--@SELF_TEST@
if SETTINGS.entry ~= "selftest" then main() end
