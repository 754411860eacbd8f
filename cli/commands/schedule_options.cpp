#include "cli/commands/schedule_options.h"

#include "cli/client/ssh_key.h"
#include "common/model/duration.h"
#include "common/model/error.h"
#include "common/platform/files.h"

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// "none" takes a value away, and so is null in a merge patch.
bool isNone(const std::string& text)
{
    return text.empty() || text == "none";
}

void put(json& body, const char* key, const std::optional<std::string>& text)
{
    if (text)
        body[key] = isNone(*text) ? json() : json(*text);
}

void put(json& body, const char* key, const std::vector<std::string>& texts)
{
    if (texts.empty())
        return;
    body[key] = json::array();
    for (const std::string& text : texts)
        if (!isNone(text))
            body[key].push_back(text);
}

/// Refused here already, with the option's name.
void checkDuration(const std::optional<std::string>& text, const char* option)
{
    if (text && !isNone(*text))
        model::requireDuration(*text, option);
}

json fileObject(const std::string& file)
{
    json object = json::parse(platform::readFile(file), nullptr, false);
    if (!object.is_object())
        throw Error(ErrorCode::InvalidInput, file + " is not a JSON object",
                    "the body of POST /v1/rollouts; docs/rollouts.md has its members");
    return object;
}

json rolloutBody(const ScheduleOptions& options)
{
    json rollout = options.rolloutFile.empty() ? json::object() : fileObject(options.rolloutFile);
    put(rollout, "image", options.image);
    put(rollout, "nodes", options.nodes);
    const json fleet = options.fleet.body();
    for (const auto& [key, value] : fleet.items())
        rollout[key] = value == "none" ? json() : value;
    for (const std::string& key : options.sshKeys)
        rollout["deploy"]["ssh_keys"].push_back(sshKey(key));
    return rollout;
}

} // namespace

void addScheduleOptions(CLI::App& command, ScheduleOptions& options)
{
    command.add_option("--cron", options.cron,
                       "minute hour day-of-month month day-of-week, or @daily, @weekly ...");
    command.add_option("--at", options.at, "once, at \"2026-12-24 02:30\" in the zone, or with an offset");
    command.add_option("--tz", options.zone, "time zone, such as Europe/Berlin; else UTC");
    command.add_option("--image", options.image, "name, or name:tag, which is looked up when a run starts");
    command.add_option("--node", options.nodes, "a node by its name; several times for several");
    command.add_option("--window", options.window, "no node is begun later than this after the due time: 4h");
    command.add_option("--maintenance", options.maintenance,
                       "when it may fire at all: \"mon-fri 22:00-06:00\"; several times for several");
    command.add_option("--blackout", options.blackout,
                       "dates on which it does not: 2026-12-24 or 2026-12-24..2027-01-02");
    command.add_option("--missed", options.missed, "what was due while bmd was down: skip or once");
    command.add_option("--overlap", options.overlap, "while the run before goes on: skip, queue or replace");
    command.add_option("--ssh-key", options.sshKeys, "public key that may log in: a file or the key itself");
    command.add_option("--rollout-file", options.rolloutFile, "JSON file with members of POST /v1/rollouts");
    command.add_flag("--paused", options.paused, "do not fire until it is resumed");
    addFleetOptions(command, options.fleet);
    for (const char* own : {"--plan", "--name"}) // a run's rollout is called after its schedule
        command.remove_option(command.get_option(own));
}

json scheduleBody(const ScheduleOptions& options, bool whole)
{
    checkDuration(options.window, "--window");
    json body = json::object();
    if (whole)
        body["name"] = options.name;
    else if (!options.rename.empty())
        body["name"] = options.rename;
    put(body, "cron", options.cron);
    put(body, "at", options.at);
    put(body, "zone", options.zone);
    put(body, "window", options.window);
    put(body, "missed", options.missed);
    put(body, "overlap", options.overlap);
    put(body, "maintenance", options.maintenance);
    put(body, "blackout", options.blackout);
    if (options.paused)
        body["paused"] = true;
    const json rollout = rolloutBody(options);
    if (!rollout.empty() || whole)
        body["rollout"] = rollout;
    return body;
}

} // namespace bm::cli
