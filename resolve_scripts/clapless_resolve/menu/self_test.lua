-- The self test: it says what this Resolve is and can do, also where nothing else of Clapless runs.

local REPORT_BIN = "Clapless self test"

local function version_of(resolve)
  local ok, text = pcall(function() return resolve:GetVersionString() end)
  text = ok and type(text) == "string" and text or ""
  local major, minor = text:match("^(%d+)%.(%d+)")
  return text, tonumber(major) or 0, tonumber(minor) or 0
end

local function is_studio(resolve)
  if has(resolve, "IsStudio") then
    local ok, answer = pcall(function() return resolve:IsStudio() end)
    if ok and answer ~= nil then return answer end
  end
  local ok, name = pcall(function() return resolve:GetProductName() end)
  return ok and tostring(name):lower():find("studio", 1, true) ~= nil
end

local function about_python(studio, newest)
  if newest and studio then
    return "This edition brings its own Python: the entries under Clapless > Python should be "
      .. "listed. If they are not, install Clapless again."
  end
  if newest then
    return "The entries under Clapless > Python are missing because the free edition has run no "
      .. "Python since 21.1. Use the entries directly under Clapless, and keep Clapless running ("
      .. SETTINGS.by_hand .. ")."
  end
  return "If the entries under Clapless > Python are missing, Resolve found no Python: install "
    .. "Python 3.11 from python.org for all users, or set PYTHON3HOME to it, and start Resolve "
    .. "again. The entries directly under Clapless need none."
end

local function about_lua()
  local missing = {}
  if global("io") == nil then missing[#missing + 1] = "files" end
  if not can("execute") then missing[#missing + 1] = "programs" end
  if #missing == 0 then return "Lua may open files and start programs here." end
  return "Lua may not use " .. table.concat(missing, " or ") .. " here; Clapless needs neither."
end

local function about_project(resolve)
  local ok, name = pcall(function()
    return resolve:GetProjectManager():GetCurrentProject():GetName()
  end)
  if ok and name then return "The open project is " .. name .. "." end
  return "No project answers: open one, and close any dialog."
end

-- Where neither console nor window can be had, the report is put where it can be seen: in a bin.
local function write_bin(resolve, lines)
  local pool = resolve:GetProjectManager():GetCurrentProject():GetMediaPool()
  local root, before = pool:GetRootFolder(), pool:GetCurrentFolder()
  for _, one in ipairs(root:GetSubFolderList() or {}) do
    if one:GetName() == REPORT_BIN and has(pool, "DeleteFolders") then pool:DeleteFolders({ one }) end
  end
  local bin = pool:AddSubFolder(root, REPORT_BIN)
  for i, line in ipairs(lines) do pool:AddSubFolder(bin, i .. ". " .. line) end
  pool:SetCurrentFolder(before)
end

local function self_test()
  local resolve = find_resolve()
  local fusion = find_fusion(resolve)
  if resolve == nil then
    say(fusion, "Resolve does not answer its own menu. Start it again.")
    return
  end
  local text, major, minor = version_of(resolve)
  local studio = is_studio(resolve)
  local newest = major > 21 or (major == 21 and minor >= 1)
  local lines = {
    "DaVinci Resolve " .. text .. ", " .. (studio and "Studio" or "free edition") .. ".",
    about_python(studio, newest),
    about_lua(),
    about_project(resolve),
  }
  local still = fusion ~= nil and heart()
  local served = still and is_served(still)
  if served then
    local bye, problem = serve(resolve, fusion, still)
    lines[#lines + 1] = bye and bye.sentence or problem
    for _, one in ipairs(bye and bye.details or {}) do lines[#lines + 1] = one end
  else
    lines[#lines + 1] = "Clapless is not running. Start it (" .. SETTINGS.by_hand .. ")."
  end
  local seen = say(fusion, table.concat(lines, "\n"))
  local muted = newest and not studio
  if muted and not seen then
    local ok, problem = pcall(write_bin, resolve, lines)
    if not ok then say(fusion, "no report in the Media Pool: " .. tostring(problem)) end
  end
end

self_test()
