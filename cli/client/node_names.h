#pragma once
#include "cli/client/client.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// True if @p text is a glob: it contains *, ? or [.
bool isGlob(const std::string& text);

/// Reads all pages of GET /v1/nodes and calls @p page with each. @p query is "fields=name,uuid" or
/// "detail=true&...". The first page is short, so that output begins soon.
void eachPageOfNodes(Client& client, const std::string& query,
                     const std::function<void(const nlohmann::json&)>& page);

/// Expands the globs among the node names that an operator typed: "rack1-*" becomes all matching names in
/// natural order (web-9 before web-10). A node without a name matches no glob. Literal names and uuids pass
/// unchanged, without a request. Duplicates are dropped.
/// @throws Error NotFound for a glob without a match
std::vector<std::string> expandNodes(Client& client, const std::vector<std::string>& given);
/// Expands the argument of a command that takes one node. @throws Error InvalidInput when a glob matches
/// several
std::string expandNode(Client& client, const std::string& given);

/// Reads members of the named nodes: @p fields is "name,provision_state". A few nodes cost one request each;
/// more of them cost one list request. The result is in the order of @p nodes. @throws Error NotFound
std::vector<nlohmann::json> fieldsOf(Client& client, const std::vector<std::string>& nodes,
                                     const std::string& fields);

} // namespace bm::cli
