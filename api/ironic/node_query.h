#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/wire/resources/node_fields.h"
#include "db/repositories/node_repository.h"

#include <functional>

namespace bm::api {

/// The query of GET /v1/nodes.
struct NodeQuery {
    db::NodeFilter filter{};
    wire::NodeFieldList fields{};
    std::size_t limit = 1000;
    /// Conditions that SQL does not express. All must hold.
    std::vector<std::function<bool(const model::Node&)>> also{};
};

/// @param detail  the route shows all fields (/v1/nodes/detail)
/// @throws Error InvalidInput (unknown argument, bad value), NotAcceptable (newer than the version)
NodeQuery nodeQueryOf(const http::Request& request, bool detail, const std::string& conductorName);
/// One page, and whether another page follows.
struct NodePage {
    std::vector<model::Node> nodes;
    bool more = false;
};
NodePage pageOf(db::Transaction& tx, const NodeQuery& query);

} // namespace bm::api
