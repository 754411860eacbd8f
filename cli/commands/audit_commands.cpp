#include "cli/commands/commands.h"
#include "common/model/clock.h"
#include "common/model/duration.h"
#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::cli {

using nlohmann::json;

namespace {

struct AuditOptions {
    std::string since;
    std::string node;
    std::string actor;
    std::string action;
    std::size_t limit = 1'000;
};

std::string queryOf(const AuditOptions& options)
{
    std::string query = fmt::format("?limit={}", options.limit);
    const auto add = [&query](const char* name, const std::string& value) {
        if (!value.empty())
            query += fmt::format("&{}={}", name, platform::urlEncode(value));
    };
    if (!options.since.empty()) {
        const std::int64_t now = model::toMillis(model::SystemClock{}.now());
        add("since",
            std::to_string((now - model::requireDuration(options.since, "--since").count()) / 1'000));
    }
    add("node", options.node);
    add("actor", options.actor);
    add("action", options.action);
    return query;
}

/// "web-1" for a node, "image web-1" for another kind of target; "-" for none.
std::string targetText(const json& record)
{
    const json& name = record.at("target_name");
    const json& kind = record.at("target_kind");
    if (kind.is_null())
        return "-";
    return plainText(kind) + (name.is_null() ? "" : " " + plainText(name));
}

int list(Shell& shell, const AuditOptions& options)
{
    json records = shell.client().get("/v1/audit" + queryOf(options)).at("audit");
    if (shell.view().table())
        for (json& record : records) {
            record["target"] = targetText(record);
            record["result"] = record.at("outcome");
            if (!record.at("code").is_null())
                record["result"] = plainText(record.at("outcome")) + " " + plainText(record.at("code"));
            else if (!record.at("status").is_null())
                record["result"] = plainText(record.at("outcome")) + " " + plainText(record.at("status"));
        }
    shell.print(records, {{"AT", "at"},
                          {"ACTOR", "actor"},
                          {"ACTION", "action"},
                          {"TARGET", "target"},
                          {"OUTCOME", "result"},
                          {"FROM", "remote_address", true},
                          {"REQUEST", "request_id", true},
                          {"DETAIL", "detail", true}});
    return 0;
}

} // namespace

void addAuditCommands(CLI::App& app, Shell& shell)
{
    CLI::App* audit =
        app.add_subcommand("audit", "List audit entries: user, action, target, time and outcome");
    const auto options = std::make_shared<AuditOptions>();
    audit->add_option("--since", options->since, "age of the oldest entry: 90m, 24h or 7d")
        ->type_name("DURATION");
    audit->add_option("--node", options->node, "only entries about this node: name or uuid");
    audit->add_option("--actor", options->actor, "only entries of this user");
    audit->add_option("--action", options->action,
                      "only actions with this prefix: \"DELETE\", \"operation.deploy\"");
    audit->add_option("--limit", options->limit, "number of entries, newest first")
        ->check(CLI::Range(1, 1'000))
        ->capture_default_str();
    audit->footer("Example:\n  bm audit --since 24h --node rack1-07");
    audit->callback(
        [&shell, options] { shell.action = [&shell, options] { return list(shell, *options); }; });
}

} // namespace bm::cli
