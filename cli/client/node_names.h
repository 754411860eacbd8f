#pragma once
#include "cli/client/client.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Whether it is a glob: has *, ? or [.
bool isGlob(const std::string& text);

/// All pages of GET /v1/nodes, each as it comes. @p query as "fields=name,uuid" or "detail=true&...".
/// The first page is short, so that there is something to look at soon.
void eachPageOfNodes(Client& client, const std::string& query,
                     const std::function<void(const nlohmann::json&)>& page);

/// Node names as an operator gave them, with globs made names: "rack1-*" is every node whose name fits, in
/// the order of its numbers; a node without a name never fits. Literal names and uuids stay as they are,
/// unasked. None stands there twice.
/// @throws Error NotFound for a glob that fits none
std::vector<std::string> expandNodes(Client& client, const std::vector<std::string>& given);
/// The same, for a command about one node. @throws Error InvalidInput when a glob fits several
std::string expandNode(Client& client, const std::string& given);

/// Members of the named nodes: @p fields as "name,provision_state". Few are asked for one by one, many in one
/// list; in the order of @p nodes. @throws Error NotFound
std::vector<nlohmann::json> fieldsOf(Client& client, const std::vector<std::string>& nodes,
                                     const std::string& fields);

} // namespace bm::cli
