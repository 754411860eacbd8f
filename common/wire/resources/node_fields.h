#pragma once
#include "common/model/interfaces.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/versions.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A node as one answer shows it; all borrowed.
struct NodeView {
    const model::Node& node;
    const model::InterfaceTable& interfaces;
    std::string_view base;      ///< "http://host:port", for links
    std::string_view conductor; ///< name of the one that looks after it
    bool reserved = false;      ///< an operation is at work on it
    Version version = kMaxVersion;
    bool redacted = false; ///< for who only leases it: nothing of the infrastructure (Ironic's texts)
    bool masked = true;    ///< secrets read "******"; false only for documents that never leave
};

/// A row of the node's table: what it shows, accepts, from which version on. The only place that knows.
struct NodeField {
    std::string_view name;
    int since;                   ///< minor of the microversion that shows and accepts it
    bool create;                 ///< POST takes it
    bool patch;                  ///< PATCH takes it
    std::string_view sortColumn; ///< what sort_key orders by; empty: may not be sorted by
    void (*render)(JsonWriter& out, const NodeView& view);
    /// nullptr: read-only, or (with `create`) the name of an interface.
    void (*assign)(model::Node& node, const nlohmann::json& value, std::string_view field);
};

/// All of them, in the order in which Ironic shows them.
const std::vector<NodeField>& nodeFields();
const NodeField* findNodeField(std::string_view name);

using NodeFieldList = std::vector<const NodeField*>;
NodeFieldList nodeDetail(Version version);
NodeFieldList nodeSummary(Version version);
/// `fields=a,b`. @throws Error InvalidInput (no such field), NotAcceptable (newer than @p version)
NodeFieldList nodeSelection(std::string_view commaSeparated, Version version);
/// Appends the node; links are always among what is shown.
void writeNode(JsonWriter& out, const NodeView& view, const NodeFieldList& fields);

/// The body of POST /v1/nodes. Below 1.11 a new node is available. @throws Error InvalidInput naming the
/// field, NotAcceptable
model::Node nodeFromCreate(const nlohmann::json& body, Version version,
                           const model::InterfaceTable& interfaces);
/// The body of PATCH /v1/nodes/{ident} applied to @p node. All or nothing. @throws Error InvalidInput,
/// NotAcceptable
void patchNode(model::Node& node, const nlohmann::json& patch, Version version,
               const model::InterfaceTable& interfaces);
/// Assigns what @p wanted (as for create) says differently from @p node; driver_info secrets are compared in
/// @p openDriverInfo (plain); properties that are not named stay (a RAM disk may have found them). @return
/// names of the fields that changed
std::vector<std::string> mergeNode(model::Node& node, const nlohmann::json& wanted,
                                   const nlohmann::json& openDriverInfo,
                                   const model::InterfaceTable& interfaces);

} // namespace bm::wire
