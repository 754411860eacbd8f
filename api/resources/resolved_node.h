#pragma once
#include "api/access/access.h"
#include "common/model/error.h"

#include <optional>
#include <string>

namespace bm::api {

/// Replaces a node's name by its uuid and checks the actor's right to the node. @throws Error InvalidInput
/// (no such node), Forbidden
template <class T> void resolveNode(const ApiParts& parts, const http::Request& request, T& item)
{
    if constexpr (requires { item.node; }) {
        if (item.node.empty())
            return;
        try {
            const model::Node node = parts.nodes.get(item.node.uuid);
            requireOn(request, node, item.node.uuid);
            item.node = node.id;
        } catch (const model::Error& error) {
            if (error.code() != model::ErrorCode::NotFound)
                throw;
            throw model::Error(model::ErrorCode::InvalidInput, error.message(),
                               "bm node list lists the nodes");
        }
    }
}

/// The node of @p ident, if there is one that the actor sees.
inline std::optional<model::Node> findVisible(const ApiParts& parts, const http::Request& request,
                                              const std::string& ident)
{
    try {
        return visibleNode(parts, request, ident);
    } catch (const model::Error& error) {
        if (error.code() != model::ErrorCode::NotFound)
            throw;
        return std::nullopt;
    }
}

} // namespace bm::api
