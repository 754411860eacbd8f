#pragma once
#include "api/access/policy.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace bm::api {

/// A value of a field that every sender of the request may set.
enum class FreeValue : std::uint8_t {
    None,
    True,
    False,
    OwnProject, ///< the project of the actor, who owns the record
};

/// The rule of one field of a resource: the roles that set it and the roles that see it. POST, PATCH and
/// batch use the same row.
struct FieldRow {
    std::string_view collection; ///< "/v1/nodes"
    std::string_view field;      ///< "driver_info"
    std::string_view rule;       ///< Ironic's name, part of the refusal; "": the route's rule suffices
    Access set{};                ///< if `rule` is set
    FreeValue free = FreeValue::None;
    std::string_view seeRule = ""; ///< "": all who see the record
    Access see{};                  ///< if `seeRule` is set
};

/// All rows, after Ironic's default policy (ironic/common/policy.py).
std::span<const FieldRow> fieldRows();
/// The row of a field; nullptr: the route's rule suffices, and all who see the record see the field.
const FieldRow* fieldRowOf(std::string_view collection, std::string_view field);
/// The rule to see a volume target's properties, which give access to the data.
const FieldRow& targetPropertiesRow();

} // namespace bm::api
