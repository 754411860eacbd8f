#include "cli/client/node_names.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <fnmatch.h>
#include <map>
#include <set>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kFirstPage = 100;
constexpr std::size_t kPage = 1000;
constexpr std::size_t kAskedOneByOne = 50;
constexpr int kMostPages = 100'000;

std::vector<std::string> allNames(Client& client)
{
    std::vector<std::string> names;
    eachPageOfNodes(client, "fields=name,uuid", [&](const json& nodes) {
        for (const json& node : nodes)
            if (node.at("name").is_string())
                names.push_back(node.at("name").get<std::string>());
    });
    std::sort(names.begin(), names.end(),
              [](const std::string& a, const std::string& b) { return text::naturalLess(a, b); });
    return names;
}

std::string pathOf(const std::string& node, const std::string& fields)
{
    return "/v1/nodes/" + platform::urlEncode(node) + "?fields=" + fields;
}

} // namespace

bool isGlob(const std::string& text)
{
    return text.find_first_of("*?[") != std::string::npos;
}

void eachPageOfNodes(Client& client, const std::string& query, const std::function<void(const json&)>& page)
{
    std::string marker;
    for (int number = 0; number < kMostPages; ++number) {
        const json answer =
            client.get("/v1/nodes?" + query + "&limit=" + std::to_string(number == 0 ? kFirstPage : kPage) +
                       (marker.empty() ? "" : "&marker=" + marker));
        const json& nodes = answer.at("nodes");
        if (nodes.empty())
            return;
        page(nodes);
        if (!answer.contains("next") || !nodes.back().contains("uuid"))
            return;
        marker = nodes.back().at("uuid").get<std::string>();
    }
}

std::vector<std::string> expandNodes(Client& client, const std::vector<std::string>& given)
{
    std::vector<std::string> names;
    std::set<std::string> seen;
    std::vector<std::string> all;
    const auto addName = [&](const std::string& name) {
        if (seen.insert(name).second)
            names.push_back(name);
    };
    for (const std::string& text : given) {
        if (!isGlob(text)) {
            addName(text);
            continue;
        }
        if (all.empty())
            all = allNames(client);
        bool any = false;
        for (const std::string& name : all)
            if (::fnmatch(text.c_str(), name.c_str(), 0) == 0) {
                addName(name);
                any = true;
            }
        if (!any)
            throw Error(ErrorCode::NotFound, "no node name matches \"" + text + "\"",
                        "bm node list -o name shows all names");
    }
    return names;
}

std::string expandNode(Client& client, const std::string& given)
{
    const std::vector<std::string> names = expandNodes(client, {given});
    if (names.size() > 1)
        throw Error(ErrorCode::InvalidInput,
                    "\"" + given + "\" matches " + std::to_string(names.size()) +
                        " nodes, but this command takes one",
                    "the first match:  " + names.front());
    return names.front();
}

std::vector<json> fieldsOf(Client& client, const std::vector<std::string>& nodes, const std::string& fields)
{
    std::vector<json> found;
    if (nodes.size() <= kAskedOneByOne) {
        for (const std::string& node : nodes)
            found.push_back(client.get(pathOf(node, fields)));
        return found;
    }
    std::map<std::string, json> known;
    eachPageOfNodes(client, "fields=name,uuid," + fields, [&](const json& page) {
        for (const json& node : page) {
            known[node.at("uuid").get<std::string>()] = node;
            if (node.at("name").is_string())
                known[node.at("name").get<std::string>()] = node;
        }
    });
    for (const std::string& node : nodes)
        found.push_back(known.count(node) > 0 ? known.at(node) : client.get(pathOf(node, fields)));
    return found;
}

} // namespace bm::cli
