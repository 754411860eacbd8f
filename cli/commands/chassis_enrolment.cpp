#include "cli/commands/chassis_enrolment.h"

#include "cli/shell/node_watch.h"
#include "common/model/error.h"
#include "common/platform/urls.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// Every chassis that bmd has, page by page.
std::vector<json> storedChassis(Shell& shell)
{
    std::vector<json> all;
    for (std::string marker; all.empty() || !marker.empty();) {
        const json page = shell.client().get("/v1/chassis/detail" + marker);
        for (const json& chassis : page.at("chassis"))
            all.push_back(chassis);
        if (!page.contains("next") || all.empty())
            break;
        marker = "?marker=" + all.back().at("uuid").get<std::string>();
    }
    return all;
}

bool isSame(const json& wanted, const json& stored)
{
    if (wanted.contains("uuid"))
        return wanted.at("uuid") == stored.at("uuid");
    const json description = wanted.value("description", json());
    if (description.is_string() && description != "")
        return description == stored.at("description");
    return stored.at("description").is_null() && wanted.value("extra", json::object()) == stored.at("extra");
}

json patchTo(const json& wanted, const json& stored)
{
    json patch = json::array();
    for (const auto& [key, value] : wanted.items())
        if (key != "uuid" && (!stored.contains(key) || stored.at(key) != value))
            patch.push_back({{"op", "add"}, {"path", "/" + key}, {"value", value}});
    return patch;
}

/// @param known  chassis that no entry of the inventory has taken yet
std::string enrolOne(Shell& shell, const json& wanted, std::vector<json>& known)
{
    const auto found =
        std::ranges::find_if(known, [&](const json& stored) { return isSame(wanted, stored); });
    const char* done = "created";
    json stored;
    if (found == known.end()) {
        stored = shell.client().send("POST", "/v1/chassis", wanted);
    } else {
        stored = *found;
        known.erase(found);
        const json patch = patchTo(wanted, stored);
        done = patch.empty() ? "unchanged" : "changed";
        if (!patch.empty())
            shell.client().send("PATCH", "/v1/chassis/" + stored.at("uuid").get<std::string>(), patch);
    }
    std::string uuid = stored.at("uuid").get<std::string>();
    std::cerr << "chassis " << uuid << ": " << done << "\n";
    return uuid;
}

void putInto(const std::string& chassis, json nodes, json& all)
{
    for (json& node : nodes) {
        const json given = node.value("chassis_uuid", json());
        if (!given.is_null() && given != chassis)
            throw Error(ErrorCode::InvalidInput,
                        "a node inside chassis " + chassis + " has another chassis_uuid",
                        "leave it out: the place in the file says it");
        node["chassis_uuid"] = chassis;
        all.push_back(std::move(node));
    }
}

} // namespace

EnrolledChassis enrolChassis(Shell& shell, const json& inventory)
{
    EnrolledChassis enrolled{.nodes = inventory.at("nodes")};
    if (inventory.at("chassis").empty())
        return enrolled;
    std::vector<json> known = storedChassis(shell);
    for (json chassis : inventory.at("chassis")) {
        const json nodes = chassis.at("nodes");
        chassis.erase("nodes");
        try {
            putInto(enrolOne(shell, chassis, known), nodes, enrolled.nodes);
        } catch (const Error& error) {
            const json name = chassis.value(chassis.contains("uuid") ? "uuid" : "description", json(""));
            printNodeFailure("chassis " + plainText(name), error.what(),
                             std::string(model::toText(error.code())), error.hint());
            ++enrolled.failed;
        }
    }
    return enrolled;
}

} // namespace bm::cli
