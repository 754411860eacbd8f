#include "conductor/health/stored_values.h"

#include "common/model/image.h"
#include "common/platform/urls.h"
#include "common/text/names.h"
#include "common/text/printable.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_values.h"
#include "conductor/core/size_limits.h"
#include "db/repositories/fleet/schedule_repository.h"
#include "db/repositories/resources/allocation_repository.h"
#include "db/repositories/resources/chassis_repository.h"
#include "db/repositories/resources/inspection_rule_repository.h"
#include "db/repositories/resources/port_group_repository.h"
#include "db/repositories/resources/step_list_repositories.h"
#include "db/repositories/resources/volume_repositories.h"
#include "db/repositories/rollout_repository.h"
#include "db/repositories/webhook_repository.h"

#include <fmt/format.h>

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr std::size_t kMostRows = 100'000; ///< of a table
constexpr std::size_t kMostWebhookName = 64;
constexpr const char* kRename = "give it a name that begins with a letter or a digit";

/// Escaped and short: the text comes from a client.
std::string shownValue(const std::string& value)
{
    constexpr std::size_t kMost = 300;
    return text::printable(std::string_view(value).substr(0, kMost));
}

/// Collects the findings.
class Findings {
public:
    void add(std::string_view kind, const std::string& name, const std::string& what,
             const std::string& remedy)
    {
        found_.push_back(
            {shownValue(fmt::format("{} {}", kind, name)), shownValue(what), shownValue(remedy)});
    }
    void name(std::string_view kind, const std::string& name)
    {
        if (text::isOption(name))
            add(kind, name, "its name begins with -", kRename);
    }
    template <class T> void sizes(std::string_view kind, const std::string& name, const T& row)
    {
        for (const std::string& oversize : oversizes(row))
            add(kind, name, oversize, "shorten it; bmd refuses to let it grow");
    }
    template <class T>
    void rows(db::Transaction& tx, std::string_view kind, const db::ResourceRepository<T>& repository)
    {
        for (const T& row : repository.list(tx, {.limit = kMostRows})) {
            if constexpr (requires { row.name; })
                name(kind, row.name);
            sizes(kind, row.id.uuid, row);
        }
    }
    /// The URLs of the gates in the request of a rollout.
    void gates(std::string_view kind, const std::string& name, const json& request)
    {
        for (const auto& [gate, member] : {std::pair("drain", "url"), std::pair("health", "http")})
            if (platform::hasUserInformation(wire::textMember(request.value(gate, json::object()), member)))
                add(kind, name, fmt::format("{}.{} has user information", gate, member),
                    "let the gate accept bmd's address or certificate instead");
    }
    std::vector<StoredValue> take() { return std::move(found_); }

private:
    std::vector<StoredValue> found_;
};

void examineNodes(Findings& findings, db::Transaction& tx, const drivers::HardwareTypes& hardware)
{
    for (const model::Node& node : db::NodeRepository{}.all(tx)) {
        const std::string& name = node.name.empty() ? node.id.uuid : node.name;
        for (const RefusedValue& refused : refusedValues(hardware, node))
            findings.add("node", name, refused.text(), refused.hint);
        findings.sizes("node", name, node);
    }
    for (const model::Port& port : db::PortRepository{}.all(tx))
        findings.sizes("port", port.mac.text, port);
}

void examineImages(Findings& findings, db::Transaction& tx)
{
    for (const model::Image& image : db::ImageRepository{}.all(tx))
        if (!model::isImageName(image.name))
            findings.add("image", image.name, "its name is not a valid image name", kRename);
    for (const model::ImageTag& tag : db::ImageTagRepository{}.all(tx))
        findings.name("tag", tag.reference);
}

void examineFleet(Findings& findings, db::Transaction& tx)
{
    for (const model::Rollout& rollout : db::RolloutRepository{}.list(tx, std::nullopt, kMostRows, "")) {
        findings.name("rollout", rollout.name);
        if (model::isOpen(rollout.state))
            findings.gates("rollout", rollout.name, wire::valueOf(rollout.request));
    }
    for (const model::Schedule& schedule : db::ScheduleRepository{}.list(tx, kMostRows, "")) {
        findings.name("schedule", schedule.name);
        findings.sizes("schedule", schedule.name, schedule);
        findings.gates("schedule", schedule.name, wire::valueOf(schedule.rollout));
    }
}

} // namespace

std::vector<StoredValue> refusedStoredValues(db::Transaction& tx, const drivers::HardwareTypes& hardware)
{
    Findings findings;
    examineNodes(findings, tx, hardware);
    examineImages(findings, tx);
    examineFleet(findings, tx);
    for (const model::Webhook& webhook : db::WebhookRepository{}.all(tx))
        if (!text::isPlainName(webhook.name, kMostWebhookName))
            findings.add("webhook", webhook.name, "its name is not a valid webhook name", kRename);
    findings.rows(tx, "portgroup", db::portGroupRepository());
    findings.rows(tx, "allocation", db::allocationRepository());
    findings.rows(tx, "runbook", db::runbookRepository());
    findings.rows(tx, "deploy template", db::deployTemplateRepository());
    findings.rows(tx, "chassis", db::chassisRepository());
    findings.rows(tx, "volume connector", db::volumeConnectorRepository());
    findings.rows(tx, "volume target", db::volumeTargetRepository());
    findings.rows(tx, "inspection rule", db::inspectionRuleRepository());
    return findings.take();
}

} // namespace bm::conductor
