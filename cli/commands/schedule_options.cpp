#include "cli/commands/schedule_options.h"

#include "cli/client/operator_file.h"
#include "cli/client/ssh_key.h"
#include "common/model/duration.h"
#include "common/model/error.h"

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// True if @p text is "none", which removes the setting: a merge patch says null.
bool isNone(const std::string& text)
{
    return text.empty() || text == "none";
}

void assign(json& body, const char* key, const std::optional<std::string>& text)
{
    if (text)
        body[key] = isNone(*text) ? json() : json(*text);
}

void assign(json& body, const char* key, const std::vector<std::string>& texts)
{
    if (texts.empty())
        return;
    body[key] = json::array();
    for (const std::string& text : texts)
        if (!isNone(text))
            body[key].push_back(text);
}

/// Checks the duration before the request, so that the message names the option.
void checkDuration(const std::optional<std::string>& text, const char* option)
{
    if (text && !isNone(*text))
        model::requireDuration(*text, option);
}

json fileObject(const std::string& file)
{
    json object = json::parse(readOperatorFile(file), nullptr, false);
    if (!object.is_object())
        throw Error(ErrorCode::InvalidInput, file + " is not a JSON object",
                    "docs/rollouts.md lists the members of POST /v1/rollouts");
    return object;
}

json rolloutBody(const ScheduleOptions& options)
{
    json rollout = options.rolloutFile.empty() ? json::object() : fileObject(options.rolloutFile);
    assign(rollout, "image", options.image);
    assign(rollout, "nodes", options.nodes);
    const json fleet = options.fleet.body();
    for (const auto& [key, value] : fleet.items())
        rollout[key] = value == "none" ? json() : value;
    for (const std::string& given : options.sshKeys)
        for (const std::string& key : sshKeys(given))
            rollout["deploy"]["ssh_keys"].push_back(key);
    return rollout;
}

} // namespace

void addScheduleOptions(CLI::App& command, ScheduleOptions& options)
{
    command.add_option("--cron", options.cron,
                       "cron expression: minute hour day-of-month month day-of-week, or @daily, @weekly ...");
    command.add_option("--at", options.at,
                       "time of a single run: \"2026-12-24 02:30\" in the zone, or with an offset");
    command.add_option("--tz", options.zone, "time zone, for example Europe/Berlin (default: UTC)");
    command.add_option("--image", options.image,
                       "name or tag of the image; each run resolves the tag at its start");
    command.add_option("--node", options.nodes, "name of a node (may be repeated)");
    command.add_option("--window", options.window,
                       "no deployment starts later than this after the due time: 4h");
    command.add_option("--maintenance", options.maintenance,
                       "runs start only within: \"mon-fri 22:00-06:00\" (may be repeated)");
    command.add_option("--blackout", options.blackout,
                       "no run starts on: 2026-12-24 or 2026-12-24..2027-01-02 (may be repeated)");
    command.add_option("--missed", options.missed, "runs that were due while bmd was down: skip or once");
    command.add_option("--overlap", options.overlap,
                       "when the previous run is still active: skip, queue or replace");
    command.add_option("--ssh-key", options.sshKeys,
                       "public keys for logins: a file, a folder of *.pub, or the key itself");
    command.add_option("--rollout-file", options.rolloutFile, "JSON file with members of POST /v1/rollouts");
    command.add_flag("--paused", options.paused, "create it paused");
    addFleetOptions(command, options.fleet);
    for (const char* own : {"--plan", "--name"}) // the schedule names its rollouts
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
    assign(body, "cron", options.cron);
    assign(body, "at", options.at);
    assign(body, "zone", options.zone);
    assign(body, "window", options.window);
    assign(body, "missed", options.missed);
    assign(body, "overlap", options.overlap);
    assign(body, "maintenance", options.maintenance);
    assign(body, "blackout", options.blackout);
    if (options.paused)
        body["paused"] = true;
    const json rollout = rolloutBody(options);
    if (!rollout.empty() || whole)
        body["rollout"] = rollout;
    return body;
}

} // namespace bm::cli
