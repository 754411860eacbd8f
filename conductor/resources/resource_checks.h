// Parts of rules that several kinds of resources have.
#pragma once
#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/wire/json/idents.h"
#include "conductor/core/context.h"
#include "db/repositories/node_repository.h"
#include "db/repositories/resources/resource_repository.h"

#include <optional>
#include <string>
#include <string_view>

namespace bm::conductor {

/// ResourceRules::node of a record of a node.
template <class T> model::NodeId nodeOf(const T& item)
{
    return item.node;
}

/// ResourceRules::node of a record without a node.
template <class T> model::NodeId noNode(const T& /*item*/)
{
    return {};
}

/// @throws Error InvalidInput: the item's node does not exist
template <class T> void requireNode(db::Transaction& tx, const T& item)
{
    if (!db::NodeRepository{}.find(tx, item.node))
        throw model::Error(model::ErrorCode::InvalidInput, "Node " + item.node.uuid + " could not be found.");
}

/// @param noun the kind in the refusal: "runbook". @throws Error Conflict: another item has the name
template <class T>
void requireFreeName(db::Transaction& tx, const db::ResourceRepository<T>& repository, const T& item,
                     const char* noun)
{
    const std::optional<T> other = repository.findBy(tx, "name", item.name);
    if (other && other->id != item.id)
        throw model::Error(model::ErrorCode::Conflict,
                           std::string("A ") + noun + " with name " + item.name + " already exists.");
}

/// Names that Ironic's clients can write in a path. @param noun "allocation". @throws Error InvalidInput
inline void requireName(const std::string& name, std::string_view noun)
{
    if (!name.empty() && (!wire::isLogicalName(name) || model::isUuid(name)))
        throw model::Error(model::ErrorCode::InvalidInput,
                           "Cannot create " + std::string(noun) + " with invalid name '" +
                               name.substr(0, 80) + "'",
                           "up to 255 letters, digits and - . _ ~ ; not in the form of a uuid");
}

/// ResourceRules::refuseRemoval of a kind without dependants.
template <class T> void allowRemoval(db::Transaction&, const Context&, const T&) {}

} // namespace bm::conductor
