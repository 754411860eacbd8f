#pragma once
#include "common/model/port.h"
#include "common/wire/json_writer.h"
#include "common/wire/versions.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A row of the port's table; see NodeField.
struct PortField {
    std::string_view name;
    int since;
    bool create;
    bool patch;
    void (*render)(JsonWriter& out, const model::Port& port, std::string_view base);
    void (*assign)(model::Port& port, const nlohmann::json& value,
                   std::string_view field); ///< nullptr: read-only
};

const std::vector<PortField>& portFields();
using PortFieldList = std::vector<const PortField*>;
PortFieldList portDetail(Version version);
PortFieldList portSummary();
/// @throws Error InvalidInput (no such field), NotAcceptable (newer than @p version)
PortFieldList portSelection(std::string_view commaSeparated, Version version);
void writePort(JsonWriter& out, const model::Port& port, std::string_view base, const PortFieldList& fields);

/// The body of POST /v1/ports; with @p nodeGiven false node_uuid may be left out (a port inside a node).
/// @throws Error InvalidInput naming the field, NotAcceptable
model::Port portFromCreate(const nlohmann::json& body, Version version, bool nodeNeeded = true);
void patchPort(model::Port& port, const nlohmann::json& patch, Version version);
/// Assigns what @p wanted (as for create) says differently from @p port. @return names of the fields that
/// changed
std::vector<std::string> mergePort(model::Port& port, const nlohmann::json& wanted);

} // namespace bm::wire
